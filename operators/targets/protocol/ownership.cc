#include "operators/targets/protocol/ownership.h"

namespace offtake::targets {

std::string_view to_string(Phase phase) {
  switch (phase) {
    case Phase::kFilling:
      return "Filling";
    case Phase::kCatchingUp:
      return "CatchingUp";
    case Phase::kCurrent:
      return "Current";
    case Phase::kHandingOver:
      return "HandingOver";
    case Phase::kFenced:
      break;
  }
  return "Fenced";
}

base::Result<Phase> phase_from(std::string_view text) {
  for (const Phase phase :
       {Phase::kFilling, Phase::kCatchingUp, Phase::kCurrent, Phase::kHandingOver, Phase::kFenced}) {
    if (text == to_string(phase)) return phase;
  }
  return base::terminal("BadControlRow", fmt::format("the control row's phase is \"{}\"", text))
      .with_hint("it is one of Filling, CatchingUp, Current, HandingOver, Fenced");
}

namespace protocol {

base::Error fenced_by_another(int revision) {
  return base::fenced(fmt::format("revision {} has another owner", revision));
}

base::Error no_control_row(int revision) {
  return base::terminal("ControlRowMissing",
                        fmt::format("the target has no control row of revision {}", revision))
      .with_hint("the target was restored or emptied from outside; refill the product");
}

base::Status may_take(const ControlRow& row, const Ownership& request) {
  if (row.phase == Phase::kFenced) {
    return base::fenced(fmt::format("revision {} was fenced; it is not written again", row.revision));
  }
  if (row.phase == Phase::kHandingOver) {
    return base::fenced(fmt::format("revision {} is handing over to its successor", row.revision));
  }
  if (request.incarnation >= row.incarnation) return {};
  return base::fenced(fmt::format("revision {} is owned by incarnation {}; this is incarnation {}",
                                  row.revision, row.incarnation, request.incarnation));
}

base::Result<ControlRow> taken_over(ControlRow row, const Ownership& request) {
  if (row.owner != request.owner) {
    if (auto allowed = may_take(row, request); !allowed) return std::move(allowed).error();
  }
  row.incarnation = request.incarnation;
  row.owner = request.owner;
  return row;
}

base::Result<Outcome> outcome_of_epoch(const std::optional<ControlRow>& row, const std::string& owner,
                                       std::int64_t last_epoch) {
  if (!row) return base::fenced("the control row is gone: the revision was dropped");
  const bool fenced = row->phase == Phase::kFenced || row->phase == Phase::kHandingOver;
  if (row->owner != owner || fenced) return fenced_by_another(row->revision);
  if (row->epoch == last_epoch + 1) return Outcome::kCommitted;
  if (row->epoch == last_epoch) return Outcome::kNotCommitted;
  return base::transient("TargetRewound", fmt::format("the target's control row is at epoch {}, not at {}",
                                                      row->epoch, last_epoch))
      .with_hint("the target was restored or failed over; delivery goes on from what it holds");
}

bool may_replace(const ControlRow& next, const ControlRow& current) {
  if (next.logical_time < current.logical_time) return false;
  for (const auto& [dataset, partitions] : current.offsets) {
    const auto mine = next.offsets.find(dataset);
    if (mine == next.offsets.end()) continue;
    for (const auto& [partition, offset] : partitions) {
      const auto position = mine->second.find(partition);
      // A partition that the next one has not found yet is one that both read, as soon as it is found.
      if (position == mine->second.end() ? offset > 0 : position->second < offset) return false;
    }
  }
  return true;
}

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

bool is_near(const ControlRow& next, const ControlRow& current, std::int64_t records) {
  for (const auto& [dataset, partitions] : current.offsets) {
    const auto mine = next.offsets.find(dataset);
    if (mine == next.offsets.end()) continue;
    for (const auto& [partition, offset] : partitions) {
      const auto position = mine->second.find(partition);
      records -= std::max<std::int64_t>(0, offset - (position == mine->second.end() ? 0 : position->second));
      if (records < 0) return false;
    }
  }
  return true;
}

SourceOffsets to_reach(const ControlRow& next, const ControlRow& current) {
  SourceOffsets out;
  for (const auto& [dataset, partitions] : current.offsets) {
    const auto mine = next.offsets.find(dataset);
    if (mine == next.offsets.end()) continue;
    auto& wanted = out[dataset] = mine->second;
    for (const auto& [partition, offset] : partitions) {
      wanted[partition] = std::max(wanted[partition], offset);
    }
  }
  return out;
}

}  // namespace protocol
}  // namespace offtake::targets
