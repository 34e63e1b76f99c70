// CloudEvents 1.0 in HTTP, both modes (cloudevents.io: spec.md, bindings/http-protocol-binding.md,
// formats/json-format.md). Pure.
//
// Binary: attributes are headers (ce-id, …), the body is the data. Structured: the body is one JSON object
// that holds both, content type application/cloudevents+json.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "base/http/message.h"
#include "base/result.h"

namespace offtake::targets::http {

namespace web = offtake::http;

enum class EventMode { kBinary, kStructured };

struct CloudEvent {
  std::string id, source, type;
  std::string subject, time, data_schema;  // empty: absent
  std::string data_content_type = "application/json";
  web::Pairs extensions;  // lower-case names
  std::string data;       // its bytes; JSON where data_content_type says so
};

struct EncodedEvent {
  web::Headers headers;  // with Content-Type
  std::string body;
};
// REQUIRES: valid UTF-8 in attributes; in structured mode data is JSON (so is ours always).
EncodedEvent encode(const CloudEvent& event, EventMode mode);

// The event that a message carries, in either mode; nullopt: it carries none. Code BadEvent (row) for one
// that is begun and not right: another version, an attribute missing, a body that is no JSON.
base::Result<std::optional<CloudEvent>> decode(const web::Headers& headers, const std::string& body);

// The HTTP binding's: everything but printable ASCII, and space, '"' and '%', as %XX of UTF-8.
std::string encode_attribute(std::string_view text);
std::string decode_attribute(std::string_view text);  // of quoted values too; what is no escape stays

}  // namespace offtake::targets::http
