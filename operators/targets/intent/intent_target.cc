#include "operators/targets/intent/intent_target.h"

#include "base/crash_point.h"
#include "operators/targets/intent/control_steps.h"
#include "operators/targets/protocol/ownership.h"
#include "operators/targets/protocol/refused_rows.h"

namespace offtake::targets::intent {
namespace {

using Stored = ControlStore::Stored;

constexpr int kFenceAttempts = 20;

// Rows have newer versions, or their place is gone: the work of another owner, unless there is none.
bool is_of_another(const base::Error& error) {
  return error.code == kSuperseded || error.code == kPlaceGone;
}

class IntentLoader : public Loader {
 public:
  IntentLoader(ControlStore& control, const ControlRow& row, FillProgress progress,
               std::unique_ptr<RowLoader> rows)
      : control_(control),
        revision_(row.revision),
        owner_(row.owner),
        progress_(std::move(progress)),
        rows_(std::move(rows)) {}

  base::Status append(const engine::Changes& rows) override {
    if (auto written = rows_->append(rows); !written) return explain(std::move(written).error());
    base::crash_point("mid-load");
    progress_.content.rows += rows.checksum.rows;
    progress_.content.sum += rows.checksum.sum;
    return {};
  }

  base::Status commit(const SourceOffsets& reached, const RecordStamps& last_records,
                      const LedgerChanges& ledger) override {
    if (auto flushed = rows_->flush(); !flushed) return explain(std::move(flushed).error());
    // The place is this fill's alone, its progress is the revision's.
    if (auto mine = check_owner(); !mine) return mine;
    if (!reached.empty()) progress_.reached = reached;
    if (!last_records.empty()) progress_.last_records = last_records;
    apply(ledger, progress_.ledger);
    auto taken = protocol::take_refused(rows_->take_refused(), {}, 0, progress_.ledger);
    if (!taken) return taken;
    return control_.write_fill_progress(revision_, progress_);
  }

 private:
  base::Status check_owner() {
    auto stored = control_.read(revision_);
    if (!stored) return std::move(stored).error();
    if (!stored->has_value() || (*stored)->row.owner != owner_ || (*stored)->row.phase != Phase::kFilling) {
      return protocol::fenced_by_another(revision_);
    }
    return {};
  }

  base::Error explain(base::Error error) {
    if (!is_of_another(error)) return error;
    if (auto mine = check_owner(); !mine) return std::move(mine).error();
    return error;
  }

  ControlStore& control_;
  const int revision_;
  const std::string owner_;
  FillProgress progress_;
  std::unique_ptr<RowLoader> rows_;
};

class IntentTarget : public Target {
 public:
  IntentTarget(TableSpec table, std::string product_uid, std::unique_ptr<ControlStore> control,
               std::unique_ptr<RowStore> rows)
      : table_(std::move(table)),
        product_uid_(std::move(product_uid)),
        control_(std::move(control)),
        rows_(std::move(rows)) {}

  base::Result<std::vector<ControlRow>> controls() override { return rows_of(*control_); }

  base::Status begin_fill(const ControlRow& row) override {
    auto found = control_->read(table_.revision);
    if (!found) return std::move(found).error();
    auto next = start_of_fill(*found, row, table_.revision, product_uid_);
    if (!next) return std::move(next).error();
    const std::string previous = found->has_value() ? (*found)->row.place : "";
    if (auto forgotten = control_->forget_fill(table_.revision); !forgotten) return forgotten;
    next->row.intent.reset();
    next->row.place = rows_->place_for(next->row);
    owner_ = row.owner;
    mine_ = *std::move(next);
    if (auto written = write(mine_->row); !written) return written;
    return rows_->make(mine_->row.place, previous == mine_->row.place ? "" : previous);
  }

  base::Result<ControlRow> take_ownership(const Ownership& request) override {
    auto found = control_->read(table_.revision);
    if (!found) return std::move(found).error();
    if (!found->has_value()) return protocol::no_control_row(table_.revision);
    mine_ = **std::move(found);
    auto row = protocol::taken_over(mine_->row, request);
    if (!row) return std::move(row).error();
    if (auto written = write(*row); !written) return std::move(written).error();
    owner_ = request.owner;
    return row;
  }

  base::Result<std::vector<FillProgress>> fill_progress() override {
    return control_->fill_progress(table_.revision);
  }

  base::Status store_cut(const SourceOffsets& cut) override {
    return change([&](ControlRow& row) { row.cut = cut; });
  }

  base::Result<std::unique_ptr<Loader>> open_loader(const std::string& stream) override {
    auto mine = owned();
    if (!mine) return std::move(mine).error();
    auto all = control_->fill_progress(table_.revision);
    if (!all) return std::move(all).error();
    FillProgress progress;
    progress.stream = stream;
    for (auto& known : *all) {
      if (known.stream == stream) progress = std::move(known);
    }
    auto rows = rows_->open_loader(mine->place);
    if (!rows) return std::move(rows).error();
    return std::make_unique<IntentLoader>(*control_, *mine, std::move(progress), *std::move(rows));
  }

  base::Status finish_load() override {
    auto mine = owned();
    if (!mine) return std::move(mine).error();
    base::crash_point("before-indexes");
    if (auto finished = rows_->finish_load(mine->place); !finished)
      return explain(std::move(finished).error());
    base::crash_point("after-indexes");
    return {};
  }

  base::Status finish_fill(const types::Checksum& content, base::Micros logical_time,
                           const RecordStamps& last_records, const LedgerChanges& ledger) override {
    auto streams = control_->fill_progress(table_.revision);
    if (!streams) return std::move(streams).error();
    return change([&](ControlRow& row) {
      end_ledger_of_fill(*streams, ledger, row);
      row.offsets = row.cut;
      row.content = content;
      row.logical_time = logical_time;
      row.last_records = last_records;
      row.committed_at = base::system_clock().now();
      if (row.phase == Phase::kFilling) row.phase = Phase::kCatchingUp;
    });
  }

  base::Result<std::vector<LedgerEntry>> ledger(int revision) override {
    auto entries = ledger_of(*control_, revision);
    if (!entries) return std::move(entries).error();
    return protocol::without_outputs(*std::move(entries));
  }

  LedgerEntries outputs() override {
    return mine_ ? protocol::outputs_of(mine_->row.ledger) : LedgerEntries();
  }

  base::Result<LedgerOutcome> carry_out(const LedgerCommand& command) override {
    auto row = owned();
    if (!row) return std::move(row).error();
    LedgerOutcome outcome;
    const std::int64_t marked = protocol::mark(command, row->ledger);
    if (marked == 0) return outcome;
    if (auto written = write(*row); !written) return std::move(written).error();
    base::crash_point("outputs-marked");
    if (command.verb == LedgerCommand::Verb::kReplay) return write_again();
    outcome.discarded = marked;
    return outcome;
  }

  // A replay that was cut short.
  base::Status tend() override {
    if (!mine_ || mine_->row.intent || !protocol::any_retrying(mine_->row.ledger)) return {};
    auto outcome = write_again();
    return outcome ? base::Status() : base::Status(std::move(outcome).error());
  }

  base::Result<Proof> prove() override {
    auto before = control_->read(table_.revision);
    if (!before) return std::move(before).error();
    if (!before->has_value()) return protocol::no_control_row(table_.revision);
    if ((*before)->row.intent) {
      return base::transient("IntentOpen",
                             fmt::format("epoch {} is being written", (*before)->row.intent->epoch));
    }
    Proof proof;
    auto table = rows_->checksum((*before)->row.place);
    if (!table) return std::move(table).error();
    if (protocol::any_retrying((*before)->row.ledger))
      return base::transient("IntentOpen", "rows that were refused are being written");
    proof.table = protocol::as_delivered(*table, (*before)->row.ledger);
    auto after = control_->read(table_.revision);
    if (!after) return std::move(after).error();
    if (!after->has_value() || (*after)->version != (*before)->version) {
      return changed_meanwhile(table_.revision);
    }
    proof.control = std::move((*before)->row);
    return proof;
  }

  base::Result<SwapResult> swap() override {
    mine_.reset();
    auto next = owned();
    if (!next) return std::move(next).error();
    if (next->intent) return base::transient("IntentOpen", "an epoch is being written; it comes first");
    auto found = published_beside(*control_, table_.revision);
    if (!found) return std::move(found).error();
    std::optional<Stored> previous = *std::move(found);
    SwapResult result;
    if (next->phase != Phase::kCurrent) {
      if (previous) {
        auto ready = hand_over(*next, *previous, result);
        if (!ready) return std::move(ready).error();
        if (!*ready) return result;
      }
      base::crash_point("before-swap-commit");
      if (auto published = rows_->publish(next->place); !published)
        return explain(std::move(published).error());
      base::crash_point("public-name-moved");
      ControlRow row = *next;
      row.epoch = std::max(row.epoch, previous ? previous->row.epoch : 0) + 1;
      row.phase = Phase::kCurrent;
      if (auto written = write(row); !written) return std::move(written).error();
      base::crash_point("after-swap-commit");
      *next = std::move(row);
    }
    // Whoever finds it undone ends it: the next call here, or the control plane's fence.
    if (previous) retire(*control_, *previous);
    result.swapped = true;
    result.epoch = next->epoch;
    return result;
  }

  base::Status commit(const EpochCommit& epoch) override {
    if (!mine_) {
      auto found = control_->read(table_.revision);
      if (!found) return std::move(found).error();
      mine_ = *std::move(found);
    }
    const std::optional<ControlRow> there =
        mine_ ? std::optional<ControlRow>(mine_->row) : std::optional<ControlRow>();
    auto outcome = protocol::outcome_of_epoch(there, owner_, epoch.last_epoch);
    if (!outcome) {
      mine_.reset();
      return std::move(outcome).error();
    }
    if (*outcome == protocol::Outcome::kCommitted) return {};
    if (auto stored = store_intent(epoch); !stored) return stored;
    ControlRow row = after_epoch(mine_->row, epoch);
    row.intent.reset();
    if (!epoch.changes.empty()) {
      auto refused = rows_->write(mine_->row.place, epoch.changes, row.epoch);
      if (!refused) return explain(std::move(refused).error());
      auto taken = protocol::take_refused(*refused, rows_->ids_of(epoch.changes), row.epoch, row.ledger);
      if (!taken) return taken;
    }
    base::crash_point("before-epoch-commit");
    row.committed_at = base::system_clock().now();
    if (auto written = write(row); !written) return written;
    base::crash_point("after-epoch-commit");
    rows_->tidy(row.place);
    return {};
  }

  void interrupt() override { rows_->interrupt(); }

 private:
  // This revision's row, from the document as it was last seen.
  base::Result<ControlRow> owned() {
    if (!mine_) {
      auto found = control_->read(table_.revision);
      if (!found) return std::move(found).error();
      mine_ = *std::move(found);
    }
    if (!mine_) return base::fenced("the control row is gone: the revision was dropped");
    if (mine_->row.owner != owner_ || owner_.empty()) {
      mine_.reset();
      return protocol::fenced_by_another(table_.revision);
    }
    return mine_->row;
  }

  // Over the version that was seen. When it is not known what became of it, or another one was there first,
  // the document is read again by whoever comes next: `outcome_of_epoch` and `owned` then say which.
  base::Status write(const ControlRow& row) {
    auto version = control_->write(row, mine_ ? mine_->version : "");
    if (version) {
      mine_ = Stored{row, *std::move(version)};
      return {};
    }
    mine_.reset();
    base::Error error = std::move(version).error();
    if (error.code != kConflict) return error;
    auto there = control_->read(table_.revision);
    if (!there) return std::move(there).error();
    const bool others = !there->has_value() || (*there)->row.owner != row.owner;
    if (others) return protocol::fenced_by_another(table_.revision);
    return changed_meanwhile(table_.revision);
  }

  template <class Change>
  base::Status change(const Change& change) {
    auto row = owned();
    if (!row) return std::move(row).error();
    change(*row);
    return write(*row);
  }

  base::Status store_intent(const EpochCommit& epoch) {
    auto wanted = intent_to_store(mine_->row, epoch);
    if (!wanted) return std::move(wanted).error();
    if (!wanted->has_value() || epoch.changes.empty()) return {};
    ControlRow row = mine_->row;
    row.intent = **std::move(wanted);
    if (auto written = write(row); !written) return written;
    base::crash_point("intent-stored");
    return {};
  }

  base::Result<LedgerOutcome> write_again() {
    auto row = owned();
    if (!row) return std::move(row).error();
    auto refused = rows_->write_again(row->place, protocol::to_write_again(row->ledger));
    if (!refused) return explain(std::move(refused).error());
    base::crash_point("outputs-written");
    LedgerOutcome outcome = protocol::end_retries(*refused, row->ledger);
    if (auto written = write(*row); !written) return std::move(written).error();
    return outcome;
  }

  base::Error explain(base::Error error) {
    if (!is_of_another(error)) return error;
    mine_.reset();
    if (auto row = owned(); !row) return std::move(row).error();
    return error;
  }

  // True: `previous` stands still, and this revision is at or past it.
  base::Result<bool> hand_over(const ControlRow& next, Stored& previous, SwapResult& result) {
    ControlRow& row = previous.row;
    if (row.phase == Phase::kCurrent) {
      if (!protocol::may_replace(next, row) && !protocol::is_near(next, row, kNearRecords)) {
        result.behind = true;
        return false;
      }
      if (row.intent) {
        result.blocked_by =
            fmt::format("epoch {} of revision {}, which is not finished", row.intent->epoch, row.revision);
        return false;
      }
      auto stands = let_stand(*control_, previous);
      if (!stands) return stands;
      result.behind = !*stands;  // it committed meanwhile
      if (result.behind) return false;
    }
    if (protocol::may_replace(next, row)) return true;
    result.reach = protocol::to_reach(next, row);
    result.reach_time = row.logical_time;
    return false;
  }

  const TableSpec table_;
  const std::string product_uid_;
  const std::unique_ptr<ControlStore> control_;
  const std::unique_ptr<RowStore> rows_;
  std::string owner_;
  std::optional<Stored> mine_;  // as last seen; absent: to be read
};

}  // namespace

std::unique_ptr<Target> make_target(TableSpec table, std::string product_uid,
                                    std::unique_ptr<ControlStore> control, std::unique_ptr<RowStore> rows) {
  return std::make_unique<IntentTarget>(std::move(table), std::move(product_uid), std::move(control),
                                        std::move(rows));
}

base::Status fence_revision(ControlStore& control, const std::string& product_uid,
                            const std::string& installation, int revision) {
  for (int attempt = 1;; ++attempt) {
    auto found = control.read(revision);
    if (!found) return std::move(found).error();
    ControlRow row = found->has_value() ? (*found)->row : ControlRow{};
    if (row.phase == Phase::kFenced) return {};
    row.product_uid = product_uid;
    row.installation = installation;
    row.revision = revision;
    row.phase = Phase::kFenced;
    row.owner.clear();
    auto written = control.write(row, found->has_value() ? (*found)->version : "");
    if (written) return {};
    // Its worker commits all the while.
    if (written.error().code != kConflict || attempt == kFenceAttempts) return std::move(written).error();
  }
}

}  // namespace offtake::targets::intent
