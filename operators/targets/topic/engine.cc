#include "operators/targets/protocol/image.h"
#include "operators/targets/protocol/table_layout.h"
#include "operators/targets/topic/record_schemas.h"
#include "operators/targets/topic/topic_target.h"

namespace offtake::targets::topic {
namespace {

constexpr std::size_t kMaxName = 200;  // of Kafka's 249, the namespace before it

// Avro's decimals are finite.
base::Result<types::ColumnPtr> fit_decimal(const types::Field& field, const types::ColumnPtr& column,
                                           protocol::Refusals& refused) {
  auto fitted = protocol::fit_numeric(field, column, refused);
  if (!fitted) return fitted;
  const auto values = (*fitted)->values<types::Numeric>();
  protocol::Refusals special;
  for (std::size_t row = 0; row < values.size(); ++row) {
    if ((*fitted)->is_null(row) || values[row].kind <= types::Numeric::Kind::kBig) continue;
    special.push_back(
        {static_cast<std::uint32_t>(row), fmt::format("{} is no decimal", types::to_string(values[row]))});
  }
  if (special.empty()) return fitted;
  const auto before = refused.size();
  refused.insert(refused.end(), special.begin(), special.end());
  std::inplace_merge(refused.begin(), refused.begin() + static_cast<std::ptrdiff_t>(before), refused.end(),
                     [](const auto& a, const auto& b) { return a.row < b.row; });
  return protocol::without_refused(*fitted, special);
}

std::shared_ptr<const engine::Image> image(const std::vector<types::Field>& columns) {
  std::vector<protocol::ColumnStep> steps;
  for (const auto& column : columns) {
    steps.push_back(column.type.id == types::TypeId::kNumeric ? fit_decimal : nullptr);
  }
  return protocol::make_image(columns, std::move(steps));
}

std::shared_ptr<const engine::Image> table_image(const TableSpec& table) {
  return image(table.columns);
}

base::Status check_name(const std::string& name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  };
  if (name.starts_with(protocol::kReservedPrefix)) {
    return base::terminal("NameReserved", fmt::format("the name {} begins with {}, which is reserved", name,
                                                      protocol::kReservedPrefix))
        .with_hint("choose another name, or an alias in the SELECT list");
  }
  if (!name.empty() && name.size() <= kMaxName && std::all_of(name.begin(), name.end(), allowed)) return {};
  return base::terminal("BadName", fmt::format("'{}' is no name for a topic or a field of its records", name))
      .with_hint("use letters, digits and _; give a column an alias in the SELECT list");
}

base::Status check_table(const TableSpec& table) {
  if (table.identity.kind == plan::Identity::Kind::kBag) {
    return base::terminal(
               "KeyRequired",
               "the rows of the query have no key and may change, and a topic without keys could not take "
               "a row back")
        .with_hint(
            "declare which columns tell them apart: spec.target.key; a query that filters and projects one "
            "Event dataset needs none");
  }
  for (const auto& column : table.columns) {
    if (is_avro_name(column.name)) continue;
    return base::terminal("BadName", fmt::format("'{}' is no name of an Avro field", column.name))
        .with_hint("give the column an alias of letters, digits and _ in the SELECT list");
  }
  auto schemas = record_schemas(table);
  if (!schemas) return std::move(schemas).error();
  return {};
}

std::vector<TypeNote> type_notes() {
  return {
      {"boolean", "boolean", "as it is", ""},
      {"integer", "int", "as it is", ""},
      {"bigint", "long", "as it is", ""},
      {"real, double precision", "float, double", "as it is", ""},
      {"numeric(p,s)", "bytes, decimal(p,s)", "exact, rounded to s digits",
       "more than p digits, NaN, infinity"},
      {"numeric", "", "", "always: cast it to numeric(p,s)"},
      {"text", "string", "as it is", ""},
      {"bytea", "bytes", "as it is", ""},
      {"uuid", "string, uuid", "8-4-4-4-12 lower-case digits", ""},
      {"date", "int, date", "days", ""},
      {"time", "long, time-micros", "microseconds", ""},
      {"timestamp", "long, local-timestamp-micros", "microseconds", ""},
      {"timestamptz", "long, timestamp-micros", "microseconds", ""},
      {"interval, jsonb, array, record, map", "", "", "always: cast it to text, or select its parts"},
  };
}

constexpr TargetEngine kEngine = {.name = "topic",
                                  .traits = {.commit = CommitKind::kLog,
                                             .bags = false,
                                             .appends = true,
                                             .checks_keys_live = false,
                                             .keeps_fill = false,
                                             .ledger_entries = 1'000},
                                  .column_type = avro_type,
                                  .image = image,
                                  .check_name = check_name,
                                  .open = open_target,
                                  .table_image = table_image,
                                  .check_table = check_table,
                                  .type_notes = type_notes,
                                  .record_schemas = record_schemas};

}  // namespace

const TargetEngine& engine() {
  return kEngine;
}

}  // namespace offtake::targets::topic
