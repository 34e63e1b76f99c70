// Changes of which the table refuses some rows, by constraints that are not ours: what fails is halved under
// savepoints until the refused ones stand alone, and everything else is written. Inside the caller's
// transaction; one thread.
//
// A refused row leaves what the table holds under its key: the old row, or none. A row whose deletion was
// refused is still there, so one that is new again for who delivers replaces it.
#pragma once
#include "operators/targets/postgres/row_writer.h"
#include "operators/targets/protocol/refused_rows.h"

namespace offtake::targets::postgres {

// Whether an epoch that failed so may pass without some of its rows, or because some that were refused before
// are replaced now.
bool may_be_of_a_row(const base::Error& error, const TableSpec& table, const LedgerEntries& refused);

class Bisect {
 public:
  // Everything given must outlive it. The stages are there.
  Bisect(Connection& connection, const RowWriter& rows, const TableSpec& table, const std::string& schema,
         const LedgerEntries& refused)
      : connection_(connection), rows_(rows), table_(table), schema_(schema), known_(refused) {}

  // The rows that are refused; where none may be left out, the first one's error. Code TooManyParked (row).
  base::Result<std::vector<protocol::RefusedRow>> write(const engine::Changes& changes);
  base::Result<std::vector<protocol::RefusedRow>> write_again(const std::vector<protocol::RowAgain>& rows);

 private:
  template <class Write, class Refuse>
  base::Status halve(RowRange range, const Write& write, const Refuse& refuse);
  template <class Write>
  base::Result<bool> attempt(const Write& write, std::size_t rows, base::Error& why);
  base::Status end_savepoint();
  base::Status clear_stages();
  base::Status refuse_delete(const types::Batch& deletes, std::size_t row, base::Error why);
  base::Status refuse_upsert(const engine::Changes& changes, const types::Batch& identity, std::size_t row,
                             base::Error why);
  base::Status refuse(const types::Batch& keys, std::size_t row, protocol::RefusedRow refused,
                      base::Error why);
  base::Result<std::string> staged_text(const std::string& sql);
  base::Status stage_again(const protocol::RowAgain& row);

  Connection& connection_;
  const RowWriter& rows_;
  const TableSpec& table_;
  const std::string& schema_;
  const LedgerEntries& known_;
  bool has_staged_ = false;  // rows stand in the stages
  std::size_t staged_ = 0;   // since they were truncated
  std::vector<protocol::RefusedRow> found_;
  std::size_t bytes_ = 0;  // of them, as they are to be written
};

}  // namespace offtake::targets::postgres
