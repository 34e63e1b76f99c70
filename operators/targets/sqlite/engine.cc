#include "operators/targets/protocol/image.h"
#include "operators/targets/protocol/table_layout.h"
#include "operators/targets/sqlite/sqlite_target.h"
#include "operators/targets/sqlite/values.h"

namespace offtake::targets::sqlite {
namespace {

constexpr std::size_t kMaxColumns = 1'990;  // SQLite's 2,000 less what is hidden

base::Result<std::string> column_type(const types::Type& type) {
  return std::string(declared_type(type.id));
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

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

base::Status check_name(const std::string& name) {
  const std::string folded = lower(name);
  for (const std::string_view prefix : {std::string_view("sqlite_"), protocol::kReservedPrefix}) {
    if (!folded.starts_with(prefix)) continue;
    return base::terminal("NameReserved",
                          fmt::format("the name {} begins with {}, which is reserved", name, prefix))
        .with_hint("choose another name, or an alias in the SELECT list");
  }
  return {};
}

base::Status check_table(const TableSpec& table) {
  if (auto good = check_name(table.name); !good) return good;
  if (table.columns.size() > kMaxColumns) {
    return base::terminal("TooManyColumns", fmt::format("{} columns; SQLite takes up to {}",
                                                        table.columns.size(), kMaxColumns));
  }
  std::map<std::string, std::string> seen;
  for (const auto& column : table.columns) {
    if (auto good = check_name(column.name); !good) return good;
    const auto [other, is_new] = seen.emplace(lower(column.name), column.name);
    if (is_new) continue;
    return base::terminal("NameTaken",
                          fmt::format("columns {} and {} are one name in SQLite", other->second, column.name))
        .with_hint("give one of them an alias");
  }
  return {};
}

std::vector<TypeNote> type_notes() {
  return {
      {"boolean", "INTEGER", "0 or 1", ""},
      {"integer, bigint", "INTEGER", "the number", ""},
      {"real, double precision", "REAL", "the number; NaN as the text NaN", ""},
      {"numeric(p,s)", "TEXT", "exact decimal text, rounded to s digits", "more than p digits"},
      {"text", "TEXT", "as it is", ""},
      {"bytea", "BLOB", "as it is", ""},
      {"uuid", "TEXT", "8-4-4-4-12 lower-case digits", ""},
      {"date", "TEXT", "2026-11-23; a sign before years outside 0000..9999", ""},
      {"time", "TEXT", "09:02:11.250000", ""},
      {"timestamp", "TEXT", "2026-11-23T09:02:11.250000", ""},
      {"timestamptz", "TEXT", "2026-11-23T09:02:11.250000Z", ""},
      {"interval", "TEXT", "P1M2DT3.500000S", ""},
      {"jsonb, array, record, map", "TEXT", "JSON", ""},
  };
}

constexpr TargetEngine kEngine = {.name = "sqlite",
                                  .traits = {.ledger_entries = 10'000},
                                  .column_type = column_type,
                                  .image = image,
                                  .check_name = check_name,
                                  .open = open_target,
                                  .table_image = table_image,
                                  .check_table = check_table,
                                  .type_notes = type_notes,
                                  .value_text = value_text,
                                  .makes = protocol::what_is_made};

}  // namespace

const TargetEngine& engine() {
  return kEngine;
}

}  // namespace offtake::targets::sqlite
