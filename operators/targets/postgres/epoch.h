// One epoch in one transaction: the fencing update first, then the changes set by set. Where the table may
// refuse rows and does, the transaction is begun again and they are found and left out (bisect.h). One
// thread.
#pragma once
#include "operators/targets/postgres/row_writer.h"
#include "operators/targets/postgres/writer_session.h"
#include "operators/targets/protocol/refused_rows.h"

namespace offtake::targets::postgres {

class EpochWriter {
 public:
  EpochWriter(WriterSession& session, const TableSpec& table)
      : session_(session), table_(table), rows_(session.schema(), table) {}

  // A connection lost at any moment is resolved inside: connect again, read the control row, repeat or go on.
  base::Status commit(const EpochCommit& epoch);

  // Rows that the table refused, as of the last call here; to be read in the transaction that makes the
  // revision ours.
  const LedgerEntries& refused() const { return refused_; }
  base::Status read_refused(Connection& connection);
  base::Result<LedgerOutcome> carry_out(const LedgerCommand& command);

 private:
  enum class Mode { kWhole, kBisected };
  base::Status attempt(Connection& connection, const EpochCommit& epoch, Mode mode);
  base::Status apply(Connection& connection, const engine::Changes& changes);
  // Gives the entries as they are with the epoch.
  base::Result<LedgerEntries> write(Connection& connection, const EpochCommit& epoch, Mode mode);
  base::Status make_stages(Connection& connection);
  base::Result<std::vector<protocol::RefusedRow>> write_again(Connection& connection,
                                                              const std::vector<protocol::RowAgain>& rows);

  WriterSession& session_;
  const TableSpec& table_;
  const RowWriter rows_;
  LedgerEntries refused_;
  bool outdated_ = false;      // a COMMIT of carry_out may have changed them
  int staged_generation_ = 0;  // of the connection that has the temporary tables
};

}  // namespace offtake::targets::postgres
