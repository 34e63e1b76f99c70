#include "operators/targets/topic/record_schemas.h"

#include "base/json/value.h"
#include "operators/targets/protocol/table_layout.h"

namespace offtake::targets::topic {
namespace {

using types::TypeId;

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

json::Value logical(std::string_view type, std::string_view name) {
  json::Value out = json::Value::object();
  out.set("type", std::string(type));
  out.set("logicalType", std::string(name));
  return out;
}

base::Error refused(const types::Type& type, std::string hint) {
  return base::terminal("TypeNotSupported",
                        fmt::format("a topic's records cannot hold type {}", types::to_string(type)))
      .with_hint(std::move(hint));
}

base::Result<json::Value> schema_of(const types::Type& type) {
  switch (type.id) {
    case TypeId::kBoolean:
      return json::Value("boolean");
    case TypeId::kInt4:
      return json::Value("int");
    case TypeId::kInt8:
      return json::Value("long");
    case TypeId::kFloat4:
      return json::Value("float");
    case TypeId::kFloat8:
      return json::Value("double");
    case TypeId::kText:
      return json::Value("string");
    case TypeId::kBytea:
      return json::Value("bytes");
    case TypeId::kUuid:
      return logical("string", "uuid");
    case TypeId::kDate:
      return logical("int", "date");
    case TypeId::kTime:
      return logical("long", "time-micros");
    case TypeId::kTimestamp:
      return logical("long", "local-timestamp-micros");
    case TypeId::kTimestampTz:
      return logical("long", "timestamp-micros");
    case TypeId::kNumeric: {
      if (type.precision == 0) return refused(type, "cast it to numeric(precision, scale)");
      json::Value out = logical("bytes", "decimal");
      out.set("precision", type.precision);
      out.set("scale", type.scale);
      return out;
    }
    case TypeId::kInterval:
    case TypeId::kJsonb:
    case TypeId::kArray:
    case TypeId::kRecord:
    case TypeId::kMap:
      break;
  }
  return refused(type, "cast it to text, or select its parts");
}

base::Result<std::string> record_of(const std::string& name, const std::vector<types::Field>& columns) {
  json::Value out = json::Value::object();
  out.set("type", "record");
  out.set("name", name);
  json::Array fields;
  for (const auto& column : columns) {
    auto type = schema_of(column.type);
    if (!type) return std::move(type).error().in(fmt::format("column {}", column.name));
    json::Value field = json::Value::object();
    field.set("name", column.name);
    json::Array either;
    either.emplace_back("null");
    either.push_back(*std::move(type));
    field.set("type", json::Value(std::move(either)));
    field.set("default", json::Value(nullptr));
    fields.push_back(std::move(field));
  }
  out.set("fields", json::Value(std::move(fields)));
  return json::dump(out);
}

// As Kafka's own serializers write one value; empty: a record is needed.
std::string simple_key_format(const std::vector<types::Field>& key) {
  if (key.size() != 1 || key[0].nullable) return "";
  switch (key[0].type.id) {
    case TypeId::kText:
      return "String";
    case TypeId::kInt4:
      return "Int32";
    case TypeId::kInt8:
      return "Int64";
    case TypeId::kUuid:
      return "UUID";
    default:
      return "";
  }
}

}  // namespace

bool is_avro_name(std::string_view name) {
  if (name.empty() || !is_letter(name.front())) return false;
  return std::all_of(name.begin(), name.end(), [](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

base::Result<std::string> avro_type(const types::Type& type) {
  auto schema = schema_of(type);
  if (!schema) return std::move(schema).error();
  if (schema->is_string()) return schema->as_string();
  const std::string name = schema->string_or("logicalType");
  if (type.id == TypeId::kNumeric) return fmt::format("{}({},{})", name, type.precision, type.scale);
  return name;
}

base::Result<RecordSchemas> record_schemas(const TableSpec& table) {
  std::string name = is_letter(table.name.empty() ? '0' : table.name[0]) ? "" : "_";
  for (const char c : table.name) name += is_letter(c) || (c >= '0' && c <= '9') ? c : '_';
  RecordSchemas out;
  auto value = record_of(name, table.columns);
  if (!value) return std::move(value).error();
  out.value = *std::move(value);
  if (!protocol::has_key(table.identity)) return out;
  const auto key = protocol::identity_columns(table);
  out.key_format = simple_key_format(key);
  if (!out.key_format.empty()) return out;
  out.key_format = "Avro";
  auto record = record_of(name + "_key", key);
  if (!record) return std::move(record).error();
  out.key = *std::move(record);
  return out;
}

}  // namespace offtake::targets::topic
