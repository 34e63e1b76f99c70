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

std::uint64_t default_reserve(const std::string& dir) {
  constexpr std::uint64_t kLeast = 16 << 20, kMost = 256 << 20;
  return std::clamp(disk_space(dir).total_bytes / 20, kLeast, kMost);
}

CommitterOptions committer_options(const LogOptions& options, std::function<base::Status()> after_reopening) {
  CommitterOptions out;
  out.dir = options.dir;
  out.reserved_bytes = options.reserved_bytes ? *options.reserved_bytes : default_reserve(options.dir);
  out.after_reopening = std::move(after_reopening);
  return out;
}

}  // namespace

Log::Log(const LogOptions& options, std::unique_ptr<Database> database)
    : dir_(options.dir),
      clock_(options.clock != nullptr ? *options.clock : base::system_clock()),
      database_(std::move(database)),
      committer_(*database_, committer_options(options, [this] { return remove_unacknowledged(); })) {}

Log::~Log() {
  {
    const std::lock_guard lock(stop_mutex_);
    stopping_ = true;
    stop_.notify_all();
  }
  if (retention_.joinable()) retention_.join();
}

base::Result<std::unique_ptr<Log>> Log::open(const LogOptions& options) {
  auto database = Database::open({options.dir, options.memtable_bytes, options.cache_bytes});
  if (!database) return std::move(database).error();
  std::unique_ptr<Log> log(new Log(options, std::move(database).value()));
  if (auto loaded = log->load(); !loaded) return std::move(loaded).error();
  log->retention_ = std::thread([opened = log.get()] { opened->keep_retention(); });
  return log;
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
    const auto lease = database_->use();
    if (!lease) return database_closed();
    const auto found = lease->Get({}, counter, &next);
    if (!found.ok() && !found.IsNotFound()) return database_error(found, "reading the next topic id");
    const std::uint64_t id = found.ok() && next.size() == 8 ? get_u64(next) : 1;
    auto topic = std::make_shared<Topic>(id, base::random_uuid(), spec);
    rocksdb::WriteBatch batch;
    next.clear();
    put_u64(next, id + 1);
    batch.Put(counter, next);
    batch.Put(topic_key(spec.topic), topic_text(*topic));
    auto written = database_->write(batch, fmt::format("creating topic '{}'", spec.topic));
    if (!written) return written;
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
    auto written = database_->write(batch, fmt::format("deleting topic '{}'", name));
    if (!written) return written;
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
    if (const auto lease = database_->use()) {
      (void)rocksdb::DeleteFilesInRange(&*lease, lease->DefaultColumnFamily(), &from, &to, false);
    }
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

std::shared_ptr<TransactionalId> Log::transactional_id(const std::string& id) {
  const std::lock_guard lock(ids_mutex_);
  auto& known = ids_[id];
  if (!known) known = std::make_shared<TransactionalId>();
  return known;
}

base::Result<std::shared_ptr<Topic>> Log::find(std::string_view name) const {
  const std::shared_lock lock(topics_mutex_);
  const auto place = topics_.find(name);
  if (place == topics_.end()) return topic_missing(name);
  return place->second;
}

}  // namespace offtake::sources::embedded
