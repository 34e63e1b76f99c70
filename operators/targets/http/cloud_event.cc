#include "operators/targets/http/cloud_event.h"

#include <algorithm>

#include "operators/targets/http/structured.h"

namespace offtake::targets::http {
namespace {

constexpr std::string_view kStructuredType = "application/cloudevents+json";

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
  return out;
}

base::Error missing(std::string_view what) {
  return base::row_error("BadEvent", fmt::format("the answer's CloudEvent has no {}", what));
}

base::Result<std::optional<CloudEvent>> checked(CloudEvent event, std::string_view version) {
  if (version != "1.0") {
    return base::row_error("BadEvent", "the answer's CloudEvent is of another specversion than 1.0");
  }
  if (event.id.empty()) return missing("id");
  if (event.source.empty()) return missing("source");
  if (event.type.empty()) return missing("type");
  return std::optional<CloudEvent>(std::move(event));
}

}  // namespace

std::string encode_attribute(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > 0x20 && byte < 0x7f && c != '"' && c != '%') {
      out += c;
    } else {
      out += '%';
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
    }
  }
  return out;
}

std::string decode_attribute(std::string_view text) {
  std::string plain;
  if (text.size() >= 2 && text.starts_with('"') && text.ends_with('"')) {
    for (std::size_t i = 1; i + 1 < text.size(); ++i) {
      if (text[i] == '\\' && i + 2 < text.size()) ++i;
      plain += text[i];
    }
    text = plain;
  }
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
    if (low >= 0) {
      out += static_cast<char>(high << 4 | low);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

EncodedEvent encode(const CloudEvent& event, EventMode mode) {
  EncodedEvent out;
  if (mode == EventMode::kStructured) {
    out.headers.add("Content-Type", "application/cloudevents+json; charset=UTF-8");
    out.body = write_structured(event);
    return out;
  }
  const auto add = [&out](const std::string& name, std::string_view value) {
    if (!value.empty()) out.headers.add("ce-" + name, encode_attribute(value));
  };
  add("specversion", "1.0");
  add("id", event.id);
  add("source", event.source);
  add("type", event.type);
  add("subject", event.subject);
  add("time", event.time);
  add("dataschema", event.data_schema);
  for (const auto& [name, value] : event.extensions) add(name, value);
  if (!event.data_content_type.empty()) out.headers.add("Content-Type", event.data_content_type);
  out.body = event.data;
  return out;
}

base::Result<std::optional<CloudEvent>> decode(const web::Headers& headers, const std::string& body) {
  const std::string_view content_type = headers.get("content-type");
  const std::string media = lower(content_type.substr(0, content_type.find_first_of("; ")));
  CloudEvent event;
  std::string version;
  if (media == kStructuredType) {
    if (auto read = read_structured(body, event, version); !read) return std::move(read).error();
    return checked(std::move(event), version);
  }
  if (media.starts_with("application/cloudevents")) {
    return base::row_error("BadEvent", "the answer's CloudEvent is in a format other than JSON, or a batch");
  }
  if (!headers.has("ce-specversion")) return std::optional<CloudEvent>();
  event.data_content_type = content_type;
  event.data = body;
  for (const auto& [header, value] : headers.all()) {
    const std::string name = lower(header);
    if (!name.starts_with("ce-")) continue;
    std::string text = decode_attribute(value);
    if (name == "ce-specversion")
      version = std::move(text);
    else if (name == "ce-id")
      event.id = std::move(text);
    else if (name == "ce-source")
      event.source = std::move(text);
    else if (name == "ce-type")
      event.type = std::move(text);
    else if (name == "ce-subject")
      event.subject = std::move(text);
    else if (name == "ce-time")
      event.time = std::move(text);
    else if (name == "ce-dataschema")
      event.data_schema = std::move(text);
    else
      event.extensions.emplace_back(name.substr(3), std::move(text));
  }
  return checked(std::move(event), version);
}

}  // namespace offtake::targets::http
