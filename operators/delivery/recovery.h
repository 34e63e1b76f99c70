// What a starting worker does with what it finds: the pure decision of correctness.md, "Recovery".
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "operators/targets/target.h"

namespace offtake::delivery {

// What is known of one source when the worker starts.
struct SourceFacts {
  std::string dataset;
  bool keeps_tombstones_for_ever = true;  // cleanup.policy=delete, or an embedded log kept whole
  std::int64_t delete_retention_ms = 0;   // compacted topics
  std::map<int, sources::PartitionBounds> bounds;
};

enum class Recovery {
  kFill,        // nothing there, or a stateful fill that was cut short: a new cut
  kResumeFill,  // a stateless fill goes on from its progress rows
  kGoLive,      // no state to rebuild
  kReplay,      // rebuild the state from the start offsets
  kRefill,      // StateLost, SourceReplaced: this revision cannot go on
};

struct RecoveryDecision {
  Recovery action = Recovery::kFill;
  std::string reason;  // StateLost, SourceReplaced, TombstonesMayBeMissed
  std::string message;
};

// An intent changes nothing of it: the state is brought to the control row's offsets, and live delivery
// begins by committing what was begun.
RecoveryDecision decide_recovery(const std::optional<targets::ControlRow>& control, bool stateless,
                                 const std::string& fingerprint, const std::vector<SourceFacts>& sources,
                                 base::Micros now);

}  // namespace offtake::delivery
