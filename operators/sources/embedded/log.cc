#include "operators/sources/embedded/log.h"

#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <algorithm>

#include "base/id.h"
#include "base/log.h"
#include "operators/sources/embedded/database.h"
#include "operators/sources/embedded/keys.h"

namespace offtake::sources::embedded {
namespace {

constexpr std::string_view kLogFormat = "1";

std::uint64_t default_reserve(const std::string& dir) {
  constexpr std::uint64_t kLeast = 16 << 20, kMost = 256 << 20;
  return std::clamp(disk_space(dir).total_bytes / 20, kLeast, kMost);
}

CommitterOptions committer_options(const LogOptions& options) {
  CommitterOptions out;
  out.dir = options.dir;
  out.reserved_bytes = options.reserved_bytes ? *options.reserved_bytes : default_reserve(options.dir);
  return out;
}

rocksdb::WriteOptions synced() {
  rocksdb::WriteOptions options;
  options.sync = true;
  return options;
}

}  // namespace

Log::Log(const LogOptions& options, std::unique_ptr<rocksdb::DB> db)
    : dir_(options.dir),
      clock_(options.clock != nullptr ? *options.clock : base::system_clock()),
      db_(std::move(db)),
      committer_(*db_, committer_options(options)) {}

Log::~Log() {
  {
    const std::lock_guard lock(stop_mutex_);
    stopping_ = true;
    stop_.notify_all();
  }
  if (retention_.joinable()) retention_.join();
}

base::Result<std::unique_ptr<Log>> Log::open(const LogOptions& options) {
  auto db = open_database({options.dir, options.memtable_bytes, options.cache_bytes});
  if (!db) return std::move(db).error();
  std::unique_ptr<Log> log(new Log(options, std::move(db).value()));
  if (auto loaded = log->load(); !loaded) return std::move(loaded).error();
  log->retention_ = std::thread([opened = log.get()] { opened->keep_retention(); });
  return log;
}

base::Status Log::load() {
  std::string format;
  const auto found = db_->Get({}, rocksdb::Slice(kFormatKey.data(), kFormatKey.size()), &format);
  if (found.IsNotFound()) {
    const auto written = db_->Put(synced(), rocksdb::Slice(kFormatKey.data(), kFormatKey.size()),
                                  rocksdb::Slice(kLogFormat.data(), kLogFormat.size()));
    if (!written.ok()) return database_error(written, "writing the event log's format");
  } else if (!found.ok()) {
    return database_error(found, "reading the event log's format");
  } else if (format != kLogFormat) {
    return base::terminal("LogFormat",
                          fmt::format("the event log in {} has format {}; this version reads format {}", dir_,
                                      format, kLogFormat))
        .with_hint("use the version of offtake that wrote it");
  }
  const std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator({}));
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
  std::string kept;
  const auto found = db_->Get({}, start_key(topic.id, partition), &kept);
  if (found.ok() && kept.size() == 16) {
    state.start = static_cast<Offset>(get_u64(std::string_view(kept).substr(0, 8)));
    state.end = static_cast<Offset>(get_u64(std::string_view(kept).substr(8)));
  } else if (!found.IsNotFound()) {
    return found.ok() ? base::terminal("LogDamaged", "a partition's bounds in the event log are damaged")
                      : database_error(found, "reading a partition's bounds");
  }
  const std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator({}));
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

base::Status Log::create_topic(const TopicSpec& spec) {
  if (auto checked = check_topic(spec); !checked) return checked;
  return committer_.exclusively([&]() -> base::Status {
    {
      const std::shared_lock lock(topics_mutex_);
      if (topics_.contains(spec.topic)) {
        return base::terminal("TopicExists", fmt::format("topic '{}' exists already", spec.topic));
      }
    }
    std::string next;
    const rocksdb::Slice counter(kNextTopicIdKey.data(), kNextTopicIdKey.size());
    const auto found = db_->Get({}, counter, &next);
    if (!found.ok() && !found.IsNotFound()) return database_error(found, "reading the next topic id");
    const std::uint64_t id = found.ok() && next.size() == 8 ? get_u64(next) : 1;
    auto topic = std::make_shared<Topic>(id, base::random_uuid(), spec);
    rocksdb::WriteBatch batch;
    next.clear();
    put_u64(next, id + 1);
    batch.Put(counter, next);
    batch.Put(topic_key(spec.topic), topic_text(*topic));
    const auto written = db_->Write(synced(), &batch);
    if (!written.ok()) return database_error(written, fmt::format("creating topic '{}'", spec.topic));
    const std::unique_lock lock(topics_mutex_);
    topics_.emplace(spec.topic, std::move(topic));
    return {};
  });
}

base::Status Log::delete_topic(const std::string& name) {
  return committer_.exclusively([&]() -> base::Status {
    auto topic = find(name);
    if (!topic) return {};
    const std::uint64_t id = (*topic)->id;
    rocksdb::WriteBatch batch;
    batch.Delete(topic_key(name));
    for (const char kind : {'L', 'S', 'T'}) batch.DeleteRange(kind_begin(kind, id), kind_end(kind, id));
    const auto written = db_->Write(synced(), &batch);
    if (!written.ok()) return database_error(written, fmt::format("deleting topic '{}'", name));
    {
      const std::unique_lock lock(topics_mutex_);
      topics_.erase(name);
    }
    {
      const std::lock_guard lock((*topic)->mutex);
      (*topic)->deleted = true;
      (*topic)->changed.notify_all();
    }
    // Gives the space back soon; a reader in the middle keeps its files until it lets go.
    const std::string begin = kind_begin('L', id), end = kind_end('L', id);
    const rocksdb::Slice from(begin), to(end);
    (void)rocksdb::DeleteFilesInRange(db_.get(), db_->DefaultColumnFamily(), &from, &to, false);
    return {};
  });
}

std::vector<std::string> Log::topics() const {
  const std::shared_lock lock(topics_mutex_);
  std::vector<std::string> names;
  names.reserve(topics_.size());
  for (const auto& [name, topic] : topics_) names.push_back(name);
  return names;
}

base::Result<std::shared_ptr<Topic>> Log::find(std::string_view name) const {
  const std::shared_lock lock(topics_mutex_);
  const auto place = topics_.find(name);
  if (place == topics_.end()) return topic_missing(name);
  return place->second;
}

}  // namespace offtake::sources::embedded
