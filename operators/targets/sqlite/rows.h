// Statements that write the rows of one revision's table. Belongs to one Database and one thread.
#pragma once
#include <string>
#include <vector>

#include "base/sqlite/database.h"
#include "operators/targets/protocol/refused_rows.h"
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

// Rows that constraints of others refuse (unique indexes, triggers, references to the table): left out, and
// collected here. A row whose deletion was refused is still there, so one that is new again for who delivers
// replaces it.
struct Refusals {
  const LedgerEntries& known;  // as of the last epoch
  std::vector<protocol::RefusedRow> found;
  std::size_t bytes = 0;  // of them, as they are to be written
};

class RowWriter {
 public:
  // The table must exist; with `upserts` its key too.
  static base::Result<RowWriter> open(db::Database& database, const TableSpec& table, bool upserts);

  // Loads all rows of upserts.
  base::Status insert(const engine::Changes& rows) {
    return write(insert_, rows, 0, rows.upserts.rows, nullptr);
  }
  // An epoch's upserts: new rows never replace others. KeyNotUnique (row) names the key that is there
  // already. Where the table parks nothing the first refused row is an error; else TooManyParked (row) may
  // be.
  base::Status apply(const engine::Changes& rows, Refusals& refusals);
  base::Status erase(const types::Batch& deletes, Refusals& refusals);
  // Of a row that was refused: written now, or why not.
  base::Result<std::optional<base::Error>> write_again(const protocol::RowAgain& row);

 private:
  RowWriter(db::Database& database, const TableSpec& table, db::Statement insert)
      : database_(&database),
        table_(&table),
        key_bytes_(needs_key_bytes(table)),
        insert_(std::move(insert)) {}
  base::Status write(db::Statement& statement, const engine::Changes& rows, std::size_t begin,
                     std::size_t end, Refusals* refusals);
  bool may_leave_out(const base::Error& error) const;
  base::Error key_is_held(const engine::Changes& rows, std::size_t row) const;
  void bind_row(db::Statement& statement, const engine::Changes& rows, std::size_t row);
  void bind_key(db::Statement& statement, const types::Batch& keys, std::size_t row);
  base::Status refuse_upsert(const engine::Changes& rows, std::size_t row, base::Error why,
                             Refusals& refusals);
  base::Status refuse(const types::Batch& keys, std::size_t row, protocol::RefusedRow refused,
                      base::Error why, Refusals& refusals);
  base::Result<types::Checksum> stored(const types::Batch& keys, std::size_t row);
  base::Result<db::Statement> echo(std::size_t parameters);

  db::Database* database_;
  const TableSpec* table_;
  bool key_bytes_;
  db::Statement insert_;
  std::optional<db::Statement> upsert_, delete_;
  std::string key_;  // canonical bytes that are bound
};

}  // namespace offtake::targets::sqlite
