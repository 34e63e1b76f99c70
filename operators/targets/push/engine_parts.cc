#include "operators/targets/push/engine_parts.h"

#include "operators/targets/protocol/image.h"
#include "operators/targets/protocol/table_layout.h"

namespace offtake::targets::push {

base::Result<std::string> column_type(const types::Type& type) {
  using types::TypeId;
  switch (type.id) {
    case TypeId::kBoolean:
      return std::string("boolean");
    case TypeId::kInt4:
    case TypeId::kInt8:
    case TypeId::kFloat4:
    case TypeId::kFloat8:
      return std::string("number");
    default:
      break;
  }
  const bool as_it_is = types::is_nested(type.id) || type.id == TypeId::kJsonb;
  return std::string(as_it_is ? "JSON" : "string");
}

std::shared_ptr<const engine::Image> image(const std::vector<types::Field>& columns) {
  std::vector<protocol::ColumnStep> steps;
  for (const auto& column : columns) {
    steps.push_back(column.type.id == types::TypeId::kNumeric ? protocol::fit_numeric : nullptr);
  }
  return protocol::make_image(columns, std::move(steps));
}

std::shared_ptr<const engine::Image> table_image(const TableSpec& table) {
  return image(table.columns);
}

base::Status check_name(const std::string& name) {
  if (!name.empty()) return {};
  return base::terminal("BadName", "a column has no name").with_hint("give it an alias in the SELECT list");
}

base::Status check_table(const TableSpec& table) {
  std::set<std::string> seen;
  for (const auto& column : table.columns) {
    if (seen.insert(column.name).second) continue;
    return base::terminal("NameTaken", fmt::format("two columns are named {}", column.name))
        .with_hint("give one of them an alias");
  }
  const bool once = table.push && table.push->changes == plan::SentChanges::kCreated;
  if (once && table.identity.kind == plan::Identity::Kind::kBag) {
    return base::terminal("KeyRequired",
                          "each row is to be sent once, and the rows of the query have no key: whatever "
                          "changes in one would make it another")
        .with_hint("declare which columns tell them apart: spec.target.key");
  }
  return {};
}

}  // namespace offtake::targets::push
