#include <algorithm>
#include <charconv>
#include <limits>

#include "schemas/registry/call.h"
#include "schemas/registry/handlers.h"
#include "schemas/registry/identity.h"

namespace offtake::registry {
namespace {

constexpr std::array<std::string_view, 3> kMediaTypes{kMediaType, "application/vnd.schemaregistry+json",
                                                      "application/json"};

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return out;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// The media type without parameters.
std::string bare(std::string_view type) {
  return lower(trim(type.substr(0, type.find(';'))));
}

// What the client accepts and we have; empty: nothing.
std::string_view negotiate(std::string_view accept) {
  if (trim(accept).empty()) return kMediaType;
  std::array<bool, kMediaTypes.size()> accepted{};
  while (!accept.empty()) {
    const std::size_t comma = std::min(accept.find(','), accept.size());
    const std::string type = bare(accept.substr(0, comma));
    accept.remove_prefix(std::min(comma + 1, accept.size()));
    if (type == "*/*" || type == "application/*") return kMediaType;
    for (std::size_t i = 0; i < kMediaTypes.size(); ++i) accepted[i] = accepted[i] || type == kMediaTypes[i];
  }
  for (std::size_t i = 0; i < kMediaTypes.size(); ++i) {
    if (accepted[i]) return kMediaTypes[i];
  }
  return {};
}

bool is_json_body(std::string_view content_type) {
  const std::string type = bare(content_type);
  return type.empty() || type == "application/octet-stream" ||
         std::find(kMediaTypes.begin(), kMediaTypes.end(), type) != kMediaTypes.end();
}

std::optional<int> positive(std::string_view text) {
  int value = 0;
  const auto end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || value < 1) return std::nullopt;
  return value;
}

base::Error bad_request(std::string message) {
  return base::terminal("RegistryBadRequest", std::move(message));
}

bool is_valid_subject(std::string_view subject) {
  const bool printable = std::none_of(subject.begin(), subject.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) == 0x7F;
  });
  return printable && !subject.empty() && subject != "__GLOBAL" && subject != "__EMPTY" &&
         subject.size() <= 1024;
}

}  // namespace

bool Call::flag(std::string_view name) const {
  return lower(request_.query_value(name)) == "true";
}

std::size_t Call::number(std::string_view name, std::size_t otherwise) const {
  const auto value = positive(request_.query_value(name));
  return value ? static_cast<std::size_t>(*value) : otherwise;
}

base::Result<int> Call::version() const {
  const std::string& text = request_.param("version");
  if (text == "latest" || text == "-1") return kLatest;
  if (const auto value = positive(text)) return *value;
  return errors::invalid_version(text);
}

base::Result<int> Call::id() const {
  // As in a path that is no number: there is no such resource.
  if (const auto value = positive(request_.param("id"))) return *value;
  return base::terminal("RegistrySchemaNotFound", fmt::format("Schema {} not found", request_.param("id")));
}

base::Result<json::Value> Call::body() const {
  auto value = json::parse(request_.body);
  if (!value) return bad_request(fmt::format("The body is not valid: {}", value.error().text()));
  if (!value->is_object()) return bad_request(fmt::format("The body is an object, not {}", value->kind()));
  return value;
}

base::Result<Registration> Call::registration() const {
  auto value = body();
  if (!value) return std::move(value).error();
  Registration out;
  out.subject = subject();
  if (!is_valid_subject(out.subject)) return errors::invalid_subject(out.subject);
  const json::Value& schema = (*value)["schema"];
  if (!schema.is_string() || schema.as_string().empty())
    return errors::invalid_schema("the request has no schema");
  if (schema.as_string().size() > kMaxSchemaBytes) {
    return base::terminal("RegistryTooLarge", fmt::format("The schema has {} bytes, more than {}",
                                                          schema.as_string().size(), kMaxSchemaBytes));
  }
  out.content.text = schema.as_string();
  out.content.type = value->string_or("schemaType", "AVRO");
  if (out.content.type.empty()) out.content.type = "AVRO";
  auto references = parse_references((*value)["references"]);
  if (!references) {
    return errors::invalid_schema("references are a list of objects with name, subject and version");
  }
  out.content.references = std::move(*references);
  const auto kept = [&](std::string_view member) {
    const json::Value& given = (*value)[member];
    return given.is_object() ? json::dump_canonical(given) : std::string();
  };
  out.content.metadata = kept("metadata");
  out.content.rule_set = kept("ruleSet");
  out.normalize = flag("normalize");
  const auto positive_member = [&](std::string_view member) -> std::optional<int> {
    const std::int64_t given = value->int_or(member, -1);
    if (given < 1 || given > std::numeric_limits<int>::max() - 1) return std::nullopt;
    return static_cast<int>(given);
  };
  out.id = positive_member("id");
  out.version = positive_member("version");
  return out;
}

http::Response error_response(int status, int error_code, std::string_view message,
                              std::string_view media_type) {
  json::Value value = json::Value::object();
  value.set("error_code", error_code);
  value.set("message", message);
  return http::Response::of(status, json::dump(value), media_type);
}

http::Response respond(const http::Request& request, Store& store,
                       const std::function<Answer(const Call&)>& handle) {
  const std::string_view media_type = negotiate(request.headers.get("Accept"));
  if (media_type.empty()) return error_response(406, 406, "HTTP 406 Not Acceptable", kMediaType);
  if (!request.body.empty() && !is_json_body(request.headers.get("Content-Type"))) {
    return error_response(415, 415, "HTTP 415 Unsupported Media Type", media_type);
  }
  const Answer answer = handle(Call(request, store));
  if (answer) return http::Response::of(200, *answer, media_type);
  const Numbers numbers = numbers_of(answer.error());
  return error_response(numbers.status, numbers.error_code, answer.error().message, media_type);
}

void add_content(json::Value& to, const Content& content) {
  if (content.type != "AVRO") to.set("schemaType", content.type);
  if (!content.references.empty()) to.set("references", references_json(content.references));
  const auto add = [&](std::string_view member, const std::string& text) {
    if (text.empty()) return;
    if (auto value = json::parse(text)) to.set(member, std::move(*value));
  };
  add("metadata", content.metadata);
  add("ruleSet", content.rule_set);
  to.set("schema", content.text);
}

json::Value registered_json(const Registered& registered) {
  json::Value value = json::Value::object();
  value.set("subject", registered.subject);
  value.set("version", registered.version);
  value.set("id", registered.id);
  add_content(value, registered.content);
  if (registered.deleted) value.set("deleted", true);
  return value;
}

json::Value numbers_json(const std::vector<int>& numbers) {
  json::Value list = json::Value::array();
  for (const int number : numbers) list.push_back(number);
  return list;
}

json::Value names_json(const std::vector<std::string>& names) {
  json::Value list = json::Value::array();
  for (const std::string& name : names) list.push_back(name);
  return list;
}

void add_routes(http::Router& router, Store& store, const std::string& prefix) {
  add_subject_routes(router, store, prefix);
  add_schema_routes(router, store, prefix);
  add_setting_routes(router, store, prefix);
  // Anything else, such as /associations/…, which newer clients ask for first.
  if (!prefix.empty()) {
    router.add("*", prefix + "/{path...}", [](const http::Request&) {
      return error_response(404, 404, "HTTP 404 Not Found", kMediaType);
    });
  }
}

}  // namespace offtake::registry
