#include "base/crypto/crypto.h"
#include "base/json/value.h"
#include "operators/targets/http/structured.h"
#include "operators/targets/protocol/raw_json.h"
#include "schemas/types/jsonb.h"

namespace offtake::targets::http {
namespace {

base::Error bad(std::string_view what) {
  return base::row_error("BadEvent", fmt::format("the answer's CloudEvent {}", what));
}

bool is_json(std::string_view content_type) {
  const auto media = content_type.substr(0, content_type.find_first_of("; "));
  return media.empty() || media == "application/json" || media.ends_with("+json");
}

}  // namespace

std::string write_structured(const CloudEvent& event) {
  std::string out = R"({"specversion":"1.0")";
  const auto add = [&out](std::string_view name, std::string_view value) {
    if (value.empty()) return;
    out += ",\"";
    out += name;
    out += "\":";
    types::append_json_string(value, out);
  };
  add("id", event.id);
  add("source", event.source);
  add("type", event.type);
  add("subject", event.subject);
  add("time", event.time);
  add("dataschema", event.data_schema);
  for (const auto& [name, value] : event.extensions) add(name, value);
  add("datacontenttype", event.data_content_type);
  // As it stands: it is JSON, and its numbers keep every digit.
  if (!event.data.empty()) out += ",\"data\":" + event.data;
  return out + "}";
}

base::Status read_structured(const std::string& text, CloudEvent& event, std::string& version) {
  const auto value = json::parse(text);
  if (!value || !value->is_object()) return bad("is no JSON object");
  event.data_content_type.clear();
  const auto texts = [&](const json::Value& of, std::string& to) {
    if (of.is_string()) to = of.as_string();
    return of.is_string();
  };
  for (const auto& [name, member] : value->as_object()) {
    if (member.is_null()) continue;
    bool right = true;
    if (name == "specversion")
      right = texts(member, version);
    else if (name == "id")
      right = texts(member, event.id);
    else if (name == "source")
      right = texts(member, event.source);
    else if (name == "type")
      right = texts(member, event.type);
    else if (name == "subject")
      right = texts(member, event.subject);
    else if (name == "time")
      right = texts(member, event.time);
    else if (name == "dataschema")
      right = texts(member, event.data_schema);
    else if (name == "datacontenttype")
      right = texts(member, event.data_content_type);
    else if (name != "data" && name != "data_base64")
      event.extensions.emplace_back(name, member.is_string() ? member.as_string() : json::dump(member));
    if (!right) return bad(fmt::format("has a {} that is no text", name));
  }
  if (const auto* base64 = value->find("data_base64"); base64 != nullptr && !base64->is_null()) {
    auto bytes = base64->is_string() ? crypto::base64_decode(base64->as_string())
                                     : base::Result<std::string>(bad("has a data_base64 that is no text"));
    if (!bytes) return bad("has a data_base64 that is no base64");
    event.data = *std::move(bytes);
  } else if (const auto* data = value->find("data"); data != nullptr) {
    const bool is_text = data->is_string() && !is_json(event.data_content_type);
    // As it stands, so that its numbers keep every digit; absent where its name is written with escapes.
    const auto raw = protocol::member(text, "data");
    event.data = is_text ? data->as_string() : raw ? std::string(*raw) : json::dump(*data);
  }
  if (event.data_content_type.empty()) event.data_content_type = "application/json";
  return {};
}

}  // namespace offtake::targets::http
