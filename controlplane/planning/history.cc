#include "controlplane/planning/history.h"

namespace offtake::planning {

using resources::HistoryFrom;

base::Micros start_instant(const resources::DataProduct& product, base::Micros now) {
  const HistoryFrom& from = product.spec.history.from;
  if (from.kind == HistoryFrom::Kind::kBeginning) return 0;
  if (product.status.start_time && product.status.history_from == from.text()) {
    return product.status.start_time->micros;
  }
  if (from.kind == HistoryFrom::Kind::kInstant) return from.instant.micros;
  // A whole second, as statuses show it: what was resolved reads back as the same instant.
  constexpr base::Micros kSecond = 1'000'000;
  const base::Micros instant = from.kind == HistoryFrom::Kind::kNow ? now : now - from.duration.micros;
  return instant / kSecond * kSecond;
}

base::Result<sources::OffsetVector> start_offsets(const HistoryFrom& from, base::Micros instant,
                                                  const resources::Dataset& dataset,
                                                  sources::EventStore& store) {
  if (from.kind == HistoryFrom::Kind::kBeginning) return sources::OffsetVector();
  const std::string& topic = dataset.spec.source.topic;
  if (from.kind == HistoryFrom::Kind::kNow) {
    auto bounds = store.bounds(topic);
    if (!bounds) return std::move(bounds).error();
    sources::OffsetVector ends;
    for (const auto& [partition, bound] : *bounds) ends[partition] = bound.last_stable;
    return ends;
  }
  if (dataset.spec.event_time && !dataset.spec.event_time->max_delay) return sources::OffsetVector();
  const base::Micros delay = dataset.spec.event_time ? dataset.spec.event_time->max_delay->micros : 0;
  return store.offsets_for_time(topic, instant - delay);
}

base::Status check_kept(base::Micros instant, base::Micros now, const resources::Dataset& dataset,
                        sources::EventStore& store) {
  if (instant == 0) return {};
  const std::string& topic = dataset.spec.source.topic;
  auto bounds = store.bounds(topic);
  if (!bounds) return std::move(bounds).error();
  auto earliest = store.earliest_timestamps(topic);
  if (!earliest) return std::move(earliest).error();
  base::Micros kept_from = 0;
  for (const auto& [partition, bound] : *bounds) {
    if (bound.earliest == 0) continue;
    const auto first = earliest->find(partition);
    if (first == earliest->end()) continue;
    kept_from = std::max(kept_from, first->second * 1000);
  }
  if (kept_from <= instant) return {};
  base::Error error = base::terminal(
      "HistoryNotKept",
      fmt::format(
          "history from {} ({} ago) is asked for, but topic {} of dataset {} keeps records only since {} "
          "({} ago)",
          base::format_instant(instant), base::format_duration((now - instant) / 1'000'000 * 1'000'000),
          topic, dataset.metadata.key(), base::format_instant(kept_from / 1'000'000 * 1'000'000),
          base::format_duration((now - kept_from) / 1'000'000 * 1'000'000)));
  error.location.field = "spec.history.from";
  error.hint = "ask for less history, or let the topic's owner keep more";
  return error;
}

}  // namespace offtake::planning
