#include "operators/delivery/tombstones.h"

namespace offtake::delivery {

base::Micros tombstone_patience(std::int64_t delete_retention_ms) {
  constexpr std::int64_t kMarginMs = 3'600'000;
  return 1000 * (delete_retention_ms - std::min(kMarginMs, delete_retention_ms / 2));
}

base::Result<std::map<std::string, base::Micros>> tombstone_patience(const Pipeline& pipeline) {
  std::map<std::string, base::Micros> out;
  for (const Source& source : pipeline.sources) {
    auto topic = source.store->describe(source.topic);
    if (!topic) return std::move(topic).error().in(fmt::format("dataset {}", source.dataset));
    if (topic->cleanup != sources::CleanupPolicy::kDelete && !topic->kept_whole) {
      out[source.dataset] = tombstone_patience(topic->delete_retention_ms);
    }
  }
  return out;
}

}  // namespace offtake::delivery
