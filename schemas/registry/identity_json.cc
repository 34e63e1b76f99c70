#include <limits>

#include "schemas/registry/identity.h"

namespace offtake::registry {

json::Value references_json(const std::vector<Reference>& references) {
  json::Value list = json::Value::array();
  for (const Reference& reference : references) {
    json::Value value = json::Value::object();
    value.set("name", reference.name);
    value.set("subject", reference.subject);
    value.set("version", reference.version);
    list.push_back(std::move(value));
  }
  return list;
}

std::optional<std::vector<Reference>> parse_references(const json::Value& value) {
  std::vector<Reference> references;
  if (value.is_null()) return references;
  if (!value.is_array()) return std::nullopt;
  for (const json::Value& item : value.as_array()) {
    if (!item["name"].is_string() || !item["subject"].is_string() || !item["version"].is_int())
      return std::nullopt;
    const std::int64_t version = item["version"].as_int();
    if (version < -1 || version > std::numeric_limits<int>::max()) return std::nullopt;
    references.push_back({item["name"].as_string(), item["subject"].as_string(), static_cast<int>(version)});
  }
  return references;
}

std::string identity_of(const Content& content) {
  json::Value parts = json::Value::array();
  parts.push_back(content.type);
  parts.push_back(content.text);
  parts.push_back(references_json(content.references));
  parts.push_back(content.metadata);
  parts.push_back(content.rule_set);
  return json::dump(parts);
}

}  // namespace offtake::registry
