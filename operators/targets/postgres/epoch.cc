#include "operators/targets/postgres/epoch.h"

#include "base/crash_point.h"
#include "operators/targets/postgres/bisect.h"
#include "operators/targets/postgres/table_sql.h"
#include "operators/targets/protocol/control_json.h"
#include "operators/targets/protocol/ownership.h"
#include "operators/targets/protocol/row_identity.h"
#include "operators/targets/protocol/table_layout.h"

namespace offtake::targets::postgres {
namespace {

constexpr int kAttempts = 3;

bool needs_stages(const engine::Changes& changes) {
  return changes.deletes.rows > 0 || !changes.insert_only();
}

}  // namespace

base::Status EpochWriter::commit(const EpochCommit& epoch) {
  Mode mode = Mode::kWhole;
  for (int tried = 1;; ++tried) {
    auto connection = session_.connection();
    if (!connection) return std::move(connection).error();
    auto done = attempt(**connection, epoch, mode);
    if (!done && mode == Mode::kWhole && may_be_of_a_row(done.error(), table_, refused_)) {
      mode = Mode::kBisected;
      done = attempt(**connection, epoch, mode);
    }
    // Where the connection was lost, COMMIT may have happened or not: the next attempt's fencing update
    // tells.
    if (done || (*connection)->alive() || tried == kAttempts) return done;
  }
}

base::Status EpochWriter::attempt(Connection& connection, const EpochCommit& epoch, Mode mode) {
  Transaction transaction(connection);
  if (auto begun = transaction.begin(); !begun) return begun;
  auto fenced = connection.query_prepared(
      fmt::format("UPDATE {} SET epoch = $4::bigint + 1, offsets = $5, last_records = $6, logical_time_us = "
                  "greatest(logical_time_us, $7), rows = $8, checksum = $9, committed_at = clock_timestamp() "
                  "WHERE product_uid = $1 AND revision = $2 AND owner = $3 AND epoch = $4::bigint",
                  in_schema(session_.schema(), protocol::kControlTable)),
      {session_.product_uid(), std::to_string(session_.revision()), session_.owner(),
       std::to_string(epoch.last_epoch), protocol::offsets_text(epoch.offsets),
       protocol::stamps_text(epoch.last_records), std::to_string(epoch.logical_time),
       std::to_string(epoch.content.rows), std::to_string(static_cast<std::int64_t>(epoch.content.sum))});
  if (!fenced) return std::move(fenced).error();
  if (fenced->affected != 1) {
    auto row = read_control(connection, session_.schema(), session_.product_uid(), session_.revision(),
                            RowLock::kUpdate);
    if (!row) return std::move(row).error();
    auto outcome = protocol::outcome_of_epoch(*row, session_.owner(), epoch.last_epoch);
    if (!outcome) return std::move(outcome).error();
    if (*outcome == protocol::Outcome::kCommitted) return read_refused(connection);
    return base::transient("TargetConflict", "the control row changed while the epoch began");
  }
  base::crash_point("mid-epoch");
  if (outdated_) {
    if (auto read = read_refused(connection); !read) return read;
  }
  auto refused = write(connection, epoch, mode);
  if (!refused) return std::move(refused).error();
  base::crash_point("before-ledger");
  for (const LedgerChanges& ledger : {epoch.ledger, changes_between(refused_, *refused)}) {
    auto noted =
        write_ledger(connection, session_.schema(), session_.product_uid(), session_.revision(), ledger);
    if (!noted) return noted;
  }
  base::crash_point("before-epoch-commit");
  if (auto committed = transaction.commit(); !committed) return committed;
  if (mode == Mode::kBisected || needs_stages(epoch.changes)) staged_generation_ = session_.generation();
  refused_ = *std::move(refused);
  base::crash_point("after-epoch-commit");
  return {};
}

base::Status EpochWriter::read_refused(Connection& connection) {
  auto entries = read_ledger(connection, session_.schema(), session_.product_uid(), session_.revision());
  if (!entries) return std::move(entries).error();
  refused_ = protocol::outputs_of(*entries);
  outdated_ = false;
  return {};
}

base::Result<LedgerEntries> EpochWriter::write(Connection& connection, const EpochCommit& epoch, Mode mode) {
  std::vector<protocol::RefusedRow> found;
  if (mode == Mode::kWhole) {
    if (auto applied = apply(connection, epoch.changes); !applied) return std::move(applied).error();
  } else {
    if (auto made = make_stages(connection); !made) return std::move(made).error();
    auto refused = Bisect(connection, rows_, table_, session_.schema(), refused_).write(epoch.changes);
    if (!refused) return std::move(refused).error();
    found = *std::move(refused);
  }
  LedgerEntries out = refused_;
  if (out.empty() && found.empty()) return out;
  auto taken =
      protocol::take_refused(found, protocol::ids_of(table_, epoch.changes), epoch.last_epoch + 1, out);
  if (!taken) return std::move(taken).error();
  return out;
}

base::Status EpochWriter::make_stages(Connection& connection) {
  // Made inside the transaction: what rolls back is made again.
  if (staged_generation_ == session_.generation()) return {};
  return rows_.make_stages(connection);
}

base::Status EpochWriter::apply(Connection& connection, const engine::Changes& changes) {
  if (changes.empty()) return {};
  if (needs_stages(changes)) {
    if (auto made = make_stages(connection); !made) return made;
  }
  if (changes.deletes.rows > 0) {
    if (auto erased = rows_.erase(connection, changes.deletes, {0, changes.deletes.rows}); !erased)
      return erased;
  }
  if (changes.new_rows > 0) {
    if (auto inserted = rows_.insert(connection, changes, {0, changes.new_rows}); !inserted) return inserted;
  }
  if (changes.insert_only()) return {};
  return rows_.upsert(connection, changes, {changes.new_rows, changes.upserts.rows});
}

base::Result<std::vector<protocol::RefusedRow>> EpochWriter::write_again(
    Connection& connection, const std::vector<protocol::RowAgain>& rows) {
  if (auto made = make_stages(connection); !made) return std::move(made).error();
  if (auto set = connection.execute(by_index_sql()); !set) return std::move(set).error();
  return Bisect(connection, rows_, table_, session_.schema(), refused_).write_again(rows);
}

base::Result<LedgerOutcome> EpochWriter::carry_out(const LedgerCommand& command) {
  auto connection = session_.connection();
  if (!connection) return std::move(connection).error();
  Transaction transaction(**connection);
  if (auto begun = transaction.begin(); !begun) return std::move(begun).error();
  auto mine = session_.owned_row(**connection, RowLock::kUpdate);
  if (!mine) return std::move(mine).error();
  // As they are: a COMMIT here may have been lost.
  if (auto read = read_refused(**connection); !read) return std::move(read).error();
  LedgerEntries entries = refused_;
  auto outcome = protocol::carry_out(command, entries, [&](const std::vector<protocol::RowAgain>& rows) {
    return write_again(**connection, rows);
  });
  if (!outcome) return outcome;
  const LedgerChanges changes = changes_between(refused_, entries);
  if (changes.empty()) return outcome;
  auto noted =
      write_ledger(**connection, session_.schema(), session_.product_uid(), session_.revision(), changes);
  if (!noted) return std::move(noted).error();
  base::crash_point("outputs-written");
  if (auto committed = transaction.commit(); !committed) {
    outdated_ = true;
    return std::move(committed).error();
  }
  refused_ = std::move(entries);
  return outcome;
}

}  // namespace offtake::targets::postgres
