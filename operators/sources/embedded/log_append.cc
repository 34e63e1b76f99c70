// Appending: records are dealt out to partitions and made into blocks by the caller's thread; the committer
// gives them their offsets.
#include <algorithm>

#include "operators/sources/embedded/log.h"
#include "operators/sources/partitioner.h"

namespace offtake::sources::embedded {
namespace {

constexpr std::size_t kMaxRecordBytes = 64 << 20;
constexpr std::int64_t kMaxAheadMs = 3'600'000;  // as Kafka's brokers by default

base::Status check(const NewRecordView& record, const Topic& topic, std::size_t index, std::int64_t now_ms) {
  if (record.partition >= topic.partition_count) {
    return base::terminal("PartitionMissing",
                          fmt::format("record {}: topic '{}' has no partition {}, it has {}", index,
                                      topic.name, record.partition, topic.partition_count));
  }
  const std::size_t bytes = (record.key ? record.key->size() : 0) + (record.value ? record.value->size() : 0);
  if (bytes > kMaxRecordBytes) {
    return base::terminal("RecordTooLarge",
                          fmt::format("record {} for topic '{}' has {} bytes; {} are possible", index,
                                      topic.name, bytes, kMaxRecordBytes));
  }
  if (record.timestamp_ms > now_ms + kMaxAheadMs) {
    return base::terminal("RecordInFuture",
                          fmt::format("record {} for topic '{}' is dated {}, more than an hour ahead", index,
                                      topic.name, base::format_instant(record.timestamp_ms * 1000)));
  }
  return {};
}

}  // namespace

base::Result<Dealt> Log::deal(std::string_view topic_name, std::span<const NewRecordView> records) {
  auto found = find(topic_name);
  if (!found) return std::move(found).error();
  const Topic& topic = **found;
  const std::int64_t now_ms = clock_.now() / 1000;
  Dealt dealt;
  dealt.partitions.reserve(records.size());
  std::vector<BlockBuilder> builders(static_cast<std::size_t>(topic.partition_count));
  std::vector<std::uint32_t> counts(builders.size());
  int keyless = -1;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const NewRecordView& record = records[i];
    if (auto checked = check(record, topic, i, now_ms); !checked) return std::move(checked).error();
    int partition = record.partition;
    if (partition < 0 && record.key) partition = partition_of(*record.key, topic.partition_count);
    if (partition < 0) {
      if (keyless < 0)
        keyless = static_cast<int>(next_keyless_++ % static_cast<unsigned>(topic.partition_count));
      partition = keyless;
    }
    const auto place = static_cast<std::size_t>(partition);
    builders[place].add(record.timestamp_ms < 0 ? now_ms : record.timestamp_ms, record.key, record.value);
    ++counts[place];
    dealt.partitions.push_back(partition);
  }
  dealt.append.topic = *std::move(found);
  for (std::size_t partition = 0; partition < builders.size(); ++partition) {
    if (counts[partition] == 0) continue;
    dealt.append.parts.push_back(
        {static_cast<int>(partition), builders[partition].finish(), counts[partition], 0});
  }
  return dealt;
}

base::Result<Appended> Log::append(std::string_view topic, std::span<const NewRecordView> records) {
  auto dealt = deal(topic, records);
  if (!dealt) return std::move(dealt).error();
  Appended appended;
  if (records.empty()) return appended;
  if (auto committed = committer_.append({&dealt->append, 1}); !committed)
    return std::move(committed).error();
  appended.partitions = std::move(dealt->partitions);
  for (const auto& part : dealt->append.parts)
    appended.ranges.push_back({part.partition, part.first, part.count});
  return appended;
}

}  // namespace offtake::sources::embedded
