#include "controlplane/resources/schema/field_schema.h"

#include <algorithm>

namespace offtake::resources::schema {
namespace {

// As Duration::parse takes it.
constexpr std::string_view kDurationPattern = "^([1-9][0-9]{0,5}[dhms]){1,4}$";

std::vector<std::string> available(const Field& field) {
  const auto& not_yet = field.unavailable_values;
  std::vector<std::string> out;
  for (const auto& value : field.values) {
    if (std::find(not_yet.begin(), not_yet.end(), value) == not_yet.end()) out.push_back(value);
  }
  return out;
}

std::int64_t longest(const Field& field) {
  if (field.max >= 0 || field.format == nullptr) return field.max;
  return field.format->max;
}

void describe_list(const Field& field, const Nested& item, json::Value& out) {
  out.set("type", "array");
  out.set("items", item(*field.item));
  if (field.min > 0) out.set("minItems", field.min);
  if (field.max >= 0) out.set("maxItems", field.max);
  switch (field.list_type) {
    case ListType::kAtomic:
      out.set("x-kubernetes-list-type", "atomic");
      break;
    case ListType::kSet:
      out.set("x-kubernetes-list-type", "set");
      break;
    case ListType::kMap:
      out.set("x-kubernetes-list-type", "map");
      out.set("x-kubernetes-list-map-keys", texts(field.list_keys));
      break;
  }
}

}  // namespace

json::Value texts(const std::vector<std::string>& list) {
  json::Value out = json::Value::array();
  for (const std::string& text : list) out.push_back(text);
  return out;
}

void describe(const Field& field, const Nested& item, json::Value& out) {
  switch (field.kind) {
    case FieldKind::kString:
      out.set("type", "string");
      if (!field.values.empty()) out.set("enum", texts(available(field)));
      if (field.format != nullptr) out.set("pattern", field.format->regex);
      if (field.format_name == "duration") out.set("pattern", kDurationPattern);
      if (field.format_name == "date-time") out.set("format", "date-time");
      if (field.min > 0) out.set("minLength", field.min);
      if (const std::int64_t max = longest(field); max >= 0) out.set("maxLength", max);
      break;
    case FieldKind::kInteger:
      out.set("type", "integer");
      out.set("format", "int64");
      out.set("minimum", field.min);
      if (field.max >= 0) out.set("maximum", field.max);
      break;
    case FieldKind::kBoolean:
      out.set("type", "boolean");
      break;
    case FieldKind::kQuantity:
      out.set("x-kubernetes-int-or-string", true);
      break;
    case FieldKind::kMap:
      out.set("type", "object");
      out.set("additionalProperties", item(*field.item));
      if (field.max >= 0) out.set("maxProperties", field.max);
      break;
    case FieldKind::kList:
      describe_list(field, item, out);
      break;
    case FieldKind::kObject:
      out.set("type", "object");
      break;
    case FieldKind::kAny:
      out.set("x-kubernetes-preserve-unknown-fields", true);
      break;
  }
}

json::Value object_schema(const ObjectType& type, const Nested& property) {
  json::Value out = json::Object{{"type", "object"}};
  if (!type.doc.empty()) out.set("description", type.doc);
  json::Value properties = json::Value::object();
  json::Value required = json::Value::array();
  for (const Field& field : type.fields) {
    if (field.unavailable) continue;
    properties.set(field.name, property(field));
    if (field.required) required.push_back(field.name);
  }
  if (!required.as_array().empty()) out.set("required", std::move(required));
  if (!properties.as_object().empty()) out.set("properties", std::move(properties));
  return out;
}

}  // namespace offtake::resources::schema
