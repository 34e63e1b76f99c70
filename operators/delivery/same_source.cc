#include "operators/delivery/same_source.h"

#include "operators/delivery/inputs.h"

namespace offtake::delivery {
namespace {

using namespace std::chrono_literals;

constexpr int kAttempts = 3;

base::Error replaced(const Source& source, int partition, const std::string& why) {
  return base::terminal("SourceReplaced", fmt::format("{} partition {}: {}: the topic was replaced",
                                                      source.dataset, partition, why));
}

// The stamps of the records at these offsets, of those that are still there.
base::Result<std::map<int, targets::RecordStamp>> stamps_at(const Source& source,
                                                            const sources::OffsetVector& offsets,
                                                            std::stop_token stop) {
  std::map<int, targets::RecordStamp> out;
  sources::OffsetVector until = offsets;
  for (auto& [partition, offset] : until) ++offset;
  sources::ReadOptions options;
  options.max_buffered_bytes = 1 << 20;
  auto reader = source.store->read(source.topic, offsets, until, options);
  if (!reader) return std::move(reader).error();
  while (!(*reader)->finished()) {
    if (stop.stop_requested()) return drained();
    auto batch = (*reader)->poll(200ms);
    if (!batch) return std::move(batch).error();
    if (!batch->has_value()) continue;
    for (const auto& record : (*batch)->records) {
      if (record.offset == offsets.at((*batch)->partition)) {
        out[(*batch)->partition] = stamp_of(record);
      }
    }
  }
  return out;
}

}  // namespace

base::Status check_same_source(const Source& source, const std::map<int, targets::RecordStamp>& stamps,
                               std::stop_token stop) {
  for (int tried = 1;; ++tried) {
    auto bounds = source.store->bounds(source.topic);
    if (!bounds) return std::move(bounds).error().in(fmt::format("dataset {}", source.dataset));
    sources::OffsetVector offsets;
    for (const auto& [partition, stamp] : stamps) {
      const auto bound = bounds->find(partition);
      if (bound == bounds->end()) return replaced(source, partition, "it is gone");
      if (stamp.offset >= bound->second.high_watermark) {
        return replaced(
            source, partition,
            fmt::format("it ends at {}, but {} was read before", bound->second.high_watermark, stamp.offset));
      }
      if (stamp.offset >= bound->second.earliest) offsets[partition] = stamp.offset;
    }
    if (offsets.empty()) return {};
    auto now = stamps_at(source, offsets, stop);
    if (!now) {
      // Retention came in between: what it took away is not compared.
      if (now.error().code == "OffsetOutOfRange" && tried < kAttempts) continue;
      if (is_drained(now.error())) return std::move(now).error();
      return std::move(now).error().in(fmt::format("dataset {}", source.dataset));
    }
    for (const auto& [partition, stamp] : *now) {
      if (stamp == stamps.at(partition)) continue;
      return replaced(source, partition,
                      fmt::format("the record at offset {} is not the one that was read", stamp.offset));
    }
    return {};
  }
}

}  // namespace offtake::delivery
