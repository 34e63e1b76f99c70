// One epoch in one transaction: the fencing update first, then the changes set by set. One thread.
#pragma once
#include "operators/targets/postgres/writer_session.h"

namespace offtake::targets::postgres {

class EpochWriter {
 public:
  EpochWriter(WriterSession& session, const TableSpec& table) : session_(session), table_(table) {}
  // A connection lost at any moment is resolved inside: connect again, read the control row, repeat or go on.
  base::Status commit(const EpochCommit& epoch);

 private:
  base::Status attempt(Connection& connection, const EpochCommit& epoch);
  base::Status apply(Connection& connection, const engine::Changes& changes);
  struct Rows {  // [begin, end) of columns that lie side by side
    const std::vector<types::ColumnPtr>& first;
    const std::vector<types::ColumnPtr>& second;
    std::size_t begin, end;
  };
  base::Status copy(Connection& connection, const std::string& copy_sql, const Rows& rows);
  base::Status erase(Connection& connection, const types::Batch& deletes);

  WriterSession& session_;
  const TableSpec& table_;
  int staged_generation_ = 0;  // of the connection that has the temporary tables
};

}  // namespace offtake::targets::postgres
