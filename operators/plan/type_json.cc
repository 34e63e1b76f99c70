// Types in job files: scalars by PostgreSQL's spelling, nested ones as {"array": …}, {"map": …}, {"record":
// …}.
#include "operators/plan/expression_json.h"
#include "operators/plan/plan_json.h"

namespace offtake::plan {
namespace {

json::Value write_field(const types::Field& field) {
  json::Value out = json::Value::object();
  out.set("name", field.name);
  out.set("type", to_json(field.type));
  out.set("nullable", field.nullable);
  return out;
}

base::Result<types::Field> read_field(const json::Value& value) {
  auto type = type_from_json(value["type"]);
  if (!type) return type.error();
  return types::Field{value.string_or("name"), *std::move(type), value.bool_or("nullable", true)};
}

}  // namespace

json::Value to_json(const types::Type& type) {
  using types::TypeId;
  if (!type.nested) return types::to_string(type);
  json::Value out = json::Value::object();
  if (type.id == TypeId::kRecord) {
    json::Value fields = json::Value::array();
    for (const types::Field& field : type.nested->fields) fields.push_back(write_field(field));
    out.set("record", std::move(fields));
  } else {
    out.set(type.id == TypeId::kArray ? "array" : "map", write_field(type.nested->fields.front()));
  }
  return out;
}

base::Result<types::Type> type_from_json(const json::Value& value) {
  if (value.is_string()) return types::parse_type(value.as_string());
  if (const json::Value* record = value.find("record"); record != nullptr && record->is_array()) {
    std::vector<types::Field> fields;
    for (const json::Value& item : record->as_array()) {
      auto field = read_field(item);
      if (!field) return field.error();
      fields.push_back(*std::move(field));
    }
    return types::Type::record(std::move(fields));
  }
  for (const char* kind : {"array", "map"}) {
    const json::Value* element = value.find(kind);
    if (element == nullptr) continue;
    auto field = read_field(*element);
    if (!field) return field.error();
    return *kind == 'a' ? types::Type::array(field->type, field->nullable)
                        : types::Type::map(field->type, field->nullable);
  }
  return bad_plan("type", "must be a type's name or {array, map or record}");
}

}  // namespace offtake::plan
