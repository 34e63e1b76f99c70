#include "operators/targets/sqlite/rows.h"

#include <numeric>

#include "operators/targets/protocol/table_layout.h"
#include "operators/targets/sqlite/values.h"

namespace offtake::targets::sqlite {
namespace {

using protocol::quote_name;
using types::TypeId;

constexpr const char* kKeyColumn = "_offtake_key";

std::string table_of(const TableSpec& table) {
  return quote_name(protocol::table_name(table.name, table.revision));
}

bool same_equality(TypeId id) {
  switch (id) {
    case TypeId::kNumeric:
    case TypeId::kInterval:
    case TypeId::kJsonb:
    case TypeId::kArray:
    case TypeId::kRecord:
    case TypeId::kMap:
      return false;
    default:
      return true;
  }
}

// What the unique index is on.
std::vector<std::string> unique_columns(const TableSpec& table) {
  if (needs_key_bytes(table)) return {kKeyColumn};
  std::vector<std::string> out;
  for (const auto& column : protocol::identity_columns(table)) out.push_back(column.name);
  return out;
}

std::vector<std::string> all_columns(const TableSpec& table) {
  std::vector<std::string> out;
  for (const auto& column : table.columns) out.push_back(column.name);
  for (const auto& column : protocol::hidden_columns(table.identity)) out.push_back(column.name);
  if (needs_key_bytes(table)) out.emplace_back(kKeyColumn);
  return out;
}

std::string join(const std::vector<std::string>& names,
                 const std::function<std::string(const std::string&)>& each, std::string_view between) {
  std::string out;
  for (const auto& name : names) {
    if (!out.empty()) out += between;
    out += each(name);
  }
  return out;
}

std::string insert_sql(const TableSpec& table) {
  const auto columns = all_columns(table);
  std::string values;
  for (std::size_t i = 0; i < columns.size(); ++i) values += fmt::format("{}?{}", i == 0 ? "" : ", ", i + 1);
  return fmt::format("INSERT INTO {} ({}) VALUES ({})", table_of(table), join(columns, quote_name, ", "),
                     values);
}

std::string upsert_sql(const TableSpec& table) {
  const auto set = [](const std::string& name) {
    return fmt::format("{0} = excluded.{0}", quote_name(name));
  };
  return fmt::format("{} ON CONFLICT ({}) DO UPDATE SET {}", insert_sql(table),
                     join(unique_columns(table), quote_name, ", "), join(all_columns(table), set, ", "));
}

std::string delete_sql(const TableSpec& table) {
  std::string condition;
  int parameter = 0;
  for (const auto& name : unique_columns(table)) {
    condition += fmt::format("{}{} = ?{}", condition.empty() ? "" : " AND ", quote_name(name), ++parameter);
  }
  return fmt::format("DELETE FROM {} WHERE {}", table_of(table), condition);
}

}  // namespace

bool needs_key_bytes(const TableSpec& table) {
  if (!protocol::has_key(table.identity)) return false;
  const auto key = protocol::identity_columns(table);
  // A key of no column is that of a total: one row.
  if (key.empty()) return true;
  return std::any_of(key.begin(), key.end(), [](const types::Field& column) {
    return column.nullable || !same_equality(column.type.id);
  });
}

std::string key_index_name(const TableSpec& table) {
  return fmt::format("_offtake_key__r{}", table.revision);
}

std::string create_table_sql(const TableSpec& table) {
  std::string columns;
  const auto add = [&](const std::string& name, std::string_view type) {
    columns += fmt::format("{}{} {}", columns.empty() ? "" : ", ", quote_name(name), type);
  };
  for (const auto& column : table.columns) add(column.name, declared_type(column.type.id));
  for (const auto& column : protocol::hidden_columns(table.identity)) {
    add(column.name, declared_type(column.type.id));
  }
  if (needs_key_bytes(table)) add(kKeyColumn, "BLOB");
  return fmt::format("CREATE TABLE {} ({})", table_of(table), columns);
}

std::string create_key_sql(const TableSpec& table) {
  return fmt::format("CREATE UNIQUE INDEX IF NOT EXISTS {} ON {} ({})", quote_name(key_index_name(table)),
                     table_of(table), join(unique_columns(table), quote_name, ", "));
}

std::string create_view_sql(const TableSpec& table) {
  return fmt::format("CREATE VIEW {} AS SELECT {} FROM {}", quote_name(table.name),
                     protocol::quote_names(table.columns), table_of(table));
}

base::Result<RowWriter> RowWriter::open(db::Database& database, const TableSpec& table, bool upserts) {
  auto insert = database.prepare(insert_sql(table));
  if (!insert) return std::move(insert).error();
  RowWriter writer(table, *std::move(insert));
  if (!upserts) return writer;
  auto upsert = database.prepare(upsert_sql(table));
  if (!upsert) return std::move(upsert).error();
  auto erase = database.prepare(delete_sql(table));
  if (!erase) return std::move(erase).error();
  writer.upsert_ = *std::move(upsert);
  writer.delete_ = *std::move(erase);
  return writer;
}

base::Status RowWriter::apply(const engine::Changes& rows) {
  if (auto inserted = write(insert_, rows, 0, rows.new_rows); !inserted) return inserted;
  return write(*upsert_, rows, rows.new_rows, rows.upserts.rows);
}

base::Status RowWriter::write(db::Statement& statement, const engine::Changes& rows, std::size_t begin,
                              std::size_t end) {
  const bool key_bytes = needs_key_bytes(*table_);
  std::string key;
  for (std::size_t row = begin; row < end; ++row) {
    int parameter = 0;
    for (const auto& column : rows.upserts.columns) bind_value(statement, ++parameter, *column, row);
    for (const auto& column : rows.upsert_identity) bind_value(statement, ++parameter, *column, row);
    if (key_bytes) {
      key.clear();
      types::append_canonical_row(rows.upserts, table_->identity.key, row, key);
      statement.bind_in_place(++parameter, db::Blob{key});
    }
    if (auto done = statement.run(); !done) {
      if (done.error().code != "ConstraintViolated") return done;
      std::vector<std::string> values;
      if (protocol::has_key(table_->identity)) {
        for (const int column : table_->identity.key) {
          values.push_back(types::value_text(*rows.upserts.columns[static_cast<std::size_t>(column)], row));
        }
      }
      return protocol::key_not_unique(*table_, values);
    }
  }
  return {};
}

base::Status RowWriter::erase(const types::Batch& deletes) {
  const bool key_bytes = needs_key_bytes(*table_);
  std::vector<int> every_column(deletes.columns.size());
  std::iota(every_column.begin(), every_column.end(), 0);
  std::string key;
  for (std::size_t row = 0; row < deletes.rows; ++row) {
    if (key_bytes) {
      key.clear();
      types::append_canonical_row(deletes, every_column, row, key);
      delete_->bind_in_place(1, db::Blob{key});
    } else {
      int parameter = 0;
      for (const auto& column : deletes.columns) bind_value(*delete_, ++parameter, *column, row);
    }
    if (auto done = delete_->run(); !done) return done;
  }
  return {};
}

}  // namespace offtake::targets::sqlite
