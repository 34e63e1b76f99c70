#include "operators/targets/intent/control_steps.h"

#include "base/crash_point.h"
#include "base/log.h"
#include "operators/targets/protocol/ownership.h"

namespace offtake::targets::intent {

using Stored = ControlStore::Stored;

base::Error changed_meanwhile(int revision) {
  return base::transient("ControlChanged",
                         fmt::format("the control document of revision {} changed meanwhile", revision));
}

base::Result<std::vector<ControlRow>> rows_of(ControlStore& control) {
  auto all = control.read_all();
  if (!all) return std::move(all).error();
  std::vector<ControlRow> out;
  for (auto& stored : *all) out.push_back(std::move(stored.row));
  return out;
}

base::Result<Stored> start_of_fill(const std::optional<Stored>& there, const ControlRow& row, int revision,
                                   const std::string& product_uid) {
  Stored next;
  if (there) {
    if (there->row.owner != row.owner) {
      auto allowed = protocol::may_take(there->row, {row.revision, row.incarnation, row.owner});
      if (!allowed) return std::move(allowed).error();
    }
    if (there->row.phase == Phase::kCurrent) {
      return base::terminal("RevisionPublished",
                            fmt::format("revision {} is published; it is not filled again", row.revision))
          .with_hint("a refill makes a new revision");
    }
    next.version = there->version;
  }
  next.row = row;
  next.row.product_uid = product_uid;
  next.row.revision = revision;
  next.row.phase = Phase::kFilling;
  next.row.epoch = std::max<std::int64_t>(row.epoch, 0);
  next.row.committed_at = base::system_clock().now();
  next.row.ledger.clear();
  return next;
}

base::Result<std::vector<LedgerEntry>> ledger_of(ControlStore& control, int revision) {
  auto stored = control.read(revision);
  if (!stored) return std::move(stored).error();
  if (!stored->has_value()) return std::vector<LedgerEntry>();
  const ControlRow& row = (*stored)->row;
  if (row.phase != Phase::kFilling) return ledger_of(row, {});
  auto streams = control.fill_progress(revision);
  if (!streams) return std::move(streams).error();
  return ledger_of(row, *streams);
}

std::vector<LedgerEntry> ledger_of(const ControlRow& row, const std::vector<FillProgress>& streams) {
  LedgerEntries entries = row.ledger;
  if (row.phase == Phase::kFilling) {
    for (const auto& stream : streams) entries.insert(stream.ledger.begin(), stream.ledger.end());
  }
  std::vector<LedgerEntry> out;
  for (auto& [id, entry] : entries) out.push_back(std::move(entry));
  return out;
}

void end_ledger_of_fill(const std::vector<FillProgress>& streams, const LedgerChanges& ledger,
                        ControlRow& row) {
  for (const auto& stream : streams) row.ledger.insert(stream.ledger.begin(), stream.ledger.end());
  apply(ledger, row.ledger);
}

base::Result<std::optional<Intent>> intent_to_store(const ControlRow& row, const EpochCommit& epoch) {
  Intent wanted{epoch.last_epoch + 1, epoch.offsets, epoch.last_records,
                epoch.logical_time,   epoch.content, epoch.ledger};
  if (!row.intent) return std::optional(std::move(wanted));
  if (*row.intent == wanted) return std::optional<Intent>();
  return base::terminal("IntentDiffers",
                        fmt::format("epoch {} was begun with other offsets or content", wanted.epoch));
}

ControlRow after_epoch(ControlRow row, const EpochCommit& epoch) {
  row.epoch = epoch.last_epoch + 1;
  row.offsets = epoch.offsets;
  row.last_records = epoch.last_records;
  row.logical_time = std::max(row.logical_time, epoch.logical_time);
  row.content = epoch.content;
  apply(epoch.ledger, row.ledger);
  row.committed_at = base::system_clock().now();
  return row;
}

base::Result<std::optional<Stored>> published_beside(ControlStore& control, int revision) {
  auto all = control.read_all();
  if (!all) return std::move(all).error();
  std::optional<Stored> previous;
  for (Stored& stored : *all) {
    const Phase phase = stored.row.phase;
    if (stored.row.revision == revision) continue;
    if (phase == Phase::kCurrent || phase == Phase::kHandingOver) previous = std::move(stored);
  }
  return previous;
}

base::Result<bool> let_stand(ControlStore& control, Stored& previous) {
  previous.row.phase = Phase::kHandingOver;
  previous.row.owner.clear();
  auto version = control.write(previous.row, previous.version);
  if (!version && version.error().code == kConflict) return false;
  if (!version) return std::move(version).error();
  previous.version = *std::move(version);
  base::log_info("the previous revision stands still", {{"revision", std::to_string(previous.row.revision)}});
  base::crash_point("handing-over");
  return true;
}

void retire(ControlStore& control, Stored& previous) {
  previous.row.phase = Phase::kFenced;
  previous.row.owner.clear();
  if (auto fenced = control.write(previous.row, previous.version); !fenced) {
    base::log_warn("the previous revision is not fenced yet", {{"error", fenced.error().text()}});
  }
}

}  // namespace offtake::targets::intent
