// Who may write: the pure decisions about control rows that every engine takes the same way
// (correctness: "Epochs, owner, fence", "Publishing, change, rollback").
#pragma once
#include <optional>
#include <string>

#include "operators/targets/target.h"

namespace offtake::targets::protocol {

// The incarnation must be at or above the row's; a fenced revision is nobody's again (there is no rollback in
// this version). Fenced error otherwise.
base::Status may_take(const ControlRow& row, const Ownership& request);

// The row with its new owner. Errors: as may_take, which is not asked where it is the owner's already.
base::Result<ControlRow> taken_over(ControlRow row, const Ownership& request);

// What became of epoch `last_epoch + 1` when its COMMIT got no answer, or its fencing update found no row.
enum class Outcome { kCommitted, kNotCommitted };
// Fenced error for another owner; code TargetRewound (transient) where the target went back to an earlier
// state.
base::Result<Outcome> outcome_of_epoch(const std::optional<ControlRow>& row, const std::string& owner,
                                       std::int64_t last_epoch);

// Whether `next` is at or past `current` for every partition that both read, and in logical time.
bool may_replace(const ControlRow& next, const ControlRow& current);

// Whether `next` has read what `current` has not, in a partition that both read.
bool is_past(const ControlRow& next, const ControlRow& current);

// Whether `next` has to read at most so many records to be where `current` is.
bool is_near(const ControlRow& next, const ControlRow& current, std::int64_t records);
// Where `next` is at `current` for every partition that both read, and nowhere behind itself.
SourceOffsets to_reach(const ControlRow& next, const ControlRow& current);

base::Error fenced_by_another(int revision);
base::Error no_control_row(int revision);

}  // namespace offtake::targets::protocol
