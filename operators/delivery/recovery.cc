#include "operators/delivery/recovery.h"

#include "operators/delivery/checkpoint_choice.h"

namespace offtake::delivery {
namespace {

// An hour less than the topic's setting: the cleaner may have run that much before we look.
constexpr std::int64_t kTombstoneMarginMs = 3'600'000;

RecoveryDecision refill(std::string reason, std::string message) {
  return {Recovery::kRefill, std::move(reason), std::move(message), {}, {}};
}

// No checkpoint is of a fill that has yet to end.
RecoveryDecision fill(Recovery action, const CheckpointsFound& checkpoints) {
  RecoveryDecision out{action, "", "", {}, {}};
  for (const auto& checkpoint : checkpoints.manifests) {
    out.rejected.push_back({checkpoint.name, "foreign: the revision is filled anew"});
  }
  return out;
}

// Tombstones of a compacted topic may be gone when nobody read it for that long.
std::optional<RecoveryDecision> check_tombstones(const targets::ControlRow& control,
                                                 const SourceFacts& source, base::Micros now) {
  // Everything up to the logical time was read. The last commit may be later: of a worker that lagged.
  const base::Micros read_at = std::min(control.logical_time, control.committed_at);
  if (!tombstones_may_be_gone(source, read_at, now)) return std::nullopt;
  return refill("TombstonesMayBeMissed",
                fmt::format("{} was not read for {}, longer than its topic keeps deletions", source.dataset,
                            base::format_duration(now - read_at)));
}

std::optional<RecoveryDecision> check_offsets(const targets::SourceOffsets& read, const SourceFacts& source) {
  const auto mine = read.find(source.dataset);
  if (mine == read.end()) return std::nullopt;
  for (const auto& [partition, offset] : mine->second) {
    const auto bounds = source.bounds.find(partition);
    if (bounds == source.bounds.end()) {
      return refill("SourceReplaced", fmt::format("partition {} of {} is gone", partition, source.dataset));
    }
    if (offset > bounds->second.high_watermark) {
      return refill("SourceReplaced",
                    fmt::format("{} partition {} ends at {}, but {} was read before: the topic was replaced",
                                source.dataset, partition, bounds->second.high_watermark, offset));
    }
    if (offset < bounds->second.earliest) {
      return refill(
          "StateLost",
          fmt::format("{} partition {} now begins at {}, past our position {}: records were removed "
                      "before they were read",
                      source.dataset, partition, bounds->second.earliest, offset));
    }
  }
  return std::nullopt;
}

// Replay rebuilds the state only if nothing that was read has been removed since.
std::optional<RecoveryDecision> check_replay(const targets::ControlRow& control, const SourceFacts& source) {
  if (!source.keeps_tombstones_for_ever) {
    return refill("StateLost",
                  fmt::format("the state over {} is lost and its topic is compacted: it cannot be "
                              "rebuilt by reading it again",
                              source.dataset));
  }
  const auto read = control.offsets.find(source.dataset);
  if (read == control.offsets.end()) return std::nullopt;
  const auto starts = control.start_offsets.find(source.dataset);
  for (const auto& [partition, reached] : read->second) {
    // A partition that the topic grew later has no start offset: it was read from its first record.
    sources::Offset start = 0;
    if (starts != control.start_offsets.end()) {
      const auto mine = starts->second.find(partition);
      if (mine != starts->second.end()) start = mine->second;
    }
    const auto bounds = source.bounds.find(partition);
    if (bounds != source.bounds.end() && reached > start && bounds->second.earliest > start) {
      return refill("StateLost",
                    fmt::format("the state over {} is lost and partition {} now begins at {}, past "
                                "the {} it was built from",
                                source.dataset, partition, bounds->second.earliest, start));
    }
  }
  return std::nullopt;
}

// Without state nothing is lost: the rows are in the target. With it, a checkpoint saves reading everything
// again, and over compacted topics a refill.
RecoveryDecision rebuild(const targets::ControlRow& control, const std::string& fingerprint,
                         const std::vector<SourceFacts>& sources, base::Micros now,
                         const CheckpointsFound& checkpoints) {
  RecoveryDecision out{Recovery::kReplay, "", "", {}, {}};
  for (const CheckpointManifest& checkpoint : checkpoints.manifests) {
    std::string why = why_unusable(checkpoint, control, fingerprint, sources, checkpoints, now);
    if (!why.empty()) {
      out.rejected.push_back({checkpoint.name, std::move(why)});
    } else if (out.action != Recovery::kRestore) {
      out.action = Recovery::kRestore;
      out.checkpoint = checkpoint;
    }
  }
  if (out.action == Recovery::kRestore) return out;
  for (const SourceFacts& source : sources) {
    if (auto bad = check_replay(control, source)) {
      bad->rejected = std::move(out.rejected);
      return *bad;
    }
  }
  return out;
}

}  // namespace

bool tombstones_may_be_gone(const SourceFacts& source, base::Micros read_at, base::Micros now) {
  if (source.keeps_tombstones_for_ever) return false;
  return (now - read_at) / 1000 > source.delete_retention_ms - kTombstoneMarginMs;
}

RecoveryDecision decide_recovery(const std::optional<targets::ControlRow>& control, bool stateless,
                                 const std::string& fingerprint, const std::vector<SourceFacts>& sources,
                                 base::Micros now, const CheckpointsFound& checkpoints) {
  using targets::Phase;
  if (!control) return fill(Recovery::kFill, checkpoints);
  if (control->fingerprint != fingerprint) {
    return refill("StateLost", fmt::format("the target was filled by another plan (fingerprint {}, ours {})",
                                           control->fingerprint, fingerprint));
  }
  if (control->phase == Phase::kFilling) {
    return fill(stateless ? Recovery::kResumeFill : Recovery::kFill, checkpoints);
  }
  for (const SourceFacts& source : sources) {
    if (auto bad = check_offsets(control->offsets, source)) return *bad;
    // Its records are read once more: they must be there.
    if (control->intent) {
      if (auto bad = check_offsets(control->intent->offsets, source)) return *bad;
    }
    if (auto bad = check_tombstones(*control, source, now)) return *bad;
  }
  if (stateless) return {Recovery::kGoLive, "", "", {}, {}};
  return rebuild(*control, fingerprint, sources, now, checkpoints);
}

}  // namespace offtake::delivery
