// Options and results of the calls of a Kubernetes-shaped API: the same for a real API server, for Offtake's
// own over HTTP and for its store in process.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json/value.h"

namespace offtake::kubernetes {

struct ListOptions {
  std::string namespace_name;  // empty: all namespaces (or a cluster-scoped kind)
  std::string label_selector;  // Kubernetes' syntax
  std::string field_selector;  // metadata.name=x,metadata.namespace=y; Events: involvedObject.*
  int limit = 0;               // 0: all
  std::string continue_token;
};

struct ObjectList {
  std::vector<json::Value> items;
  std::string resource_version;  // where a watch goes on
  std::string continue_token;    // empty: complete
  std::int64_t remaining = 0;
};

enum class WatchEventType { kAdded, kModified, kDeleted, kBookmark };

struct WatchEvent {
  WatchEventType type = WatchEventType::kAdded;
  json::Value object;  // of a deletion: the last state; of a bookmark: only metadata
};

struct WriteOptions {
  std::string field_manager = "offtake";
  bool dry_run = false;
};

struct ApplyOptions {
  std::string field_manager = "offtake";
  bool force = false;  // take over fields that other managers own
  bool dry_run = false;
  bool status = false;  // the /status subresource: only status is looked at
};

enum class PatchType { kMerge, kJson };

struct PatchOptions {
  std::string field_manager = "offtake";
  bool dry_run = false;
  bool status = false;
};

struct DeleteOptions {
  std::string uid;  // preconditions; empty: any
  std::string resource_version;
  bool orphan = false;  // leave dependants alone
  bool dry_run = false;
  std::optional<int> grace_seconds;  // of pods; 0: at once, whatever becomes of it
};

struct Written {
  json::Value object;                 // as it is stored now
  std::vector<std::string> warnings;  // what was accepted and is waited for
  bool created = false;
  bool changed = true;  // false: the same as before, resourceVersion kept
};

struct Deleted {
  // What finalizers hold, with metadata.deletionTimestamp. Of what has gone the last state, or what the API
  // says instead.
  json::Value object;
  bool gone = false;
};

}  // namespace offtake::kubernetes
