#include "operators/targets/sqlite/sqlite_target.h"

#include <filesystem>

#include "base/crash_point.h"
#include "base/log.h"
#include "operators/targets/protocol/control_json.h"
#include "operators/targets/protocol/ownership.h"
#include "operators/targets/protocol/refused_rows.h"
#include "operators/targets/protocol/row_identity.h"
#include "operators/targets/protocol/table_layout.h"
#include "operators/targets/sqlite/control.h"
#include "operators/targets/sqlite/loader.h"
#include "operators/targets/sqlite/rows.h"
#include "operators/targets/sqlite/values.h"
#include "operators/targets/sqlite/writer_process.h"

namespace offtake::targets::sqlite {
namespace {

constexpr std::size_t kProofBatchRows = 4096;
constexpr int kLockTimeoutMs = 2'000;
constexpr int kLockAttempts = 5;

class SqliteTarget : public Target {
 public:
  SqliteTarget(std::string path, TableSpec table, std::string product_uid, db::Database database)
      : path_(std::move(path)),
        table_(std::move(table)),
        product_uid_(std::move(product_uid)),
        database_(std::move(database)),
        write_turn_(std::make_shared<std::mutex>()) {}

  base::Result<std::vector<ControlRow>> controls() override { return read_controls(database_, product_uid_); }

  base::Status begin_fill(const ControlRow& row) override {
    auto transaction = begin_write();
    if (!transaction) return std::move(transaction).error();
    if (auto made = make_control_tables(database_); !made) return made;
    auto found = mine();
    if (!found) return std::move(found).error();
    if (found->has_value() && (*found)->owner != row.owner) {
      auto allowed = protocol::may_take(**found, {row.revision, row.incarnation, row.owner});
      if (!allowed) return allowed;
    }
    if (found->has_value() && (*found)->phase == Phase::kCurrent) {
      return base::terminal("RevisionPublished",
                            fmt::format("revision {} is published; it is not filled again", row.revision))
          .with_hint("a refill makes a new revision");
    }
    const std::string table = protocol::quote_name(protocol::table_name(table_.name, table_.revision));
    if (auto dropped = database_.execute("DROP TABLE IF EXISTS " + table); !dropped) return dropped;
    auto forgotten = database_.run("DELETE FROM _offtake_fill WHERE product_uid = ?1 AND revision = ?2",
                                   std::string_view(product_uid_), table_.revision);
    if (!forgotten) return forgotten;
    forgotten = database_.run("DELETE FROM _offtake_ledger WHERE product_uid = ?1 AND revision = ?2",
                              std::string_view(product_uid_), table_.revision);
    if (!forgotten) return forgotten;
    if (auto made = database_.execute(create_table_sql(table_)); !made) return made;
    ControlRow started = row;
    stamp(started);
    started.phase = Phase::kFilling;
    started.epoch = std::max<std::int64_t>(row.epoch, 0);
    if (auto written = write_control(database_, started); !written) return written;
    if (auto committed = transaction->commit(); !committed) return committed;
    owner_ = row.owner;
    refused_.clear();
    return {};
  }

  base::Result<ControlRow> take_ownership(const Ownership& request) override {
    auto transaction = begin_write();
    if (!transaction) return std::move(transaction).error();
    auto found = mine();
    if (!found) return std::move(found).error();
    if (!found->has_value()) return protocol::no_control_row(table_.revision);
    if (auto made = make_control_tables(database_); !made) return std::move(made).error();
    auto taken = protocol::taken_over(**std::move(found), request);
    if (!taken) return std::move(taken).error();
    ControlRow row = *std::move(taken);
    const base::Micros committed_at = row.committed_at;
    stamp(row);
    row.committed_at = committed_at;
    if (auto written = write_control(database_, row); !written) return std::move(written).error();
    if (auto read = read_refused(); !read) return std::move(read).error();
    if (auto committed = transaction->commit(); !committed) return std::move(committed).error();
    owner_ = request.owner;
    return row;
  }

  base::Result<std::vector<FillProgress>> fill_progress() override {
    auto found = database_.query(
        "SELECT stream, offsets, last_records, rows, checksum FROM _offtake_fill WHERE product_uid = ?1 AND "
        "revision = ?2 "
        "ORDER BY stream",
        std::string_view(product_uid_), table_.revision);
    if (!found) return std::move(found).error();
    std::vector<FillProgress> out;
    for (;;) {
      auto there = found->step();
      if (!there) return std::move(there).error();
      if (!*there) return out;
      auto reached = protocol::parse_offsets(found->text(1));
      if (!reached) return std::move(reached).error();
      auto stamps = protocol::parse_stamps(found->text(2));
      if (!stamps) return std::move(stamps).error();
      out.push_back({found->string(0),
                     *std::move(reached),
                     *std::move(stamps),
                     {found->int64(3), static_cast<std::uint64_t>(found->int64(4))},
                     {}});
    }
  }

  base::Status store_cut(const SourceOffsets& cut) override {
    return change_control([&](ControlRow& row) -> base::Status {
      row.cut = cut;
      return {};
    });
  }

  base::Result<std::unique_ptr<Loader>> open_loader(const std::string& stream) override {
    return open_sqlite_loader({path_, product_uid_, owner_, stream, table_, write_turn_});
  }

  base::Status finish_load() override {
    auto transaction = begin_write();
    if (!transaction) return std::move(transaction).error();
    auto owned = owned_row();
    if (!owned) return std::move(owned).error();
    base::crash_point("before-indexes");
    if (auto made = database_.execute(create_key_sql(table_)); !made) {
      return made.error().code == "ConstraintViolated" ? duplicate_key() : made;
    }
    for (const auto& index : table_.indexes) {
      std::string columns;
      for (const auto& column : index.columns)
        columns += (columns.empty() ? "" : ", ") + protocol::quote_name(column);
      auto made = database_.execute(
          fmt::format("CREATE INDEX IF NOT EXISTS {} ON {} ({})",
                      protocol::quote_name(protocol::index_name(index.name, table_.revision)),
                      protocol::quote_name(protocol::table_name(table_.name, table_.revision)), columns));
      if (!made) return made;
    }
    if (auto committed = transaction->commit(); !committed) return committed;
    base::crash_point("after-indexes");
    // Statistics from a sample: a whole scan would cost as much as an index.
    if (auto analysed = database_.execute("PRAGMA analysis_limit = 1000; ANALYZE"); !analysed)
      return analysed;
    return database_.checkpoint();
  }

  base::Status finish_fill(const types::Checksum& content, base::Micros logical_time,
                           const RecordStamps& last_records, const LedgerChanges& ledger) override {
    return change_control([&](ControlRow& row) -> base::Status {
      auto noted = write_ledger(database_, product_uid_, table_.revision, ledger);
      if (!noted) return noted;
      row.offsets = row.cut;
      row.content = content;
      row.logical_time = logical_time;
      row.last_records = last_records;
      row.committed_at = base::system_clock().now();
      if (row.phase == Phase::kFilling) row.phase = Phase::kCatchingUp;
      return {};
    });
  }

  base::Result<std::vector<LedgerEntry>> ledger(int revision) override {
    auto entries = read_ledger(database_, product_uid_, revision);
    if (!entries) return std::move(entries).error();
    return protocol::without_outputs(*std::move(entries));
  }

  LedgerEntries outputs() override { return refused_; }

  base::Result<LedgerOutcome> carry_out(const LedgerCommand& command) override {
    auto transaction = begin_write();
    if (!transaction) return std::move(transaction).error();
    if (auto mine = owned_row(); !mine) return std::move(mine).error();
    LedgerEntries entries = refused_;
    auto outcome = protocol::carry_out(command, entries, again());
    if (!outcome) return outcome;
    const LedgerChanges changes = changes_between(refused_, entries);
    if (changes.empty()) return outcome;
    auto noted = write_ledger(database_, product_uid_, table_.revision, changes);
    if (!noted) return std::move(noted).error();
    base::crash_point("outputs-written");
    if (auto committed = transaction->commit(); !committed) return std::move(committed).error();
    refused_ = std::move(entries);
    return outcome;
  }

  base::Result<Proof> prove() override {
    auto transaction = db::Transaction::begin(database_, db::Transaction::Mode::kRead);
    if (!transaction) return std::move(transaction).error();
    auto row = mine();
    if (!row) return std::move(row).error();
    if (!row->has_value()) return protocol::no_control_row(table_.revision);
    Proof proof;
    proof.control = **std::move(row);
    auto found = database_.prepare(
        fmt::format("SELECT {} FROM {}", protocol::quote_names(table_.columns),
                    protocol::quote_name(protocol::table_name(table_.name, table_.revision))));
    if (!found) return std::move(found).error();
    std::vector<types::ColumnBuilder> builders;
    for (const auto& column : table_.columns) builders.emplace_back(column.type);
    types::Batch batch;
    const auto count_in = [&] {
      batch.columns.clear();
      for (auto& builder : builders) batch.columns.push_back(builder.finish());
      types::add_to(proof.table, batch);
      batch.rows = 0;
    };
    for (;;) {
      auto there = found->step();
      if (!there) return std::move(there).error();
      if (!*there) break;
      for (std::size_t i = 0; i < builders.size(); ++i) {
        if (auto read = read_value(*found, static_cast<int>(i), builders[i]); !read)
          return std::move(read).error();
      }
      if (++batch.rows == kProofBatchRows) count_in();
    }
    count_in();
    auto entries = read_ledger(database_, product_uid_, table_.revision);
    if (!entries) return std::move(entries).error();
    proof.table = protocol::as_delivered(proof.table, protocol::outputs_of(*entries));
    return proof;
  }

  base::Result<SwapResult> swap() override {
    auto transaction = begin_write();
    if (!transaction) return std::move(transaction).error();
    auto next = owned_row();
    if (!next) return std::move(next).error();
    auto rows = read_controls(database_, product_uid_);
    if (!rows) return std::move(rows).error();
    SwapResult result;
    result.epoch = next->epoch;
    result.swapped = next->phase == Phase::kCurrent;
    if (result.swapped) return result;
    for (ControlRow& current : *rows) {
      if (current.phase != Phase::kCurrent) continue;
      if (!protocol::may_replace(*next, current)) {
        result.behind = true;
        return result;
      }
      next->epoch = std::max(next->epoch, current.epoch);
      current.phase = Phase::kFenced;
      current.owner.clear();
      if (auto fenced = write_control(database_, current); !fenced) return std::move(fenced).error();
    }
    ++next->epoch;
    next->phase = Phase::kCurrent;
    if (auto written = write_control(database_, *next); !written) return std::move(written).error();
    auto viewed = database_.execute(fmt::format("DROP VIEW IF EXISTS {}; {}",
                                                protocol::quote_name(table_.name), create_view_sql(table_)));
    if (!viewed) return std::move(viewed).error();
    base::crash_point("before-swap-commit");
    if (auto committed = transaction->commit(); !committed) return std::move(committed).error();
    base::crash_point("after-swap-commit");
    result.swapped = true;
    result.epoch = next->epoch;
    return result;
  }

  void interrupt() override { database_.interrupt(); }

  base::Status commit(const EpochCommit& epoch) override {
    auto transaction = begin_write();
    if (!transaction) return std::move(transaction).error();
    auto fenced = fence(epoch);
    if (!fenced) return std::move(fenced).error();
    if (*fenced == protocol::Outcome::kCommitted) return read_refused();
    base::crash_point("mid-epoch");
    auto refused = write_changes(epoch);
    if (!refused) return std::move(refused).error();
    base::crash_point("before-ledger");
    for (const LedgerChanges& ledger : {epoch.ledger, changes_between(refused_, *refused)}) {
      if (auto noted = write_ledger(database_, product_uid_, table_.revision, ledger); !noted) return noted;
    }
    base::crash_point("before-epoch-commit");
    if (auto committed = transaction->commit(); !committed) return committed;
    refused_ = *std::move(refused);
    base::crash_point("after-epoch-commit");
    return {};
  }

 private:
  // The write lock. Waits for a writer that runs; one that is recorded and frozen in its transaction is
  // ended.
  base::Result<db::Transaction> begin_write() {
    for (int attempt = 1;; ++attempt) {
      auto begun = db::Transaction::begin(database_);
      if (begun || begun.error().code != "DatabaseBusy") return begun;
      if (attempt == kLockAttempts)
        return std::move(begun).error().in("another writer holds the product's file");
      auto row = mine();
      if (!row) return std::move(row).error();
      if (row->has_value() && end_if_frozen({(*row)->backend_pid, (*row)->backend_start})) {
        base::log_warn("ended a frozen writer", {{"pid", std::to_string((*row)->backend_pid)}});
      }
    }
  }

  base::Result<std::optional<ControlRow>> mine() {
    return read_control(database_, product_uid_, table_.revision);
  }

  base::Result<ControlRow> owned_row() {
    auto row = mine();
    if (!row) return std::move(row).error();
    if (!row->has_value()) return base::fenced("the control row is gone: the revision was dropped");
    if ((*row)->owner != owner_ || owner_.empty()) return protocol::fenced_by_another(table_.revision);
    return **std::move(row);
  }

  void stamp(ControlRow& row) const {
    const WriterProcess process = this_process();
    row.product_uid = product_uid_;
    row.revision = table_.revision;
    row.backend_pid = process.pid;
    row.backend_start = process.start;
    row.committed_at = base::system_clock().now();
  }

  template <class Change>
  base::Status change_control(const Change& change) {
    auto transaction = begin_write();
    if (!transaction) return std::move(transaction).error();
    auto row = owned_row();
    if (!row) return std::move(row).error();
    if (auto changed = change(*row); !changed) return changed;
    if (auto written = write_control(database_, *row); !written) return written;
    return transaction->commit();
  }

  // The fencing update; when it finds no row, what that means.
  base::Result<protocol::Outcome> fence(const EpochCommit& epoch) {
    if (!fence_) {
      auto prepared = database_.prepare(
          "UPDATE _offtake_control SET epoch = ?4 + 1, offsets = ?5, last_records = ?6, "
          "logical_time_us = max(logical_time_us, ?7), rows = ?8, checksum = ?9, committed_at_us = ?10 "
          "WHERE product_uid = ?1 AND revision = ?2 AND owner = ?3 AND epoch = ?4");
      if (!prepared) return std::move(prepared).error();
      fence_.emplace(*std::move(prepared));
    }
    const std::string offsets = protocol::offsets_text(epoch.offsets);
    const std::string stamps = protocol::stamps_text(epoch.last_records);
    fence_->bind_all(std::string_view(product_uid_), table_.revision, std::string_view(owner_),
                     epoch.last_epoch, std::string_view(offsets), std::string_view(stamps),
                     epoch.logical_time, epoch.content.rows, static_cast<std::int64_t>(epoch.content.sum),
                     base::system_clock().now());
    if (auto updated = fence_->run(); !updated) return std::move(updated).error();
    if (database_.changes() == 1) return protocol::Outcome::kNotCommitted;
    auto row = mine();
    if (!row) return std::move(row).error();
    return protocol::outcome_of_epoch(*row, owner_, epoch.last_epoch);
  }

  // Gives the refused rows as they are with the epoch.
  base::Result<LedgerEntries> write_changes(const EpochCommit& epoch) {
    const engine::Changes& changes = epoch.changes;
    LedgerEntries out = refused_;
    if (changes.empty()) return out;
    if (auto ready = open_writer(); !ready) return std::move(ready).error();
    Refusals refusals{refused_, {}};
    if (auto erased = writer_->erase(changes.deletes, refusals); !erased) return std::move(erased).error();
    if (auto applied = writer_->apply(changes, refusals); !applied) return std::move(applied).error();
    if (auto settled = protocol::settle(refusals.found, again()); !settled) return std::move(settled).error();
    if (out.empty() && refusals.found.empty()) return out;
    auto taken =
        protocol::take_refused(refusals.found, protocol::ids_of(table_, changes), epoch.last_epoch + 1, out);
    if (!taken) return std::move(taken).error();
    return out;
  }

  base::Status read_refused() {
    auto entries = read_ledger(database_, product_uid_, table_.revision);
    if (!entries) return std::move(entries).error();
    refused_ = protocol::outputs_of(*entries);
    return {};
  }

  base::Status open_writer() {
    if (writer_) return {};
    auto opened = RowWriter::open(database_, table_, true);
    if (!opened) return std::move(opened).error();
    writer_.emplace(*std::move(opened));
    return {};
  }

  protocol::WriteAgain again() {
    return [this](const std::vector<protocol::RowAgain>& rows) { return write_again(rows); };
  }

  base::Result<std::vector<protocol::RefusedRow>> write_again(const std::vector<protocol::RowAgain>& rows) {
    if (auto ready = open_writer(); !ready) return std::move(ready).error();
    std::vector<protocol::RefusedRow> out;
    for (const auto& row : rows) {
      auto why = writer_->write_again(row);
      if (!why) return std::move(why).error();
      if (!why->has_value()) continue;
      protocol::RefusedRow refused;
      refused.id = row.id;
      refused.why = **std::move(why);
      out.push_back(std::move(refused));
    }
    return out;
  }

  base::Error duplicate_key() {
    std::string values;
    for (const auto& column : protocol::identity_columns(table_)) {
      values += fmt::format("{}CAST(coalesce({}, 'NULL') AS TEXT)", values.empty() ? "" : ", ",
                            protocol::quote_name(column.name));
    }
    const std::string columns = protocol::quote_names(protocol::identity_columns(table_));
    auto found = database_.query(
        fmt::format("SELECT {} FROM {} GROUP BY {} HAVING count(*) > 1 LIMIT 1", values,
                    protocol::quote_name(protocol::table_name(table_.name, table_.revision)), columns));
    std::vector<std::string> shown;
    if (found) {
      if (auto there = found->step(); there && *there) {
        for (std::size_t i = 0; i < protocol::identity_columns(table_).size(); ++i) {
          shown.push_back(found->string(static_cast<int>(i)));
        }
      }
    }
    return protocol::key_not_unique(table_, shown);
  }

  const std::string path_;
  const TableSpec table_;
  const std::string product_uid_;
  db::Database database_;
  std::string owner_;
  std::shared_ptr<std::mutex> write_turn_;
  std::optional<db::Statement> fence_;
  std::optional<RowWriter> writer_;
  LedgerEntries refused_;  // as of the last commit
};

}  // namespace

base::Result<std::unique_ptr<Target>> open_target(const TargetConnection& connection, const TableSpec& table,
                                                  const std::string& product_uid) {
  std::error_code ignored;
  if (!std::filesystem::exists(connection.path, ignored)) {
    return base::terminal("TargetMissing",
                          fmt::format("the product's file {} does not exist", connection.path))
        .with_hint("provisioning makes it; the product was deleted, or its file was");
  }
  auto database = db::Database::open(connection.path, {.busy_timeout_ms = kLockTimeoutMs});
  if (!database) return std::move(database).error();
  // Index builds sort in this much memory; what a giant transaction left of the journal is given back.
  if (auto set = database->execute("PRAGMA cache_size = -16384; PRAGMA journal_size_limit = 67108864");
      !set) {
    return std::move(set).error();
  }
  return std::make_unique<SqliteTarget>(connection.path, table, product_uid, *std::move(database));
}

}  // namespace offtake::targets::sqlite
