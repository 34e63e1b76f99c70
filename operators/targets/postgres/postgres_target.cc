#include "operators/targets/postgres/postgres_target.h"

#include "base/crash_point.h"
#include "operators/targets/postgres/binary_reader.h"
#include "operators/targets/postgres/epoch.h"
#include "operators/targets/postgres/loader.h"
#include "operators/targets/postgres/publish.h"
#include "operators/targets/postgres/table_sql.h"
#include "operators/targets/protocol/control_json.h"
#include "operators/targets/protocol/ownership.h"
#include "operators/targets/protocol/refused_rows.h"
#include "operators/targets/protocol/table_layout.h"

namespace offtake::targets::postgres {
namespace {

constexpr int kAttempts = 2;

class PostgresTarget : public Target {
 public:
  PostgresTarget(const TargetConnection& connection, TableSpec table, const std::string& product_uid)
      : table_(std::move(table)),
        session_(connection, product_uid, table_.revision),
        epochs_(session_, table_) {}

  base::Status connect() {
    auto connection = session_.connection();
    if (!connection) return std::move(connection).error();
    return {};
  }

  base::Result<std::vector<ControlRow>> controls() override {
    auto connection = session_.connection();
    if (!connection) return std::move(connection).error();
    return read_controls(**connection, session_.schema(), session_.product_uid());
  }

  base::Status begin_fill(const ControlRow& row) override {
    const Ownership request{row.revision, row.incarnation, row.owner};
    session_.set_owner("");
    auto done = session_.take_over(request, [&] {
      return in_transaction([&](Connection& connection) { return start_fill(connection, row, request); });
    });
    if (done) session_.set_owner(row.owner);
    return done;
  }

  base::Result<ControlRow> take_ownership(const Ownership& request) override {
    session_.set_owner("");
    ControlRow row;
    auto done = session_.take_over(request, [&] {
      return in_transaction([&](Connection& connection) { return take_row(connection, request, row); });
    });
    if (!done) return std::move(done).error();
    session_.set_owner(request.owner);
    return row;
  }

  base::Result<std::vector<FillProgress>> fill_progress() override {
    auto connection = session_.connection();
    if (!connection) return std::move(connection).error();
    auto found =
        (*connection)
            ->query(
                fmt::format(
                    "SELECT stream, offsets, last_records, rows, checksum FROM {} WHERE product_uid = $1 AND "
                    "revision = $2 AND offsets IS NOT NULL ORDER BY stream",
                    in_schema(session_.schema(), protocol::kFillTable)),
                {session_.product_uid(), std::to_string(session_.revision())});
    if (!found) return session_.explain(std::move(found).error());
    std::vector<FillProgress> out;
    for (std::size_t i = 0; i < found->rows.size(); ++i) {
      auto reached = protocol::parse_offsets(found->text(i, 1));
      if (!reached) return std::move(reached).error();
      auto stamps = protocol::parse_stamps(found->text(i, 2));
      if (!stamps) return std::move(stamps).error();
      out.push_back(
          {found->text(i, 0),
           *std::move(reached),
           *std::move(stamps),
           {std::stoll(found->text(i, 3)), static_cast<std::uint64_t>(std::stoll(found->text(i, 4)))},
           {}});
    }
    return out;
  }

  base::Status store_cut(const SourceOffsets& cut) override {
    return change_control([&](ControlRow& row) { row.cut = cut; });
  }

  base::Result<std::unique_ptr<Loader>> open_loader(const std::string& stream) override {
    auto loader = open_postgres_loader(session_, table_, stream);
    return loader;
  }

  base::Status finish_load() override {
    auto built = in_transaction([&](Connection& connection) { return build_keys(connection); });
    if (!built) return explained(std::move(built));
    base::crash_point("after-indexes");
    auto connection = session_.connection();
    if (!connection) return std::move(connection).error();
    return explained((*connection)->execute("ANALYZE " + table_of(session_.schema(), table_)));
  }

  base::Status finish_fill(const types::Checksum& content, base::Micros logical_time,
                           const RecordStamps& last_records, const LedgerChanges& ledger) override {
    return change_control(
        [&](ControlRow& row) {
          row.offsets = row.cut;
          row.content = content;
          row.logical_time = logical_time;
          row.last_records = last_records;
          row.committed_at = base::system_clock().now();
          if (row.phase == Phase::kFilling) row.phase = Phase::kCatchingUp;
        },
        ledger);
  }

  base::Result<std::vector<LedgerEntry>> ledger(int revision) override {
    auto connection = session_.connection();
    if (!connection) return std::move(connection).error();
    auto found = read_ledger(**connection, session_.schema(), session_.product_uid(), revision);
    if (!found) return session_.explain(std::move(found).error());
    return protocol::without_outputs(*std::move(found));
  }

  LedgerEntries outputs() override { return epochs_.refused(); }

  base::Result<LedgerOutcome> carry_out(const LedgerCommand& command) override {
    auto outcome = epochs_.carry_out(command);
    if (!outcome) return protocol::without_values(session_.explain(std::move(outcome).error()), table_);
    return outcome;
  }

  base::Result<Proof> prove() override {
    Proof proof;
    auto done = in_transaction(
        [&](Connection& connection) -> base::Status {
          auto row = read_control(connection, session_.schema(), session_.product_uid(), session_.revision());
          if (!row) return std::move(row).error();
          if (!row->has_value()) return protocol::no_control_row(session_.revision());
          proof.control = **std::move(row);
          CopyHasher hasher(table_.columns);
          auto copied = connection.copy_out(copy_out_sql(session_.schema(), table_),
                                            [&](std::string_view message) { return hasher.take(message); });
          if (!copied) return copied;
          auto entries =
              read_ledger(connection, session_.schema(), session_.product_uid(), session_.revision());
          if (!entries) return std::move(entries).error();
          proof.table = protocol::as_delivered(hasher.finish(), protocol::outputs_of(*entries));
          return {};
        },
        "ISOLATION LEVEL REPEATABLE READ READ ONLY");
    if (!done) return session_.explain(std::move(done).error());
    return proof;
  }

  base::Result<SwapResult> swap() override {
    auto result = swap_in(session_, table_);
    if (!result) return session_.explain(std::move(result).error());
    return result;
  }

  void interrupt() override { session_.interrupt(); }

  base::Status commit(const EpochCommit& epoch) override { return explained(epochs_.commit(epoch)); }

 private:
  // Runs `body` in one transaction on one connection; once more on a new one when the connection turns out to
  // be lost. REQUIRES: `body` may be repeated after a COMMIT that nobody saw.
  template <class Body>
  base::Status in_transaction(const Body& body, const std::string& mode = "") {
    for (int tried = 1;; ++tried) {
      auto connection = session_.connection();
      if (!connection) return std::move(connection).error();
      auto done = once(**connection, body, mode);
      if (done || (*connection)->alive() || tried == kAttempts) return done;
    }
  }

  template <class Body>
  static base::Status once(Connection& connection, const Body& body, const std::string& mode) {
    Transaction transaction(connection);
    if (auto begun = transaction.begin(mode); !begun) return begun;
    if (auto done = body(connection); !done) return done;
    return transaction.commit();
  }

  base::Status explained(base::Status status) {
    if (status) return status;
    return protocol::without_values(session_.explain(std::move(status).error()), table_);
  }

  void stamp(ControlRow& row, const Connection& connection) const {
    row.product_uid = session_.product_uid();
    row.revision = session_.revision();
    row.backend_pid = connection.backend_pid();
    row.backend_start = connection.backend_start();
  }

  base::Status start_fill(Connection& connection, const ControlRow& row, const Ownership& request) {
    if (auto set = connection.execute("SET LOCAL lock_timeout = '2s'"); !set) return set;
    if (auto made = make_control_tables(connection, session_.schema()); !made) return made;
    auto found = read_control(connection, session_.schema(), session_.product_uid(), session_.revision(),
                              RowLock::kUpdate);
    if (!found) return std::move(found).error();
    if (found->has_value() && (*found)->owner != row.owner) {
      if (auto allowed = protocol::may_take(**found, request); !allowed) return allowed;
    }
    if (found->has_value() && (*found)->phase == Phase::kCurrent) {
      return base::terminal(
                 "RevisionPublished",
                 fmt::format("revision {} is published; it is not filled again", session_.revision()))
          .with_hint("a refill makes a new revision");
    }
    ControlRow started = row;
    stamp(started, connection);
    started.phase = Phase::kFilling;
    started.committed_at = base::system_clock().now();
    if (auto written = write_control(connection, session_.schema(), started); !written) return written;
    auto forgotten = connection.query(fmt::format("DELETE FROM {} WHERE product_uid = $1 AND revision = $2",
                                                  in_schema(session_.schema(), protocol::kFillTable)),
                                      {session_.product_uid(), std::to_string(session_.revision())});
    if (!forgotten) return std::move(forgotten).error();
    auto emptied = forget_ledger(connection, session_.schema(), session_.product_uid(), session_.revision());
    if (!emptied) return emptied;
    if (auto read = epochs_.read_refused(connection); !read) return read;
    auto create = create_table_sql(session_.schema(), table_);
    if (!create) return std::move(create).error();
    return connection.execute(
        fmt::format("DROP TABLE IF EXISTS {}; {}", table_of(session_.schema(), table_), *create));
  }

  base::Status take_row(Connection& connection, const Ownership& request, ControlRow& out) {
    if (auto set = connection.execute("SET LOCAL lock_timeout = '2s'"); !set) return set;
    auto found = read_control(connection, session_.schema(), session_.product_uid(), session_.revision(),
                              RowLock::kUpdate);
    if (!found) return std::move(found).error();
    if (!found->has_value()) return protocol::no_control_row(session_.revision());
    if (auto made = make_control_tables(connection, session_.schema()); !made) return made;
    out = **std::move(found);
    if (out.owner != request.owner) {
      if (auto allowed = protocol::may_take(out, request); !allowed) return allowed;
    }
    out.incarnation = request.incarnation;
    out.owner = request.owner;
    stamp(out, connection);
    if (auto read = epochs_.read_refused(connection); !read) return read;
    return write_control(connection, session_.schema(), out);
  }

  template <class Change>
  base::Status change_control(const Change& change, const LedgerChanges& ledger = {}) {
    return explained(in_transaction([&](Connection& connection) -> base::Status {
      auto row = session_.owned_row(connection, RowLock::kUpdate);
      if (!row) return std::move(row).error();
      change(*row);
      auto noted =
          write_ledger(connection, session_.schema(), session_.product_uid(), session_.revision(), ledger);
      if (!noted) return noted;
      return write_control(connection, session_.schema(), *row);
    }));
  }

  base::Status build_keys(Connection& connection) {
    auto row = session_.owned_row(connection, RowLock::kShare);
    if (!row) return std::move(row).error();
    base::crash_point("before-indexes");
    auto there =
        connection.query("SELECT 1 FROM pg_constraint WHERE conrelid = to_regclass($1) AND conname = $2",
                         {table_of(session_.schema(), table_), key_constraint(table_)});
    if (!there) return std::move(there).error();
    // Sorting in memory makes the difference between seconds and minutes; it is given back with the
    // transaction.
    if (auto set = connection.execute("SET LOCAL maintenance_work_mem = '128MB'"); !set) return set;
    if (there->empty()) {
      if (auto keyed = connection.execute(add_key_sql(session_.schema(), table_)); !keyed) return keyed;
    }
    for (const auto& sql : create_index_sql(session_.schema(), table_)) {
      if (auto indexed = connection.execute(sql); !indexed) return indexed;
    }
    return {};
  }

  const TableSpec table_;
  WriterSession session_;
  EpochWriter epochs_;
};

}  // namespace

base::Result<std::unique_ptr<Target>> open_target(const TargetConnection& connection, const TableSpec& table,
                                                  const std::string& product_uid) {
  auto target = std::make_unique<PostgresTarget>(connection, table, product_uid);
  if (auto connected = target->connect(); !connected) return std::move(connected).error();
  return target;
}

}  // namespace offtake::targets::postgres
