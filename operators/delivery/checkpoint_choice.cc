#include "operators/delivery/checkpoint_choice.h"

#include "operators/engine/state_stream.h"

namespace offtake::delivery {
namespace {

// The epoch up to which what `owner` committed is part of the control row's history: from the present owner
// back to who had the row before. None where it never was.
std::optional<std::int64_t> last_epoch_of(const std::string& owner, const targets::ControlRow& control,
                                          const CheckpointsFound& found) {
  std::string at = found.me;
  std::int64_t limit = control.epoch;
  if (at == owner) return limit;
  for (auto change = found.owners.rbegin(); change != found.owners.rend(); ++change) {
    if (change->owner != at) continue;
    limit = std::min(limit, change->epoch);
    at = change->previous;
    if (at == owner) return limit;
  }
  return std::nullopt;
}

sources::Offset offset_of(const targets::SourceOffsets& offsets, const std::string& dataset, int partition) {
  const auto vector = offsets.find(dataset);
  if (vector == offsets.end()) return 0;
  const auto offset = vector->second.find(partition);
  return offset == vector->second.end() ? 0 : offset->second;
}

std::string not_ours(const CheckpointManifest& checkpoint, const targets::ControlRow& control,
                     const std::string& fingerprint, const CheckpointsFound& found) {
  if (!checkpoint.damage.empty()) return "torn or damaged: " + checkpoint.damage;
  if (checkpoint.state_format != engine::kStateFormat) {
    return fmt::format("its state has format {}, this version reads {}", checkpoint.state_format,
                       engine::kStateFormat);
  }
  if (checkpoint.product_uid != control.product_uid || checkpoint.revision != control.revision) {
    return "foreign: it belongs to another revision";
  }
  if (checkpoint.fingerprint != fingerprint) return "foreign: it belongs to another plan";
  if (checkpoint.epoch > control.epoch) {
    return fmt::format("ahead: of epoch {}, the control row is at {}", checkpoint.epoch, control.epoch);
  }
  const auto last = last_epoch_of(checkpoint.owner, control, found);
  if (!last) return "foreign: its owner is not in the control row's history";
  if (checkpoint.epoch > *last) {
    return fmt::format("foreign: of epoch {}, its owner had the control row until {}", checkpoint.epoch,
                       *last);
  }
  return "";
}

// Ahead of the control row in some partition, or of the same epoch and yet not the same.
std::string ahead(const CheckpointManifest& checkpoint, const targets::ControlRow& control) {
  for (const auto& [dataset, partitions] : checkpoint.offsets) {
    for (const auto& [partition, offset] : partitions) {
      const sources::Offset committed = offset_of(control.offsets, dataset, partition);
      if (offset <= committed) continue;
      return fmt::format("ahead: {} partition {} at {}, the control row is at {}", dataset, partition, offset,
                         committed);
    }
  }
  // A command to the ledger changes the content and moves no offset: that is another epoch.
  if (checkpoint.epoch == control.epoch && checkpoint.offsets == control.offsets &&
      !(checkpoint.content == control.content)) {
    return "foreign: of the control row's epoch it has another content";
  }
  return "";
}

// Whether the way from the checkpoint to the control row can still be read.
std::string way_is_gone(const CheckpointManifest& checkpoint, const targets::ControlRow& control,
                        const SourceFacts& source, base::Micros now) {
  const auto committed = control.offsets.find(source.dataset);
  if (committed == control.offsets.end()) return "";
  for (const auto& [partition, offset] : committed->second) {
    const sources::Offset from = offset_of(checkpoint.offsets, source.dataset, partition);
    if (from >= offset) continue;
    const auto bounds = source.bounds.find(partition);
    if (bounds != source.bounds.end() && bounds->second.earliest > from) {
      return fmt::format("too old: {} partition {} now begins at {}, past its {}", source.dataset, partition,
                         bounds->second.earliest, from);
    }
    if (tombstones_may_be_gone(source, std::min(checkpoint.logical_time, checkpoint.written_at), now)) {
      return fmt::format("too old: deletions of {} that came after it may be gone", source.dataset);
    }
  }
  return "";
}

}  // namespace

std::string why_unusable(const CheckpointManifest& checkpoint, const targets::ControlRow& control,
                         const std::string& fingerprint, const std::vector<SourceFacts>& sources,
                         const CheckpointsFound& found, base::Micros now) {
  if (auto why = not_ours(checkpoint, control, fingerprint, found); !why.empty()) return why;
  if (auto why = ahead(checkpoint, control); !why.empty()) return why;
  for (const SourceFacts& source : sources) {
    if (auto why = way_is_gone(checkpoint, control, source, now); !why.empty()) return why;
  }
  return "";
}

}  // namespace offtake::delivery
