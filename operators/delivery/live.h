// Live delivery: from exactly the control row's offsets, epoch by epoch; and the swap that publishes a
// revision once it has caught up.
#pragma once
#include "operators/delivery/pipeline.h"

namespace offtake::delivery {

struct LiveStart {
  targets::ControlRow control;
  std::unique_ptr<engine::Dataflow> dataflow;  // null: the plan has no state
  // Not empty: the first epoch takes everything up to here, however large. After a row stalled the product,
  // what corrects it must be able to land in one epoch with it.
  targets::SourceOffsets first_epoch_goal;
};

// Runs until `stop` (then Drained, at an epoch boundary) or an error: Fenced, RecordNotDecoded, RowError,
// KeyNotUnique, MemoryExceeded, ClockJump, or what sources and target report.
base::Error run_live(const Pipeline& pipeline, LiveStart start, std::stop_token stop);

}  // namespace offtake::delivery
