// How much there is in a topic, since when, and how fast it grows.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "operators/sources/event_store.h"

namespace offtake::catalog {

inline constexpr int kSparkSpans = 24;
inline constexpr base::Micros kSparkSpan = 3'600'000'000;  // of one of them

// What is absent could not be found out.
struct Figures {
  sources::TopicDescription topic;
  std::map<int, sources::PartitionBounds> bounds;
  std::int64_t records = 0;  // offsets that are kept
  std::optional<std::int64_t> bytes;
  std::optional<base::Micros> oldest, newest;  // record timestamps
  double per_second = 0;                       // over the last five minutes
  std::vector<std::int64_t> spark;             // oldest span first
  base::Micros spark_at = 0;                   // when it was counted
};

// Blocks on the store. `before`, what was measured last of the topic, saves what has not changed since; may
// be null. Errors are the store's: TopicMissing (waiting), transient ones.
base::Result<Figures> measure(sources::EventStore& store, const std::string& topic, base::Micros now,
                              const Figures* before);

}  // namespace offtake::catalog
