#include "controlplane/sql/fields.h"

#include <algorithm>
#include <set>

namespace offtake::sql {
namespace {

void append_fields(const types::Field& outer, std::vector<types::Field>& out) {
  const auto* fields = fields_of(outer.type);
  if (fields == nullptr) return;
  for (const types::Field& field : *fields) {
    const types::Field& made =
        out.emplace_back(outer.name + "." + field.name, field.type, outer.nullable || field.nullable);
    append_fields(types::Field(made), out);
  }
}

}  // namespace

const std::vector<types::Field>* fields_of(const types::Type& type) {
  return type.id == types::TypeId::kRecord && type.nested ? &type.nested->fields : nullptr;
}

bool opens(const DatasetSchema& schema, const types::Field& column) {
  if (fields_of(column.type) == nullptr) return false;
  return schema.key_in_value ||
         std::find(schema.key.begin(), schema.key.end(), column.name) == schema.key.end();
}

std::vector<types::Field> with_fields(const DatasetSchema& schema) {
  std::vector<types::Field> out = schema.columns;
  for (const types::Field& column : schema.columns) {
    if (opens(schema, column)) append_fields(column, out);
  }
  return out;
}

std::vector<std::string> path_parts(std::string_view path) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t dot = std::min(path.find('.', at), path.size());
    out.emplace_back(path.substr(at, dot - at));
    at = dot + 1;
  }
  return out;
}

const types::Field* find_field(const DatasetSchema& schema, std::string_view path) {
  const std::vector<types::Field>* fields = &schema.columns;
  const types::Field* found = nullptr;
  for (const std::string& part : path_parts(path)) {
    if (found != nullptr) {
      const bool within = fields != &schema.columns || opens(schema, *found);
      fields = within ? fields_of(found->type) : nullptr;
    }
    if (fields == nullptr) return nullptr;
    const auto at = std::find_if(fields->begin(), fields->end(),
                                 [&](const types::Field& field) { return field.name == part; });
    if (at == fields->end()) return nullptr;
    found = &*at;
  }
  return found;
}

bool is_within(std::string_view path, std::string_view outer) {
  return path.starts_with(outer) && (path.size() == outer.size() || path[outer.size()] == '.');
}

std::size_t columns_among(const std::vector<std::string>& paths) {
  std::set<std::string> out;
  for (const std::string& path : paths) out.insert(path.substr(0, path.find('.')));
  return out.size();
}

}  // namespace offtake::sql
