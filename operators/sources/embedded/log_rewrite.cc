// Rewriting a compacted topic: what is current once more at the end, and everything before it dropped.
#include <rocksdb/write_batch.h>

#include <map>

#include "base/log.h"
#include "operators/sources/embedded/keys.h"
#include "operators/sources/embedded/log.h"

namespace offtake::sources::embedded {
namespace {

struct Kept {
  Offset offset = 0;
  std::int64_t timestamp_ms = 0;
  std::string value;
};

// By key; `by_offset` keeps their order.
struct Current {
  std::map<std::string, Kept, std::less<>> by_key;

  void take(const Record& record) {
    if (!record.key) return;  // a compacted topic's cleaner drops them, too
    if (!record.value) {
      const auto found = by_key.find(*record.key);
      if (found != by_key.end()) by_key.erase(found);
      return;
    }
    by_key[std::string(*record.key)] = {record.offset, record.timestamp_ms, std::string(*record.value)};
  }

  std::vector<EncodedBlock> blocks() const {
    std::map<Offset, const std::pair<const std::string, Kept>*> by_offset;
    for (const auto& entry : by_key) by_offset[entry.second.offset] = &entry;
    BlockBuilder builder;
    for (const auto& [offset, entry] : by_offset) {
      builder.add(entry->second.timestamp_ms, entry->first, entry->second.value);
    }
    return builder.finish();
  }
};

}  // namespace

base::Status Log::rewrite_compacted(std::string_view name) {
  auto topic = find(name);
  if (!topic) return std::move(topic).error();
  if ((*topic)->cleanup != CleanupPolicy::kCompact) return {};
  for (int partition = 0; partition < (*topic)->partition_count; ++partition) {
    auto done = committer_.exclusively([&] { return rewrite_compacted(**topic, partition); });
    if (!done) return done;
  }
  return {};
}

base::Status Log::rewrite_compacted(Topic& topic, int partition) {
  PartitionState state;
  {
    const std::lock_guard lock(topic.mutex);
    if (topic.deleted) return {};
    state = topic.partitions[static_cast<std::size_t>(partition)];
  }
  Current current;
  for (Offset position = state.start; position < state.end;) {
    constexpr std::size_t kRecords = 4096;
    auto batch = read(topic, partition, position, state.end, kRecords, 1 << 20);
    if (!batch) return std::move(batch).error();
    for (const Record& record : batch->records) current.take(record);
    position = batch->position;
  }
  rocksdb::WriteBatch batch;
  batch.DeleteRange(partition_begin('L', topic.id, partition), block_key(topic.id, partition, state.end));
  // Old times come again: the index begins anew.
  batch.DeleteRange(partition_begin('T', topic.id, partition), partition_end('T', topic.id, partition));
  PartitionState after;
  after.start = after.end = state.end;
  for (const EncodedBlock& block : current.blocks()) {
    batch.Put(block_key(topic.id, partition, after.end), block.bytes);
    if (block.max_timestamp_ms > after.max_timestamp_ms) {
      after.max_timestamp_ms = block.max_timestamp_ms;
      std::string base;
      put_u64(base, static_cast<std::uint64_t>(after.end));
      batch.Put(time_key(topic.id, partition, block.max_timestamp_ms), base);
    }
    after.end += block.count;
  }
  std::string bounds;
  put_u64(bounds, static_cast<std::uint64_t>(after.start));
  put_u64(bounds, static_cast<std::uint64_t>(after.end));
  batch.Put(start_key(topic.id, partition), bounds);
  const auto set = [&](const PartitionState& now) {
    const std::lock_guard lock(topic.mutex);
    topic.partitions[static_cast<std::size_t>(partition)] = now;
    topic.changed.notify_all();
  };
  // The start moves first: a reader in between is told that its offset is gone, not that a block is missing.
  PartitionState between = state;
  between.start = state.end;
  set(between);
  if (auto written = database_->write(batch, "rewriting a compacted topic"); !written) {
    set(state);
    return written;
  }
  set(after);
  base::log_info("compacted topic rewritten", {{"component", "events"},
                                               {"topic", topic.name},
                                               {"records", std::to_string(after.end - after.start)},
                                               {"before", std::to_string(state.end - state.start)}});
  return {};
}

}  // namespace offtake::sources::embedded
