#include "operators/targets/postgres/epoch.h"

#include "base/crash_point.h"
#include "operators/targets/postgres/binary_writer.h"
#include "operators/targets/postgres/table_sql.h"
#include "operators/targets/protocol/control_json.h"
#include "operators/targets/protocol/ownership.h"
#include "operators/targets/protocol/table_layout.h"

namespace offtake::targets::postgres {
namespace {

constexpr int kAttempts = 3;
constexpr std::size_t kFlushBytes = 256 << 10;
constexpr std::size_t kRowsBetweenFlushes = 512;

// Bit i: key column i of the row is NULL.
std::uint64_t nulls_of(const types::Batch& keys, std::size_t row) {
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < keys.columns.size(); ++i) {
    if (keys.columns[i]->is_null(row)) out |= std::uint64_t{1} << i;
  }
  return out;
}

bool needs_stages(const engine::Changes& changes) {
  return changes.deletes.rows > 0 || !changes.insert_only();
}

}  // namespace

base::Status EpochWriter::commit(const EpochCommit& epoch) {
  for (int tried = 1;; ++tried) {
    auto connection = session_.connection();
    if (!connection) return std::move(connection).error();
    auto done = attempt(**connection, epoch);
    // Where the connection was lost, COMMIT may have happened or not: the next attempt's fencing update
    // tells.
    if (done || (*connection)->alive() || tried == kAttempts) return done;
  }
}

base::Status EpochWriter::attempt(Connection& connection, const EpochCommit& epoch) {
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
    if (*outcome == protocol::Outcome::kCommitted) return {};
    return base::transient("TargetConflict", "the control row changed while the epoch began");
  }
  base::crash_point("mid-epoch");
  if (auto applied = apply(connection, epoch.changes); !applied) return applied;
  base::crash_point("before-ledger");
  auto noted =
      write_ledger(connection, session_.schema(), session_.product_uid(), session_.revision(), epoch.ledger);
  if (!noted) return noted;
  base::crash_point("before-epoch-commit");
  if (auto committed = transaction.commit(); !committed) return committed;
  if (needs_stages(epoch.changes)) staged_generation_ = session_.generation();
  base::crash_point("after-epoch-commit");
  return {};
}

base::Status EpochWriter::apply(Connection& connection, const engine::Changes& changes) {
  if (changes.empty()) return {};
  // Made inside the transaction: what rolls back is made again.
  if (needs_stages(changes) && staged_generation_ != session_.generation()) {
    if (auto made = connection.execute(make_stages_sql(session_.schema(), table_)); !made) return made;
  }
  if (changes.deletes.rows > 0) {
    if (auto erased = erase(connection, changes.deletes); !erased) return erased;
  }
  // New rows never replace others: one that meets its key in the table is a violation, not an update.
  if (changes.new_rows > 0) {
    auto inserted = copy(connection, copy_in_sql(session_.schema(), table_),
                         {changes.upserts.columns, changes.upsert_identity, 0, changes.new_rows});
    if (!inserted) return inserted;
  }
  if (changes.insert_only()) return {};
  auto staged =
      copy(connection, copy_upserts_sql(table_),
           {changes.upserts.columns, changes.upsert_identity, changes.new_rows, changes.upserts.rows});
  if (!staged) return staged;
  return connection.execute(upsert_sql(session_.schema(), table_));
}

base::Status EpochWriter::copy(Connection& connection, const std::string& copy_sql, const Rows& rows) {
  if (auto begun = connection.begin_copy_in(copy_sql); !begun) return begun;
  ByteBuffer buffer;
  put_copy_header(buffer);
  for (std::size_t row = rows.begin; row < rows.end; row += kRowsBetweenFlushes) {
    put_copy_rows(rows.first, rows.second, row, std::min(rows.end, row + kRowsBetweenFlushes), buffer);
    if (buffer.size() < kFlushBytes) continue;
    if (auto sent = connection.put_copy_data(buffer.view()); !sent) return sent;
    buffer.clear();
  }
  put_copy_trailer(buffer);
  if (auto sent = connection.put_copy_data(buffer.view()); !sent) return sent;
  return connection.end_copy_in();
}

base::Status EpochWriter::erase(Connection& connection, const types::Batch& deletes) {
  std::set<std::uint64_t> patterns;
  for (std::size_t row = 0; row < deletes.rows; ++row) patterns.insert(nulls_of(deletes, row));
  if (!deletes.columns.empty()) {
    auto staged = copy(connection, copy_deletes_sql(table_), {deletes.columns, {}, 0, deletes.rows});
    if (!staged) return staged;
  }
  for (const std::uint64_t nulls : patterns) {
    if (auto erased = connection.execute(delete_sql(session_.schema(), table_, nulls)); !erased)
      return erased;
  }
  return {};
}

}  // namespace offtake::targets::postgres
