#include "operators/delivery/read_between.h"

#include "base/crash_point.h"
#include "operators/delivery/troubles.h"

namespace offtake::delivery {

using namespace std::chrono_literals;

base::Status read_between(const Pipeline& pipeline, const targets::SourceOffsets& from,
                          const targets::SourceOffsets& until, const Parking& parking, std::stop_token stop,
                          const OnBatch& on_batch) {
  auto inputs = Inputs::start(pipeline, from, until, parking);
  if (!inputs) return std::move(inputs).error();
  Troubles troubles(*pipeline.progress, *pipeline.clock);
  std::size_t finished = 0;
  while (finished < pipeline.sources.size()) {
    if (stop.stop_requested()) return drained();
    auto event = (*inputs)->next(std::chrono::steady_clock::now() + 200ms);
    troubles.show();
    if (!event) continue;
    if (auto* error = std::get_if<base::Error>(&*event)) return std::move(*error);
    if (auto* trouble = std::get_if<SourceTrouble>(&*event)) {
      const std::string& what = pipeline.sources[static_cast<std::size_t>(trouble->source)].dataset;
      if (trouble->error) {
        troubles.set(what, *trouble->error);
      } else {
        troubles.clear(what);
      }
    }
    if (std::holds_alternative<SourceFinished>(*event)) ++finished;
    if (const auto* batch = std::get_if<InputBatch>(&*event)) {
      base::crash_point("mid-read");
      if (auto done = on_batch(*batch); !done) return done;
    }
  }
  return {};
}

base::Result<Span> span_to(const Pipeline& pipeline, const targets::SourceOffsets& offsets,
                           const targets::SourceOffsets& goal) {
  Span out;
  for (const Source& source : pipeline.sources) {
    auto& from = out.from[source.dataset];
    auto& until = out.until[source.dataset];
    if (const auto mine = offsets.find(source.dataset); mine != offsets.end()) from = until = mine->second;
    const auto wanted = goal.find(source.dataset);
    if (wanted == goal.end()) continue;
    std::optional<std::map<int, sources::PartitionBounds>> bounds;
    for (const auto& [partition, end] : wanted->second) {
      if (!from.contains(partition)) {
        if (!bounds) {
          auto asked = source.store->bounds(source.topic);
          if (!asked) return std::move(asked).error().in(fmt::format("dataset {}", source.dataset));
          bounds = *std::move(asked);
        }
        const auto found = bounds->find(partition);
        from[partition] = std::min(end, found == bounds->end() ? 0 : found->second.earliest);
      }
      until[partition] = std::max(end, from[partition]);
    }
  }
  return out;
}

std::int64_t records_between(const targets::SourceOffsets& from, const targets::SourceOffsets& until) {
  std::int64_t records = 0;
  for (const auto& [dataset, partitions] : until) {
    for (const auto& [partition, end] : partitions) {
      // A partition that was found later has no start: it is read from its first record.
      const auto starts = from.find(dataset);
      if (starts == from.end()) {
        records += end;
        continue;
      }
      const auto start = starts->second.find(partition);
      records += end - (start == starts->second.end() ? 0 : start->second);
    }
  }
  return records;
}

}  // namespace offtake::delivery
