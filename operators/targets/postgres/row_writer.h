// Statements that write the rows of one revision's table, whole sets or parts of them: rows [begin, end).
// Inside the caller's transaction; one thread.
#pragma once
#include "operators/targets/postgres/connection.h"
#include "operators/targets/target.h"

namespace offtake::targets::postgres {

struct RowRange {
  std::size_t begin = 0, end = 0;
  std::size_t size() const { return end - begin; }
};

// Bit i: key column i of the row is NULL.
std::uint64_t nulls_of(const types::Batch& keys, std::size_t row);

class RowWriter {
 public:
  RowWriter(const std::string& schema, const TableSpec& table) : schema_(schema), table_(table) {}

  // The temporary tables that changes are staged in; kept by the session once this is committed.
  base::Status make_stages(Connection& connection) const;

  base::Status erase(Connection& connection, const types::Batch& deletes, RowRange range) const;
  // New rows never replace others: one that meets its key in the table is a violation, not an update.
  base::Status insert(Connection& connection, const engine::Changes& changes, RowRange range) const;
  base::Status upsert(Connection& connection, const engine::Changes& changes, RowRange range) const;

  base::Status stage_upserts(Connection& connection, const engine::Changes& changes, RowRange range) const;
  // Of a result whose key is no column: nothing.
  base::Status stage_deletes(Connection& connection, const types::Batch& deletes, RowRange range) const;
  // Counted and hashed: what the table holds under that key. The stages are empty before it.
  base::Result<types::Checksum> stored(Connection& connection, const types::Batch& keys,
                                       std::size_t row) const;

 private:
  const std::string& schema_;
  const TableSpec& table_;
};

}  // namespace offtake::targets::postgres
