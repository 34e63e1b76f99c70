// Reading blocks, looking up times, and dropping what retention no longer keeps.
#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <algorithm>

#include "base/log.h"
#include "operators/sources/embedded/database.h"
#include "operators/sources/embedded/keys.h"
#include "operators/sources/embedded/log.h"

namespace offtake::sources::embedded {
namespace {

base::Error damaged(const Topic& topic, int partition, Offset base, std::string_view what) {
  return base::terminal("LogDamaged",
                        fmt::format("the block at offset {} of topic '{}', partition {} is damaged: {}", base,
                                    topic.name, partition, what))
      .with_hint("restore the data directory from a copy, or delete the topic and write it again");
}

base::Error removed(const Topic& topic, int partition, Offset from, Offset start) {
  return base::terminal("OffsetOutOfRange",
                        fmt::format("offset {} of topic '{}', partition {} is no longer kept: its "
                                    "log begins at {}",
                                    from, topic.name, partition, start));
}

Offset start_of(const Topic& topic, int partition) {
  const std::lock_guard lock(topic.mutex);
  return topic.partitions[static_cast<std::size_t>(partition)].start;
}

// The bytes of the blocks a batch came from, kept until the batch goes.
struct BlockBytes {
  std::vector<std::unique_ptr<std::string>> strings;
  std::string& add() { return *strings.emplace_back(std::make_unique<std::string>()); }
};

}  // namespace

base::Result<RecordBatch> Log::read(const Topic& topic, int partition, Offset from, Offset until,
                                    std::size_t max_records, std::size_t max_bytes) const {
  RecordBatch batch;
  batch.partition = partition;
  batch.position = from;
  auto bytes = std::make_shared<BlockBytes>();
  batch.owner = bytes;

  const std::string begin = partition_begin('L', topic.id, partition);
  const std::string end = partition_end('L', topic.id, partition);
  const rocksdb::Slice upper(end);
  rocksdb::ReadOptions options;
  options.fill_cache = false;
  options.iterate_upper_bound = &upper;
  const auto lease = database_->use();
  if (!lease) return database_closed();
  const std::unique_ptr<rocksdb::Iterator> at(lease->NewIterator(options));
  at->SeekForPrev(block_key(topic.id, partition, from));
  if (!at->Valid() || !at->key().starts_with(begin)) at->Seek(begin);
  const Offset stop = std::min(until, from + static_cast<Offset>(std::max<std::size_t>(max_records, 1)));
  for (; at->Valid() && at->key().starts_with(begin); at->Next()) {
    const Offset base = base_offset_of(at->key().ToStringView());
    if (base >= stop) break;
    std::string& block = bytes->add();
    block.assign(at->value().data(), at->value().size());
    auto header = parse_header(block);
    if (!header) return damaged(topic, partition, base, header.error().message);
    if (base > batch.position || base + header->count <= batch.position) {
      if (from < start_of(topic, partition))
        return removed(topic, partition, from, start_of(topic, partition));
      return damaged(topic, partition, base, fmt::format("offset {} is missing before it", batch.position));
    }
    if (!batch.records.empty() &&
        (batch.bytes + header->payload_bytes > max_bytes || base + header->count > stop)) {
      return batch;
    }
    std::string& payload = bytes->add();
    auto decoded = decode_block(block, base, batch.position, stop, payload, batch.records);
    if (!decoded) return damaged(topic, partition, base, decoded.error().message);
    if (header->compressed) std::string().swap(block);
    batch.bytes += header->payload_bytes;
    batch.position = std::min(base + static_cast<Offset>(header->count), stop);
    if (batch.position >= stop) return batch;
  }
  if (!at->status().ok()) {
    return database_error(at->status(), fmt::format("reading topic '{}', partition {} at offset {}",
                                                    topic.name, partition, batch.position));
  }
  if (batch.records.empty()) {
    if (from < start_of(topic, partition)) return removed(topic, partition, from, start_of(topic, partition));
    return damaged(topic, partition, from, "it is missing");
  }
  return batch;
}

base::Result<Offset> Log::offset_for_time(const Topic& topic, int partition,
                                          std::int64_t timestamp_ms) const {
  PartitionState state;
  {
    const std::lock_guard lock(topic.mutex);
    state = topic.partitions[static_cast<std::size_t>(partition)];
  }
  auto block = first_block_at(topic, partition, timestamp_ms);
  if (!block) return std::move(block).error();
  if (!*block) return state.end;
  Offset position = std::max(**block, state.start);
  while (position < state.end) {
    constexpr std::size_t kRecords = 4096;
    auto batch = read(topic, partition, position, state.end, kRecords, kBlockPayloadBytes);
    if (!batch) return std::move(batch).error();
    for (const Record& record : batch->records) {
      if (record.timestamp_ms >= timestamp_ms) return record.offset;
    }
    position = batch->position;
  }
  return state.end;
}

// The first block that raised the greatest timestamp to the asked one or beyond: it holds the first such
// record.
base::Result<std::optional<Offset>> Log::first_block_at(const Topic& topic, int partition,
                                                        std::int64_t timestamp_ms) const {
  const std::string end = partition_end('T', topic.id, partition);
  const rocksdb::Slice upper(end);
  rocksdb::ReadOptions options;
  options.iterate_upper_bound = &upper;
  const auto lease = database_->use();
  if (!lease) return database_closed();
  const std::unique_ptr<rocksdb::Iterator> at(lease->NewIterator(options));
  at->Seek(time_key(topic.id, partition, timestamp_ms));
  if (!at->status().ok()) return database_error(at->status(), "reading the time index");
  if (!at->Valid()) return std::optional<Offset>();
  return std::optional<Offset>(static_cast<Offset>(get_u64(at->value().ToStringView())));
}

base::Status Log::drop_before(Topic& topic, int partition, std::int64_t cutoff_ms) {
  PartitionState state;
  {
    const std::lock_guard lock(topic.mutex);
    if (topic.deleted) return {};
    state = topic.partitions[static_cast<std::size_t>(partition)];
  }
  auto block = first_block_at(topic, partition, cutoff_ms);
  if (!block) return std::move(block).error();
  const Offset start = block->value_or(state.end);
  if (start <= state.start) return {};

  rocksdb::WriteBatch batch;
  batch.DeleteRange(partition_begin('L', topic.id, partition), block_key(topic.id, partition, start));
  batch.DeleteRange(partition_begin('T', topic.id, partition), time_key(topic.id, partition, cutoff_ms));
  std::string bounds;
  put_u64(bounds, static_cast<std::uint64_t>(start));
  put_u64(bounds, static_cast<std::uint64_t>(state.end));
  batch.Put(start_key(topic.id, partition), bounds);
  {
    // The start moves first: a reader in between is told that its offset is gone, not that a block is
    // missing.
    const std::lock_guard lock(topic.mutex);
    topic.partitions[static_cast<std::size_t>(partition)].start = start;
  }
  if (auto written = database_->write(batch, "dropping old records"); !written) return written;
  base::log_info("old records dropped", {{"component", "events"},
                                         {"topic", topic.name},
                                         {"partition", std::to_string(partition)},
                                         {"log_start", std::to_string(start)}});
  return {};
}

base::Status Log::apply_retention() {
  std::vector<std::shared_ptr<Topic>> ageing;
  {
    const std::shared_lock lock(topics_mutex_);
    for (const auto& [name, topic] : topics_) {
      if (topic->retention_ms >= 0 && topic->cleanup != CleanupPolicy::kCompact) ageing.push_back(topic);
    }
  }
  for (const auto& topic : ageing) {
    const std::int64_t cutoff_ms = clock_.now() / 1000 - topic->retention_ms;
    for (int partition = 0; partition < topic->partition_count; ++partition) {
      auto dropped = committer_.exclusively([&] { return drop_before(*topic, partition, cutoff_ms); });
      if (!dropped) return dropped;
    }
  }
  return {};
}

void Log::keep_retention() {
  constexpr std::chrono::minutes kEvery(1);
  std::unique_lock lock(stop_mutex_);
  while (!stopping_) {
    lock.unlock();
    if (auto applied = apply_retention(); !applied) {
      base::log_warn("old records could not be dropped",
                     {{"component", "events"}, {"error", applied.error().text()}});
    }
    lock.lock();
    stop_.wait_for(lock, kEvery, [this] { return stopping_; });
  }
}

}  // namespace offtake::sources::embedded
