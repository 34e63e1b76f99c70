#include "controlplane/planning/measure.h"

#include <algorithm>

namespace offtake::planning {

base::Result<std::int64_t> estimate_bytes(sources::EventStore& store, const std::string& topic,
                                          std::int64_t records) {
  using namespace std::chrono_literals;
  constexpr sources::Offset kSample = 500;
  auto bounds = store.bounds(topic);
  if (!bounds) return std::move(bounds).error();
  const auto size = [](const auto& entry) { return entry.second.last_stable - entry.second.earliest; };
  const auto longest = std::max_element(bounds->begin(), bounds->end(),
                                        [&](const auto& a, const auto& b) { return size(a) < size(b); });
  if (records == 0 || longest == bounds->end() || size(*longest) == 0) return 0;
  const auto& [partition, bound] = *longest;
  auto reader = store.read(topic, {{partition, std::max(bound.earliest, bound.last_stable - kSample)}},
                           {{partition, bound.last_stable}}, {});
  if (!reader) return std::move(reader).error();
  std::int64_t seen = 0, bytes = 0;
  const auto deadline = std::chrono::steady_clock::now() + 1s;
  while (!(*reader)->finished() && std::chrono::steady_clock::now() < deadline) {
    auto batch = (*reader)->poll(100ms);
    if (!batch) return std::move(batch).error();
    if (!batch->has_value()) continue;
    for (const auto& record : (*batch)->records) {
      ++seen;
      bytes += static_cast<std::int64_t>(record.key.value_or("").size() + record.value.value_or("").size());
    }
  }
  return seen == 0 ? 0 : bytes * records / seen;
}

}  // namespace offtake::planning
