// The core v1 kinds that Offtake serves itself: Namespace, Secret, Event.
#pragma once
#include "controlplane/resources/meta.h"

namespace offtake::resources {

struct Namespace {
  ObjectMeta metadata;
  std::string phase;  // status.phase: Active | Terminating
};

struct Secret {
  ObjectMeta metadata;
  std::string type = "Opaque";
  std::map<std::string, std::string> data;         // values are base64, as the API carries them
  std::map<std::string, std::string> string_data;  // write-only: merged into data
  std::optional<bool> immutable;

  // The decoded value of a key; absent when there is none.
  std::optional<std::string> value(std::string_view key) const;
  void set(std::string_view key, std::string_view plain);  // encodes
};

struct ObjectReference {
  std::string api_version;
  std::string kind;
  std::string namespace_name;
  std::string name;
  std::string uid;
  std::string resource_version;
  std::string field_path;
};

struct EventSource {
  std::string component;
  std::string host;
};

struct Event {
  ObjectMeta metadata;
  ObjectReference involved_object;
  std::string reason;
  std::string message;
  std::string type;  // Normal | Warning
  EventSource source;
  std::optional<Instant> first_time;
  std::optional<Instant> last_time;
  std::int64_t count = 1;
};

}  // namespace offtake::resources
