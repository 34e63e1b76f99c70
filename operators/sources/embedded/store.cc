#include "operators/sources/embedded/store.h"

#include <algorithm>

#include "operators/sources/embedded/reader.h"
#include "operators/sources/embedded/transactions.h"

namespace offtake::sources::embedded {
namespace {

class Store : public EventStore {
 public:
  explicit Store(std::shared_ptr<Log> log) : log_(std::move(log)) {}

  base::Status ping() override { return {}; }

  base::Result<TopicDescription> describe(const std::string& name) override {
    auto topic = log_->find(name);
    if (!topic) return std::move(topic).error();
    TopicDescription out;
    out.topic = name;
    out.topic_id = (*topic)->uid;
    out.partitions = (*topic)->partition_count;
    out.cleanup = (*topic)->cleanup;
    out.retention_ms = (*topic)->retention_ms;
    out.kept_whole = out.cleanup == CleanupPolicy::kCompact;
    return out;
  }

  base::Status create_topic(const TopicSpec& spec) override { return log_->create_topic(spec); }
  base::Status delete_topic(const std::string& topic) override { return log_->delete_topic(topic); }
  base::Result<std::vector<std::string>> list_topics() override { return log_->topics(); }

  base::Result<std::map<int, PartitionBounds>> bounds(const std::string& name) override {
    auto topic = log_->find(name);
    if (!topic) return std::move(topic).error();
    std::map<int, PartitionBounds> out;
    const std::lock_guard lock((*topic)->mutex);
    int partition = 0;
    for (const auto& state : (*topic)->partitions) out[partition++] = {state.start, state.end, state.end};
    return out;
  }

  base::Result<OffsetVector> offsets_for_time(const std::string& name, base::Micros instant) override {
    auto topic = log_->find(name);
    if (!topic) return std::move(topic).error();
    // Records carry milliseconds: the first at or after the instant is at or after the next whole one.
    const std::int64_t timestamp_ms = instant >= 0 ? (instant + 999) / 1000 : instant / 1000;
    OffsetVector out;
    for (int partition = 0; partition < (*topic)->partition_count; ++partition) {
      auto offset = log_->offset_for_time(**topic, partition, timestamp_ms);
      if (!offset) return std::move(offset).error();
      out[partition] = *offset;
    }
    return out;
  }

  base::Result<std::map<int, std::int64_t>> earliest_timestamps(const std::string& name) override {
    auto topic = log_->find(name);
    if (!topic) return std::move(topic).error();
    auto all = bounds(name);
    if (!all) return std::move(all).error();
    std::map<int, std::int64_t> out;
    for (const auto& [partition, bound] : *all) {
      if (bound.earliest >= bound.last_stable) continue;
      auto first = log_->read(**topic, partition, bound.earliest, bound.earliest + 1, 1, kBlockPayloadBytes);
      if (!first) return std::move(first).error();
      out[partition] = first->records.front().timestamp_ms;
    }
    return out;
  }

  base::Result<std::unique_ptr<Reader>> read(const std::string& name, const OffsetVector& from,
                                             const OffsetVector& until, const ReadOptions& options) override {
    auto topic = log_->find(name);
    if (!topic) return std::move(topic).error();
    return make_reader(log_, *topic, from, until, options);
  }

  base::Result<std::vector<WrittenRecord>> append(const std::string& topic,
                                                  std::span<const NewRecord> records) override {
    auto appended = log_->append(topic, views_of(records));
    if (!appended) return std::move(appended).error();
    std::map<int, Offset> next;
    for (const auto& range : appended->ranges) next[range.partition] = range.first;
    std::vector<WrittenRecord> out;
    out.reserve(records.size());
    for (const int partition : appended->partitions) out.push_back({partition, next[partition]++});
    return out;
  }

  base::Status rewrite_compacted(const std::string& topic) override { return log_->rewrite_compacted(topic); }

  base::Result<std::unique_ptr<TransactionalProducer>> open_producer(const std::string& id) override {
    return embedded::open_producer(log_, id);
  }

 private:
  const std::shared_ptr<Log> log_;
};

}  // namespace

std::unique_ptr<EventStore> make_store(std::shared_ptr<Log> log) {
  return std::make_unique<Store>(std::move(log));
}

}  // namespace offtake::sources::embedded
