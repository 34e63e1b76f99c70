// Which checkpoint a starting worker may go on from: pure, of recovery.h.
#pragma once
#include "operators/delivery/checkpoint_manifest.h"
#include "operators/delivery/recovery.h"

namespace offtake::delivery {

// Empty where the checkpoint may be restored and rolled forward to the control row; else why it may not,
// which stays so: torn or damaged, of another state format, foreign (another product, plan, or history of
// owners), ahead of the control row, or behind records or deletions that the source has removed.
std::string why_unusable(const CheckpointManifest& checkpoint, const targets::ControlRow& control,
                         const std::string& fingerprint, const std::vector<SourceFacts>& sources,
                         const CheckpointsFound& found, base::Micros now);

}  // namespace offtake::delivery
