#include "controlplane/catalog/figures.h"

#include <algorithm>

namespace offtake::catalog {
namespace {

using namespace std::chrono_literals;

constexpr base::Micros kRateSpan = 300'000'000;  // five minutes
constexpr base::Micros kSparkAge = kRateSpan;    // counted again after so long
constexpr sources::Offset kSample = 20;          // records of each partition's end
constexpr auto kSamplePatience = 1'500ms;

bool same_ends(const std::map<int, sources::PartitionBounds>& a,
               const std::map<int, sources::PartitionBounds>& b,
               sources::Offset sources::PartitionBounds::*end) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [&](const auto& x, const auto& y) {
           return x.first == y.first && x.second.*end == y.second.*end;
         });
}

// Records between a vector and the end.
std::int64_t records_since(const sources::OffsetVector& from,
                           const std::map<int, sources::PartitionBounds>& bounds) {
  std::int64_t out = 0;
  for (const auto& [partition, bound] : bounds) {
    const auto start = from.find(partition);
    if (start == from.end()) continue;
    out += std::max<std::int64_t>(0, bound.last_stable - std::max(start->second, bound.earliest));
  }
  return out;
}

// The newest records of every partition: when the last of them was written, and how large they are.
base::Status read_newest(sources::EventStore& store, const std::string& topic, Figures& out) {
  sources::OffsetVector from, until;
  for (const auto& [partition, bound] : out.bounds) {
    if (bound.last_stable <= bound.earliest) continue;
    from[partition] = std::max(bound.earliest, bound.last_stable - kSample);
    until[partition] = bound.last_stable;
  }
  if (from.empty()) return {};
  auto reader = store.read(topic, from, until, {});
  if (!reader) return std::move(reader).error();
  const auto deadline = std::chrono::steady_clock::now() + kSamplePatience;
  std::int64_t seen = 0, bytes = 0;
  while (!(*reader)->finished() && std::chrono::steady_clock::now() < deadline) {
    auto batch = (*reader)->poll(100ms);
    if (!batch) return std::move(batch).error();
    if (!batch->has_value()) continue;
    for (const sources::Record& record : (*batch)->records) {
      ++seen;
      bytes += static_cast<std::int64_t>(record.key.value_or("").size() + record.value.value_or("").size());
      out.newest = std::max(out.newest.value_or(0), record.timestamp_ms * 1'000);
    }
  }
  if (seen > 0)
    out.bytes = static_cast<std::int64_t>(static_cast<double>(bytes) / static_cast<double>(seen) *
                                          static_cast<double>(out.records));
  return {};
}

base::Status count_spans(sources::EventStore& store, const std::string& topic, base::Micros now,
                         Figures& out) {
  std::vector<std::int64_t> since;  // each span's beginning
  for (int span = kSparkSpans; span > 0; --span) {
    auto offsets = store.offsets_for_time(topic, now - span * kSparkSpan);
    if (!offsets) return std::move(offsets).error();
    since.push_back(records_since(*offsets, out.bounds));
  }
  since.push_back(0);
  out.spark.clear();
  for (int span = 0; span < kSparkSpans; ++span) {
    const auto at = static_cast<std::size_t>(span);
    out.spark.push_back(std::max<std::int64_t>(0, since[at] - since[at + 1]));
  }
  out.spark_at = now;
  return {};
}

}  // namespace

base::Result<Figures> measure(sources::EventStore& store, const std::string& topic, base::Micros now,
                              const Figures* before) {
  Figures out;
  auto described = store.describe(topic);
  if (!described) return std::move(described).error();
  out.topic = *std::move(described);
  if (before != nullptr && before->topic.topic_id != out.topic.topic_id) before = nullptr;
  auto bounds = store.bounds(topic);
  if (!bounds) return std::move(bounds).error();
  out.bounds = *std::move(bounds);
  for (const auto& [partition, bound] : out.bounds)
    out.records += std::max<std::int64_t>(0, bound.last_stable - bound.earliest);

  if (before != nullptr && same_ends(before->bounds, out.bounds, &sources::PartitionBounds::last_stable) &&
      before->records == out.records && before->newest) {
    out.newest = before->newest;
    out.bytes = before->bytes;
  } else if (auto read = read_newest(store, topic, out); !read) {
    return read.error();
  }
  if (before != nullptr && before->oldest && before->records > 0 &&
      same_ends(before->bounds, out.bounds, &sources::PartitionBounds::earliest)) {
    out.oldest = before->oldest;
  } else if (out.records > 0) {
    auto earliest = store.earliest_timestamps(topic);
    if (!earliest) return std::move(earliest).error();
    for (const auto& [partition, timestamp_ms] : *earliest) {
      out.oldest = std::min(out.oldest.value_or(timestamp_ms * 1'000), timestamp_ms * 1'000);
    }
  }
  auto recent = store.offsets_for_time(topic, now - kRateSpan);
  if (!recent) return std::move(recent).error();
  out.per_second =
      static_cast<double>(records_since(*recent, out.bounds)) * 1e6 / static_cast<double>(kRateSpan);
  if (before != nullptr && !before->spark.empty() && now - before->spark_at < kSparkAge) {
    out.spark = before->spark;
    out.spark_at = before->spark_at;
  } else if (auto counted = count_spans(store, topic, now, out); !counted) {
    return counted.error();
  }
  return out;
}

}  // namespace offtake::catalog
