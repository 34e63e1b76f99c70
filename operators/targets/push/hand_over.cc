#include "operators/targets/push/hand_over.h"

#include "operators/targets/intent/control_steps.h"
#include "operators/targets/protocol/ownership.h"

namespace offtake::targets::push {

bool is_past(const ControlRow& next, const ControlRow& current) {
  for (const auto& [dataset, partitions] : current.offsets) {
    const auto mine = next.offsets.find(dataset);
    if (mine == next.offsets.end()) continue;
    for (const auto& [partition, offset] : mine->second) {
      const auto there = partitions.find(partition);
      if (offset > (there == partitions.end() ? 0 : there->second)) return true;
    }
  }
  return false;
}

bool is_near_enough(const ControlRow& next, const ControlRow& current, SwapResult& result) {
  if (is_past(next, current)) {
    result.hold = true;
    result.blocked_by = fmt::format("revision {}, which has not read as far yet", current.revision);
    return false;
  }
  result.behind =
      !protocol::may_replace(next, current) && !protocol::is_near(next, current, intent::kNearRecords);
  return !result.behind;
}

}  // namespace offtake::targets::push
