// Live delivery: from exactly the control row's offsets, epoch by epoch; and the swap that publishes a
// revision once it has caught up.
#pragma once
#include "operators/delivery/pipeline.h"

namespace offtake::delivery {

struct LiveStart {
  targets::ControlRow control;
  std::unique_ptr<engine::Dataflow> dataflow;  // null: the plan has no state
  std::vector<targets::LedgerEntry> ledger;    // as of the control row
};

// Runs until `stop` (then Drained, at an epoch boundary) or an error: Fenced, MemoryExceeded,
// TombstonesMayBeMissed, or what sources and target report. The state in memory is not given up for what
// passes: a target or source that is away is waited for, a swap that is refused is tried again, and while
// rows are in error (RowError, KeyNotUnique) or a record does not decode the product stalls in place: it
// reads on, and what came meanwhile lands in one epoch with what corrects it. So it is with a clock that
// jumps (ClockJump). A product that parks goes on without what does not decode or raises; commands to the
// ledger are carried out between two epochs, with an epoch of their own.
base::Error run_live(const Pipeline& pipeline, LiveStart start, std::stop_token stop);

}  // namespace offtake::delivery
