// Statements that write the rows of one revision's table. Belongs to one Database and one thread.
#pragma once
#include <string>
#include <vector>

#include "base/sqlite/database.h"
#include "operators/targets/target.h"

namespace offtake::targets::sqlite {

namespace db = offtake::sqlite;

// Where SQLite's own equality differs from the plan's (numeric 1.0 = 1.00 as text, NULL = NULL), rows are
// told apart by the canonical bytes of their key in a hidden column `_offtake_key`.
bool needs_key_bytes(const TableSpec& table);

std::string create_table_sql(const TableSpec& table);
std::string create_key_sql(const TableSpec& table);
std::string create_view_sql(const TableSpec& table);
std::string key_index_name(const TableSpec& table);

class RowWriter {
 public:
  // The table must exist; with `upserts` its key too.
  static base::Result<RowWriter> open(db::Database& database, const TableSpec& table, bool upserts);

  // Loads all rows of upserts.
  base::Status insert(const engine::Changes& rows) { return write(insert_, rows, 0, rows.upserts.rows); }
  // An epoch's upserts: new rows never replace others. KeyNotUnique (row) names the key that is there
  // already.
  base::Status apply(const engine::Changes& rows);
  base::Status erase(const types::Batch& deletes);

 private:
  RowWriter(const TableSpec& table, db::Statement insert) : table_(&table), insert_(std::move(insert)) {}
  base::Status write(db::Statement& statement, const engine::Changes& rows, std::size_t begin,
                     std::size_t end);

  const TableSpec* table_;
  db::Statement insert_;
  std::optional<db::Statement> upsert_, delete_;
};

}  // namespace offtake::targets::sqlite
