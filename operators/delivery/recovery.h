// What a starting worker does with what it finds: the pure decision of correctness.md, "Recovery".
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "operators/delivery/checkpoint_manifest.h"
#include "operators/targets/target.h"

namespace offtake::delivery {

// What is known of one source when the worker starts.
struct SourceFacts {
  std::string dataset;
  bool keeps_tombstones_for_ever = true;  // cleanup.policy=delete, or an embedded log kept whole
  std::int64_t delete_retention_ms = 0;   // compacted topics
  std::map<int, sources::PartitionBounds> bounds;
};

// Whether deletions that nobody has read since `read_at` may have been removed from it.
bool tombstones_may_be_gone(const SourceFacts& source, base::Micros read_at, base::Micros now);

// The checkpoints there are.
struct CheckpointsFound {
  std::vector<CheckpointManifest> manifests;  // in the order in which they are to be considered
  std::vector<OwnerChange> owners;            // oldest first
  std::string me;                             // who owns the control row now
};

enum class Recovery {
  kFill,        // nothing there, or a stateful fill that was cut short: a new cut
  kResumeFill,  // a stateless fill goes on from its progress rows
  kGoLive,      // no state to rebuild
  kRestore,     // a checkpoint's state, rolled forward to the control row's offsets
  kReplay,      // rebuild the state from the start offsets
  kRefill,      // StateLost, SourceReplaced: this revision cannot go on
};

struct RecoveryDecision {
  Recovery action = Recovery::kFill;
  std::string reason;  // StateLost, SourceReplaced, TombstonesMayBeMissed
  std::string message;
  CheckpointManifest checkpoint;  // kRestore
  struct Rejected {
    std::string name, why;
  };
  std::vector<Rejected> rejected;  // checkpoints that can never be used: to be thrown away
};

// An intent changes nothing of it: the state is brought to the control row's offsets, and live delivery
// begins by committing what was begun.
RecoveryDecision decide_recovery(const std::optional<targets::ControlRow>& control, bool stateless,
                                 const std::string& fingerprint, const std::vector<SourceFacts>& sources,
                                 base::Micros now, const CheckpointsFound& checkpoints = {});

}  // namespace offtake::delivery
