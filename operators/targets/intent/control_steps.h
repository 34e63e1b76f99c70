// What every Target over a ControlStore does to its control rows: pure steps, and compare-and-sets that lead
// to a swap. Of the thread that calls the store.
#pragma once
#include "operators/targets/intent/control_store.h"

namespace offtake::targets::intent {

// So close a successor lets the current revision stand still: one epoch's records.
inline constexpr std::int64_t kNearRecords = 50'000;

// Code ControlChanged (transient).
base::Error changed_meanwhile(int revision);

base::Result<std::vector<ControlRow>> rows_of(ControlStore& control);

// What a fill begins with, over what is there. Fenced error for another's; RevisionPublished (terminal).
base::Result<ControlStore::Stored> start_of_fill(const std::optional<ControlStore::Stored>& there,
                                                 const ControlRow& row, int revision,
                                                 const std::string& product_uid);
// Of the revision: its document's, and while it fills what the streams parked.
base::Result<std::vector<LedgerEntry>> ledger_of(ControlStore& control, int revision);
// `row`'s, and while it fills what the streams parked.
std::vector<LedgerEntry> ledger_of(const ControlRow& row, const std::vector<FillProgress>& streams);
// Adds what the streams parked, and `ledger`.
void end_ledger_of_fill(const std::vector<FillProgress>& streams, const LedgerChanges& ledger,
                        ControlRow& row);
// What `epoch` is begun with; none where that is stored already. Code IntentDiffers (terminal).
base::Result<std::optional<Intent>> intent_to_store(const ControlRow& row, const EpochCommit& epoch);
// The row once `epoch` is committed.
ControlRow after_epoch(ControlRow row, const EpochCommit& epoch);

// The other revision that readers see, if there is one.
base::Result<std::optional<ControlStore::Stored>> published_beside(ControlStore& control, int revision);
// Sets `previous` to HandingOver, so that its offsets stand still; false: it committed meanwhile.
base::Result<bool> let_stand(ControlStore& control, ControlStore::Stored& previous);
// Sets it to Fenced. Whoever finds it undone ends it, so that a failure is only logged.
void retire(ControlStore& control, ControlStore::Stored& previous);

}  // namespace offtake::targets::intent
