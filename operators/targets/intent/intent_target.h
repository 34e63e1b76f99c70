// A Target over stores without transactions: "intent first" (correctness: "Targets without transactions",
// "Publishing, change, rollback").
//
// Epoch: intent by compare-and-set; rows, each with the epoch as its version; control row without intent. An
// epoch without changes is the last step alone. Whoever starts and finds an intent must commit it first.
// Swap: the current revision goes to phase HandingOver, by compare-and-set and only where it has no intent
// open, so its offsets stand still; `reach` until this revision is there; the public name is moved; this
// revision becomes Current; the other one Fenced. A restart goes on from wherever this stopped.
//
// Owners: a takeover changes the control document, so whoever was there before fails at its next
// compare-and-set; rows that it still has under way carry versions that replace nothing newer.
#pragma once
#include "operators/targets/intent/control_store.h"
#include "operators/targets/intent/row_store.h"

namespace offtake::targets::intent {

std::unique_ptr<Target> make_target(TableSpec table, std::string product_uid,
                                    std::unique_ptr<ControlStore> control, std::unique_ptr<RowStore> rows);

// For provisioners, as every engine's: the phase Fenced and no owner, whatever was there; and the control
// document of a fenced revision, with what it says of its fill, gone. `installation` is for a row that is
// made.
base::Status fence_revision(ControlStore& control, const std::string& product_uid,
                            const std::string& installation, int revision);

}  // namespace offtake::targets::intent
