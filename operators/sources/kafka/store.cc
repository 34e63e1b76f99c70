#include "operators/sources/kafka/store.h"

#include <librdkafka/rdkafka.h>

#include <mutex>

#include "operators/sources/kafka/admin.h"
#include "operators/sources/kafka/client.h"
#include "operators/sources/kafka/errors.h"
#include "operators/sources/kafka/producer.h"
#include "operators/sources/kafka/reader.h"
#include "operators/sources/kafka/transactions.h"

namespace offtake::sources::kafka {
namespace {

// Special times of ListOffsets: where the log begins, and where it ends for this handle's isolation level.
constexpr std::int64_t kEarliest = RD_KAFKA_OFFSET_BEGINNING;
constexpr std::int64_t kLatest = RD_KAFKA_OFFSET_END;

std::map<std::string, std::string> reading(std::string_view isolation) {
  return {{"isolation.level", std::string(isolation)}, {"enable.auto.commit", "false"}};
}

class Store : public EventStore {
 public:
  Store(const KafkaConnection& connection, std::shared_ptr<Client> client)
      : connection_(connection), client_(std::move(client)) {}

  base::Status ping() override { return client_->reach(kAnswerTimeout); }

  base::Result<TopicDescription> describe(const std::string& topic) override {
    return describe_topic(*client_, topic);
  }
  base::Status create_topic(const TopicSpec& spec) override { return kafka::create_topic(*client_, spec); }
  base::Status delete_topic(const std::string& topic) override {
    return kafka::delete_topic(*client_, topic);
  }
  base::Result<std::vector<std::string>> list_topics() override { return topic_names(*client_); }

  base::Result<std::map<int, PartitionBounds>> bounds(const std::string& topic) override {
    auto partitions = partition_count(*client_, topic);
    if (!partitions) return std::move(partitions).error();
    auto uncommitted = uncommitted_client();
    if (!uncommitted) return std::move(uncommitted).error();
    auto earliest = list_offsets(*client_, topic, *partitions, kEarliest);
    if (!earliest) return std::move(earliest).error();
    auto stable = list_offsets(*client_, topic, *partitions, kLatest);
    if (!stable) return std::move(stable).error();
    auto high = list_offsets(**uncommitted, topic, *partitions, kLatest);
    if (!high) return std::move(high).error();
    std::map<int, PartitionBounds> out;
    for (const auto& [partition, offset] : *earliest) {
      out[partition] = {offset, (*stable)[partition], (*high)[partition]};
    }
    return out;
  }

  base::Result<OffsetVector> offsets_for_time(const std::string& topic, base::Micros instant) override {
    auto partitions = partition_count(*client_, topic);
    if (!partitions) return std::move(partitions).error();
    // Records carry milliseconds: the first at or after the instant is at or after the next whole one.
    // Below 0 there are no records' times, only Kafka's special ones.
    const std::int64_t timestamp_ms = instant <= 0 ? 0 : (instant + 999) / 1000;
    // The cut first: a record that arrives in between is then read twice rather than skipped.
    auto stable = list_offsets(*client_, topic, *partitions, kLatest);
    if (!stable) return stable;
    auto found = list_offsets(*client_, topic, *partitions, timestamp_ms);
    if (!found) return found;
    for (auto& [partition, offset] : *found) {
      const Offset cut = (*stable)[partition];
      if (offset < 0 || offset > cut) offset = cut;
    }
    return found;
  }

  base::Result<std::map<int, std::int64_t>> earliest_timestamps(const std::string& topic) override {
    auto all = bounds(topic);
    if (!all) return std::move(all).error();
    OffsetVector from, until;
    for (const auto& [partition, bound] : *all) {
      if (bound.earliest >= bound.last_stable) continue;
      from[partition] = bound.earliest;
      until[partition] = bound.last_stable;
    }
    std::map<int, std::int64_t> out;
    if (from.empty()) return out;
    ReadOptions options;
    options.max_buffered_bytes = 1 << 20;
    auto reader = make_reader(connection_, topic, from, until, options);
    if (!reader) return std::move(reader).error();
    // A partition that holds nothing but aborted and control records reaches its end without a record.
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    std::map<int, Offset> reached;
    while (std::chrono::steady_clock::now() < deadline) {
      auto batch = (*reader)->poll(std::chrono::milliseconds(500));
      if (!batch) return std::move(batch).error();
      if (*batch && !(*batch)->records.empty()) {
        out.emplace((*batch)->partition, (*batch)->records.front().timestamp_ms);
      }
      reached = (*reader)->positions();
      bool all_known = true;
      for (const auto& [partition, end] : until) {
        if (!out.contains(partition) && reached[partition] < end) all_known = false;
      }
      if (all_known) return out;
    }
    return base::transient("KafkaFailed",
                           fmt::format("the first records of topic '{}' did not come within 20 s", topic));
  }

  base::Result<std::unique_ptr<Reader>> read(const std::string& topic, const OffsetVector& from,
                                             const OffsetVector& until, const ReadOptions& options) override {
    auto partitions = partition_count(*client_, topic);
    if (!partitions) return std::move(partitions).error();
    for (const auto& [partition, offset] : from) {
      if (partition < 0 || partition >= *partitions) return partition_missing(topic, partition, *partitions);
    }
    return make_reader(connection_, topic, from, until, options);
  }

  base::Result<std::vector<WrittenRecord>> append(const std::string& topic,
                                                  std::span<const NewRecord> records) override {
    Producer* producer = nullptr;
    {
      const std::lock_guard lock(mutex_);
      if (!producer_) {
        auto made = Producer::make(connection_);
        if (!made) return std::move(made).error();
        producer_ = std::move(made).value();
      }
      producer = producer_.get();
    }
    // Asked through the producer's own handle, which then knows the partitions' leaders at once.
    auto partitions = partition_count(producer->client(), topic);
    if (!partitions) return std::move(partitions).error();
    for (const NewRecord& record : records) {
      if (record.partition && (*record.partition < 0 || *record.partition >= *partitions)) {
        return partition_missing(topic, *record.partition, *partitions);
      }
    }
    return producer->append(topic, records);
  }

  base::Result<std::unique_ptr<TransactionalProducer>> open_producer(const std::string& id) override {
    return kafka::open_producer(connection_, id);
  }

 private:
  static base::Error partition_missing(const std::string& topic, int partition, int partitions) {
    return base::terminal("PartitionMissing", fmt::format("topic '{}' has no partition {}, it has {}", topic,
                                                          partition, partitions));
  }

  base::Result<std::shared_ptr<Client>> uncommitted_client() {
    const std::lock_guard lock(mutex_);
    if (!uncommitted_) {
      auto made = Client::make(connection_, Role::kConsumer, reading("read_uncommitted"));
      if (!made) return made;
      uncommitted_ = std::move(made).value();
    }
    return uncommitted_;
  }

  // One question to each leader for all its partitions; the answer's offset is -1 where no record is that
  // late.
  base::Result<OffsetVector> list_offsets(Client& client, const std::string& topic, int partitions,
                                          std::int64_t time) {
    using List =
        std::unique_ptr<rd_kafka_topic_partition_list_t, decltype(&rd_kafka_topic_partition_list_destroy)>;
    const std::string doing = fmt::format("asking for the offsets of topic '{}'", topic);
    const auto deadline = std::chrono::steady_clock::now() + kAnswerTimeout;
    for (;;) {
      const List list(rd_kafka_topic_partition_list_new(partitions), &rd_kafka_topic_partition_list_destroy);
      for (int partition = 0; partition < partitions; ++partition) {
        rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), partition)->offset = time;
      }
      int code =
          rd_kafka_offsets_for_times(client.handle(), list.get(), static_cast<int>(kAnswerTimeout.count()));
      OffsetVector out;
      for (int i = 0; i < list->cnt && code == 0; ++i) {
        code = list->elems[i].err;
        out[list->elems[i].partition] = list->elems[i].offset;
      }
      if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return out;
      rd_kafka_poll(client.handle(), 0);
      auto error = client.error(code, doing);
      if (error.retry != base::Retry::kTransient || std::chrono::steady_clock::now() >= deadline)
        return error;
    }
  }

  const KafkaConnection connection_;
  const std::shared_ptr<Client> client_;
  std::mutex mutex_;  // guards what follows
  std::shared_ptr<Client> uncommitted_;
  std::unique_ptr<Producer> producer_;
};

}  // namespace

base::Result<std::unique_ptr<EventStore>> make_store(const KafkaConnection& connection) {
  auto client = Client::make(connection, Role::kConsumer, reading("read_committed"));
  if (!client) return std::move(client).error();
  return std::make_unique<Store>(connection, std::move(client).value());
}

}  // namespace offtake::sources::kafka
