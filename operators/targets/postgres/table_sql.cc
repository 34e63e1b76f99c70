#include "operators/targets/postgres/table_sql.h"

#include "operators/targets/postgres/binary_writer.h"
#include "operators/targets/postgres/control.h"
#include "operators/targets/protocol/table_layout.h"

namespace offtake::targets::postgres {
namespace {

using protocol::quote_name;
using protocol::quote_names;

constexpr const char* kUpserts = "pg_temp._offtake_upserts";
constexpr const char* kDeletes = "pg_temp._offtake_deletes";
// The key of a result that has no key column: a total is one row.
constexpr const char* kOnlyRow = "_offtake_only";

std::vector<types::Field> stored_columns(const TableSpec& table) {
  std::vector<types::Field> out = table.columns;
  for (auto& column : protocol::hidden_columns(table.identity)) out.push_back(std::move(column));
  return out;
}

bool is_total(const TableSpec& table) {
  return protocol::has_key(table.identity) && table.identity.key.empty();
}

std::string key_columns(const TableSpec& table) {
  return is_total(table) ? quote_name(kOnlyRow) : quote_names(protocol::identity_columns(table));
}

// The columns of the constraint. Of a position the offset comes first: the sort that builds the index
// compares the first column at once and looks at the others only where that one is equal, as partitions
// mostly are.
std::string constraint_columns(const TableSpec& table) {
  if (table.identity.kind != plan::Identity::Kind::kPosition) return key_columns(table);
  auto columns = protocol::identity_columns(table);
  std::swap(columns[0], columns[1]);
  return quote_names(columns);
}

// A row t of the table and one d of the staged keys are the same.
std::string matching(const TableSpec& table, std::uint64_t nulls) {
  std::string out;
  std::uint64_t bit = 1;
  for (const auto& column : protocol::identity_columns(table)) {
    const std::string name = quote_name(column.name);
    if (!out.empty()) out += " AND ";
    out += (nulls & bit) != 0 ? fmt::format("t.{0} IS NULL AND d.{0} IS NULL", name)
                              : fmt::format("t.{0} = d.{0}", name);
    bit <<= 1;
  }
  return out;
}

}  // namespace

std::string table_of(const std::string& schema, const TableSpec& table) {
  return in_schema(schema, protocol::table_name(table.name, table.revision));
}

std::string key_constraint(const TableSpec& table) {
  return protocol::key_name(table.revision);
}

base::Result<std::string> create_table_sql(const std::string& schema, const TableSpec& table) {
  std::string columns;
  for (const auto& column : stored_columns(table)) {
    auto type = column_type(column.type);
    if (!type) return std::move(type).error().in(fmt::format("column {}", column.name));
    columns += fmt::format("{}{} {}", columns.empty() ? "" : ", ", quote_name(column.name), *type);
  }
  if (is_total(table)) {
    columns +=
        fmt::format("{}{} smallint NOT NULL DEFAULT 0", columns.empty() ? "" : ", ", quote_name(kOnlyRow));
  }
  return fmt::format("CREATE TABLE {} ({})", table_of(schema, table), columns);
}

std::string add_key_sql(const std::string& schema, const TableSpec& table) {
  const auto key = protocol::identity_columns(table);
  const bool nullable =
      std::any_of(key.begin(), key.end(), [](const auto& column) { return column.nullable; });
  return fmt::format("ALTER TABLE {} ADD CONSTRAINT {} {} ({})", table_of(schema, table),
                     quote_name(key_constraint(table)),
                     nullable ? "UNIQUE NULLS NOT DISTINCT" : "PRIMARY KEY", constraint_columns(table));
}

std::vector<std::string> create_index_sql(const std::string& schema, const TableSpec& table) {
  std::vector<std::string> out;
  for (const auto& index : table.indexes) {
    std::string columns;
    for (const auto& column : index.columns) columns += (columns.empty() ? "" : ", ") + quote_name(column);
    out.push_back(fmt::format("CREATE INDEX IF NOT EXISTS {} ON {} ({})",
                              quote_name(protocol::index_name(index.name, table.revision)),
                              table_of(schema, table), columns));
  }
  return out;
}

std::string view_select_sql(const std::string& schema, const TableSpec& table) {
  return fmt::format("SELECT {} FROM {}", quote_names(table.columns), table_of(schema, table));
}

std::string copy_in_sql(const std::string& schema, const TableSpec& table) {
  return fmt::format("COPY {} ({}) FROM STDIN (FORMAT BINARY)", table_of(schema, table),
                     quote_names(stored_columns(table)));
}

std::string copy_out_sql(const std::string& schema, const TableSpec& table) {
  return fmt::format("COPY ({}) TO STDOUT (FORMAT BINARY)", view_select_sql(schema, table));
}

std::string make_stages_sql(const std::string& schema, const TableSpec& table) {
  std::string out = fmt::format(
      "CREATE TEMPORARY TABLE IF NOT EXISTS {} ON COMMIT DELETE ROWS AS SELECT {} FROM {} WITH NO DATA",
      kUpserts, quote_names(stored_columns(table)), table_of(schema, table));
  if (!is_total(table)) {
    out += fmt::format(
        "; CREATE TEMPORARY TABLE IF NOT EXISTS {} ON COMMIT DELETE ROWS AS SELECT {} FROM {} WITH NO DATA",
        kDeletes, key_columns(table), table_of(schema, table));
  }
  return out;
}

std::string clear_stages_sql(const TableSpec& table) {
  const std::string upserts = fmt::format("DELETE FROM {}", kUpserts);
  return is_total(table) ? upserts : fmt::format("{}; DELETE FROM {}", upserts, kDeletes);
}

std::string truncate_stages_sql(const TableSpec& table) {
  const std::string upserts = fmt::format("TRUNCATE {}", kUpserts);
  return is_total(table) ? upserts : fmt::format("{}, {}", upserts, kDeletes);
}

std::string copy_upserts_sql(const TableSpec& table) {
  return fmt::format("COPY {} ({}) FROM STDIN (FORMAT BINARY)", kUpserts, quote_names(stored_columns(table)));
}

std::string copy_deletes_sql(const TableSpec& table) {
  return fmt::format("COPY {} ({}) FROM STDIN (FORMAT BINARY)", kDeletes, key_columns(table));
}

std::string upsert_sql(const std::string& schema, const TableSpec& table) {
  const auto columns = stored_columns(table);
  std::string set;
  for (const auto& column : columns) {
    set += fmt::format("{0}{1} = EXCLUDED.{1}", set.empty() ? "" : ", ", quote_name(column.name));
  }
  return fmt::format(
      "INSERT INTO {0} ({1}) SELECT {1} FROM {2} ON CONFLICT ON CONSTRAINT {3} DO UPDATE SET {4}",
      table_of(schema, table), quote_names(columns), kUpserts, quote_name(key_constraint(table)), set);
}

std::string by_index_sql() {
  return "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL enable_seqscan = off";
}

std::string delete_sql(const std::string& schema, const TableSpec& table, std::uint64_t nulls) {
  if (is_total(table)) return "DELETE FROM " + table_of(schema, table);
  return fmt::format("{}; DELETE FROM {} t USING {} d WHERE {}", by_index_sql(), table_of(schema, table),
                     kDeletes, matching(table, nulls));
}

std::string copy_matching_sql(const std::string& schema, const TableSpec& table, std::uint64_t nulls) {
  if (is_total(table)) return copy_out_sql(schema, table);
  return fmt::format(
      "COPY (SELECT {} FROM {} t WHERE EXISTS (SELECT 1 FROM {} d WHERE {})) TO STDOUT (FORMAT "
      "BINARY)",
      quote_names(table.columns), table_of(schema, table), kDeletes, matching(table, nulls));
}

std::string staged_upserts_sql() {
  return fmt::format("SELECT ROW(u.*)::text FROM {} u", kUpserts);
}

std::string staged_deletes_sql(const TableSpec& table) {
  return is_total(table) ? "SELECT ''" : fmt::format("SELECT ROW(d.*)::text FROM {} d", kDeletes);
}

std::string stage_upsert_text_sql() {
  return fmt::format("INSERT INTO {0} SELECT ($1::{0}).*", kUpserts);
}

std::string stage_delete_text_sql(const TableSpec& table) {
  return is_total(table) ? "SELECT $1::text" : fmt::format("INSERT INTO {0} SELECT ($1::{0}).*", kDeletes);
}

}  // namespace offtake::targets::postgres
