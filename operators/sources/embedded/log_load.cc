// What is found in the database when it is opened, and opened again after a failed write.
#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <algorithm>

#include "operators/sources/embedded/keys.h"
#include "operators/sources/embedded/log.h"

namespace offtake::sources::embedded {
namespace {

constexpr std::string_view kLogFormat = "1";

}  // namespace

base::Status Log::load() {
  const auto lease = database_->use();
  std::string format;
  const auto found = lease->Get({}, rocksdb::Slice(kFormatKey.data(), kFormatKey.size()), &format);
  if (found.IsNotFound()) {
    rocksdb::WriteBatch batch;
    batch.Put(rocksdb::Slice(kFormatKey.data(), kFormatKey.size()),
              rocksdb::Slice(kLogFormat.data(), kLogFormat.size()));
    if (auto written = database_->write(batch, "writing the event log's format"); !written) return written;
  } else if (!found.ok()) {
    return database_error(found, "reading the event log's format");
  } else if (format != kLogFormat) {
    return base::terminal("LogFormat",
                          fmt::format("the event log in {} has format {}; this version reads format {}", dir_,
                                      format, kLogFormat))
        .with_hint("use the version of offtake that wrote it");
  }
  const std::unique_ptr<rocksdb::Iterator> at(lease->NewIterator({}));
  const std::string first = topic_key("");
  for (at->Seek(first); at->Valid() && at->key().starts_with(first); at->Next()) {
    const std::string name = at->key().ToString().substr(1);
    auto stored = parse_topic(name, at->value().ToStringView());
    if (!stored) return std::move(stored).error();
    auto topic = std::make_shared<Topic>(stored->id, stored->uid, stored->spec);
    for (int partition = 0; partition < topic->partition_count; ++partition) {
      if (auto loaded = load_partition(*topic, partition); !loaded) return loaded;
    }
    topics_.emplace(name, std::move(topic));
  }
  if (!at->status().ok()) return database_error(at->status(), "reading the event log's topics");
  return {};
}

// Finds where a partition begins and ends from its first and last block.
base::Status Log::load_partition(Topic& topic, int partition) {
  PartitionState& state = topic.partitions[static_cast<std::size_t>(partition)];
  const auto lease = database_->use();
  std::string kept;
  const auto found = lease->Get({}, start_key(topic.id, partition), &kept);
  if (found.ok() && kept.size() == 16) {
    state.start = static_cast<Offset>(get_u64(std::string_view(kept).substr(0, 8)));
    state.end = static_cast<Offset>(get_u64(std::string_view(kept).substr(8)));
  } else if (!found.IsNotFound()) {
    return found.ok() ? base::terminal("LogDamaged", "a partition's bounds in the event log are damaged")
                      : database_error(found, "reading a partition's bounds");
  }
  const std::unique_ptr<rocksdb::Iterator> at(lease->NewIterator({}));
  at->SeekForPrev(partition_end('L', topic.id, partition));
  if (at->Valid() && at->key().starts_with(partition_begin('L', topic.id, partition))) {
    auto header = parse_header(at->value().ToStringView());
    if (!header) {
      return base::terminal("LogDamaged",
                            fmt::format("the last block of topic '{}', partition {} is damaged: {}",
                                        topic.name, partition, header.error().message))
          .with_hint("restore the data directory from a copy");
    }
    state.end = std::max(state.end, base_offset_of(at->key().ToStringView()) + header->count);
  }
  at->SeekForPrev(partition_end('T', topic.id, partition));
  if (at->Valid() && at->key().starts_with(partition_begin('T', topic.id, partition))) {
    state.max_timestamp_ms = static_cast<std::int64_t>(
        get_u64(at->key().ToStringView().substr(at->key().size() - 8)) ^ std::uint64_t{1} << 63);
  }
  if (!at->status().ok()) return database_error(at->status(), "reading a partition's last block");
  return {};
}

base::Status Log::remove_unacknowledged() {
  std::vector<std::shared_ptr<Topic>> all;
  {
    const std::shared_lock lock(topics_mutex_);
    for (const auto& [name, topic] : topics_) all.push_back(topic);
  }
  for (const auto& topic : all) {
    for (int partition = 0; partition < topic->partition_count; ++partition) {
      if (auto removed = remove_unacknowledged(*topic, partition); !removed) return removed;
    }
  }
  return {};
}

// A write that failed may be in the write-ahead log all the same.
base::Status Log::remove_unacknowledged(Topic& topic, int partition) {
  Offset end = 0;
  {
    const std::lock_guard lock(topic.mutex);
    end = topic.partitions[static_cast<std::size_t>(partition)].end;
  }
  rocksdb::WriteBatch batch;
  {
    const auto lease = database_->use();
    if (!lease) return database_closed();
    const std::unique_ptr<rocksdb::Iterator> at(lease->NewIterator({}));
    const std::string blocks = partition_begin('L', topic.id, partition);
    at->Seek(block_key(topic.id, partition, end));
    if (at->Valid() && at->key().starts_with(blocks)) {
      batch.DeleteRange(block_key(topic.id, partition, end), partition_end('L', topic.id, partition));
    }
    const std::string times = partition_begin('T', topic.id, partition);
    for (at->SeekForPrev(partition_end('T', topic.id, partition));
         at->Valid() && at->key().starts_with(times) &&
         static_cast<Offset>(get_u64(at->value().ToStringView())) >= end;
         at->Prev()) {
      batch.Delete(at->key());
    }
    if (!at->status().ok()) return database_error(at->status(), "reading a partition's last block");
  }
  if (batch.Count() == 0) return {};
  return database_->write(batch, "removing what was not acknowledged");
}

}  // namespace offtake::sources::embedded
