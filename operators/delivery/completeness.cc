#include "operators/delivery/completeness.h"

#include <algorithm>

namespace offtake::delivery {
namespace {
// When far behind, keeping every mark would grow without bound; every second one is dropped then, which
// makes completeThrough coarser, never wrong.
constexpr std::size_t kMaxMarks = 512;
}  // namespace

bool at_or_past(const targets::SourceOffsets& offsets, const targets::SourceOffsets& goal) {
  for (const auto& [dataset, partitions] : goal) {
    const auto mine = offsets.find(dataset);
    for (const auto& [partition, end] : partitions) {
      if (end == 0) continue;
      if (mine == offsets.end()) return false;
      const auto position = mine->second.find(partition);
      if (position == mine->second.end() || position->second < end) return false;
    }
  }
  return true;
}

void Completeness::observe(base::Micros now, targets::SourceOffsets ends) {
  last_ends_ = ends;
  if (!pending_.empty() && pending_.back().ends == ends) {
    // Nothing came since: the earlier mark's goal is this one's too.
    pending_.back().at = std::max(pending_.back().at, now);
    return;
  }
  pending_.push_back({now, std::move(ends)});
  if (pending_.size() > kMaxMarks) {
    std::deque<Mark> kept;
    for (std::size_t i = 0; i < pending_.size(); i += 2) kept.push_back(std::move(pending_[i]));
    pending_ = std::move(kept);
  }
}

base::Micros Completeness::reached(const targets::SourceOffsets& offsets) {
  while (!pending_.empty() && at_or_past(offsets, pending_.front().ends)) {
    complete_through_ = std::max(complete_through_, pending_.front().at);
    pending_.pop_front();
  }
  return complete_through_;
}

std::int64_t Completeness::lag_records(const targets::SourceOffsets& offsets) const {
  std::int64_t lag = 0;
  for (const auto& [dataset, partitions] : last_ends_) {
    const auto mine = offsets.find(dataset);
    for (const auto& [partition, end] : partitions) {
      sources::Offset position = 0;
      if (mine != offsets.end()) {
        const auto found = mine->second.find(partition);
        if (found != mine->second.end()) position = found->second;
      }
      lag += std::max<std::int64_t>(0, end - position);
    }
  }
  return lag;
}

}  // namespace offtake::delivery
