#include "operators/sources/kafka/reader.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <deque>

#include "operators/sources/kafka/client.h"
#include "operators/sources/kafka/errors.h"

namespace offtake::sources::kafka {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kPatience(60);    // with a broken connection before it is an error
constexpr std::chrono::seconds kSaysSoAfter(4);  // before away() tells
constexpr std::chrono::milliseconds kAskFor(300);
constexpr std::chrono::seconds kAskEvery(1);

// Messages hold the buffers they came in and must go before their handle does.
struct Messages {
  std::shared_ptr<Client> client;
  std::vector<rd_kafka_message_t*> all;
  explicit Messages(std::shared_ptr<Client> owner) : client(std::move(owner)) {}
  ~Messages() {
    for (auto* message : all) rd_kafka_message_destroy(message);
  }
  Messages(const Messages&) = delete;
  Messages& operator=(const Messages&) = delete;
};

struct Cursor {
  Offset position = 0;  // of what was returned
  Offset read = 0;      // of what came from the library
  std::optional<Offset> until;
  bool assigned = false;
  bool read_all() const { return until && read >= *until; }
  bool done() const { return until && position >= *until; }
};

class PartitionList {
 public:
  PartitionList() : list_(rd_kafka_topic_partition_list_new(1)) {}
  ~PartitionList() { rd_kafka_topic_partition_list_destroy(list_); }
  PartitionList(const PartitionList&) = delete;
  PartitionList& operator=(const PartitionList&) = delete;
  void add(const std::string& topic, int partition, Offset offset) {
    rd_kafka_topic_partition_list_add(list_, topic.c_str(), partition)->offset = offset;
  }
  bool empty() const { return list_->cnt == 0; }
  rd_kafka_topic_partition_list_t* get() { return list_; }

 private:
  rd_kafka_topic_partition_list_t* list_;
};

class KafkaReader : public Reader {
 public:
  KafkaReader(std::shared_ptr<Client> client, std::string topic, const ReadOptions& options)
      : client_(std::move(client)), topic_(std::move(topic)), options_(options) {
    rd_kafka_poll_set_consumer(client_->handle());
    queue_ = rd_kafka_queue_get_consumer(client_->handle());
  }
  ~KafkaReader() override {
    rd_kafka_assign(client_->handle(), nullptr);
    rd_kafka_queue_destroy(queue_);
  }

  base::Status start(const OffsetVector& from, const OffsetVector& until) {
    PartitionList list;
    for (const auto& [partition, offset] : from) {
      Cursor cursor{offset, offset, {}, false};
      if (const auto end = until.find(partition); end != until.end()) cursor.until = end->second;
      if (!cursor.done()) {
        list.add(topic_, partition, offset);
        cursor.assigned = true;
      }
      cursors_[partition] = cursor;
    }
    if (list.empty()) return {};
    const auto code = rd_kafka_assign(client_->handle(), list.get());
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return client_->error(code, doing());
    return {};
  }

  base::Status add_partition(int partition, Offset from) override {
    if (cursors_.contains(partition)) {
      return base::terminal("PartitionTaken",
                            fmt::format("partition {} of topic '{}' is read already", partition, topic_));
    }
    PartitionList list;
    list.add(topic_, partition, from);
    if (auto* error = rd_kafka_incremental_assign(client_->handle(), list.get())) {
      const int code = rd_kafka_error_code(error);
      rd_kafka_error_destroy(error);
      return client_->error(code, doing());
    }
    cursors_[partition] = Cursor{from, from, {}, true};
    return {};
  }

  base::Result<std::optional<RecordBatch>> poll(std::chrono::milliseconds timeout) override {
    const auto deadline = Clock::now() + timeout;
    while (ready_.empty() && !finished()) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
      auto got = receive(std::max(left, std::chrono::milliseconds(0)));
      if (!got) return std::move(got).error();
      if (!ready_.empty() || *got) continue;
      if (auto healthy = check_health(); !healthy) return std::move(healthy).error();
      if (Clock::now() >= deadline) break;
    }
    if (ready_.empty()) return std::optional<RecordBatch>();
    RecordBatch batch = std::move(ready_.front());
    ready_.pop_front();
    cursors_[batch.partition].position = batch.position;
    return std::optional<RecordBatch>(std::move(batch));
  }

  OffsetVector positions() const override {
    OffsetVector out;
    for (const auto& [partition, cursor] : cursors_) out[partition] = cursor.position;
    return out;
  }

  bool finished() const override {
    bool any = false;
    for (const auto& [partition, cursor] : cursors_) {
      if (!cursor.until) continue;
      if (!cursor.done()) return false;
      any = true;
    }
    return any;
  }

  std::optional<base::Error> away() const override { return away_; }

 private:
  std::string doing() const { return fmt::format("reading topic '{}'", topic_); }

  // Takes what the library has, waiting for the first message only. False when there was none.
  base::Result<bool> receive(std::chrono::milliseconds timeout) {
    auto messages = std::make_shared<Messages>(client_);
    auto& all = messages->all;
    all.resize(std::max<std::size_t>(options_.max_batch_records, 1));
    std::size_t count = take(all, 0);
    if (count == 0 && timeout.count() > 0) {
      // At most a second: what the library says of the connection is looked at in between.
      const auto wait = std::min(timeout, std::chrono::milliseconds(1000));
      all[0] = rd_kafka_consumer_poll(client_->handle(), static_cast<int>(wait.count()));
      count = all[0] == nullptr ? 0 : 1 + take(all, 1);
    }
    all.resize(count);
    if (count == 0) return false;
    last_message_ = Clock::now();
    trouble_is_over();
    client_->wake_fetchers();
    std::map<int, RecordBatch> batches;
    for (const auto* message : all) {
      auto accepted = accept(*message, batches);
      if (!accepted) return std::move(accepted).error();
    }
    for (auto& [partition, batch] : batches) {
      batch.owner = messages;
      ready_.push_back(std::move(batch));
    }
    release_finished();
    return true;
  }

  std::size_t take(std::vector<rd_kafka_message_t*>& all, std::size_t from) {
    const auto got = rd_kafka_consume_batch_queue(queue_, 0, all.data() + from, all.size() - from);
    return got > 0 ? static_cast<std::size_t>(got) : 0;
  }

  base::Status accept(const rd_kafka_message_t& message, std::map<int, RecordBatch>& batches) {
    if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR && message.err != RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      return accept_error(message);
    }
    const auto place = cursors_.find(message.partition);
    if (place == cursors_.end() || !place->second.assigned || place->second.read_all()) return {};
    Cursor& cursor = place->second;
    auto [entry, fresh] = batches.try_emplace(message.partition);
    RecordBatch& batch = entry->second;
    if (fresh) {
      batch.partition = message.partition;
      batch.position = cursor.read;
    }
    if (message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      cursor.read = std::max(cursor.read, message.offset);
    } else if (cursor.until && message.offset >= *cursor.until) {
      cursor.read = *cursor.until;  // all before it has been seen
    } else if (message.offset >= cursor.read) {
      Record record;
      record.offset = message.offset;
      record.timestamp_ms = rd_kafka_message_timestamp(&message, nullptr);
      if (message.key != nullptr) record.key = {static_cast<const char*>(message.key), message.key_len};
      if (message.payload != nullptr) record.value = {static_cast<const char*>(message.payload), message.len};
      batch.bytes += message.key_len + message.len;
      batch.records.push_back(record);
      cursor.read = message.offset + 1;
    }
    if (cursor.read == batch.position && batch.records.empty()) {
      batches.erase(entry);  // an end-of-partition event where we already were
    } else {
      batch.position = cursor.read;
    }
    return {};
  }

  base::Status accept_error(const rd_kafka_message_t& message) {
    if (message.err == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED) return {};  // no group is joined
    const auto error =
        client_->error(message.err, fmt::format("reading topic '{}', partition {} at offset {}", topic_,
                                                message.partition, message.offset));
    if (error.retry == base::Retry::kTransient) return {};  // the library goes on trying: see check_health
    return error;
  }

  // Partitions that have reached their end are not fetched any further.
  void release_finished() {
    PartitionList list;
    for (auto& [partition, cursor] : cursors_) {
      if (!cursor.assigned || !cursor.read_all()) continue;
      cursor.assigned = false;
      list.add(topic_, partition, RD_KAFKA_OFFSET_INVALID);
    }
    if (list.empty()) return;
    if (auto* error = rd_kafka_incremental_unassign(client_->handle(), list.get()))
      rd_kafka_error_destroy(error);
  }

  // Silence is normal; silence after the library reported trouble is looked into. The library goes on trying
  // meanwhile, but says nothing when it has succeeded and there is nothing to read.
  base::Status check_health() {
    const auto now = Clock::now();
    const auto trouble = client_->trouble();
    if (trouble && last_message_ <= trouble->at) {
      auto error = client_->error(trouble->code, doing());
      if (error.retry != base::Retry::kTransient) return error;
      if (!troubled_since_) troubled_since_ = now;
    }
    if (!troubled_since_ || now - *troubled_since_ < kSaysSoAfter || now < ask_again_) return {};
    ask_again_ = now + kAskEvery;
    auto reached = client_->reach(kAskFor);
    if (reached) {
      trouble_is_over();
      return {};
    }
    if (reached.error().retry != base::Retry::kTransient || now - *troubled_since_ >= kPatience) {
      trouble_is_over();
      return reached;
    }
    away_ = reached.error();
    return {};
  }

  void trouble_is_over() {
    troubled_since_.reset();
    away_.reset();
  }

  const std::shared_ptr<Client> client_;
  const std::string topic_;
  const ReadOptions options_;
  rd_kafka_queue_t* queue_ = nullptr;
  std::map<int, Cursor> cursors_;
  std::deque<RecordBatch> ready_;
  Clock::time_point last_message_{};
  std::optional<Clock::time_point> troubled_since_;
  std::optional<base::Error> away_;
  Clock::time_point ask_again_{};
};

}  // namespace

base::Result<std::unique_ptr<Reader>> make_reader(const KafkaConnection& connection, const std::string& topic,
                                                  const OffsetVector& from, const OffsetVector& until,
                                                  const ReadOptions& options) {
  const std::size_t kilobytes = std::max<std::size_t>(options.max_buffered_bytes >> 10, 64);
  const std::size_t partition_bytes =
      std::clamp<std::size_t>(options.max_buffered_bytes / 64, 64 << 10, 1 << 20);
  auto client = Client::make(
      connection, Role::kConsumer,
      {
          // Asked for by the library although no group is ever joined or committed to.
          {"group.id", "offtake-assigns-itself"},
          {"enable.auto.commit", "false"},
          {"enable.auto.offset.store", "false"},
          {"auto.offset.reset", "error"},
          {"isolation.level", "read_committed"},
          {"enable.partition.eof", "true"},
          {"queued.max.messages.kbytes", std::to_string(kilobytes)},
          {"queued.min.messages",
           "1000000"},  // bytes are the bound
                        // Small answers: one that is larger than what is left of the bound overshoots it.
          {"fetch.message.max.bytes", std::to_string(partition_bytes)},
          {"fetch.max.bytes", std::to_string(4 << 20)},
          {"fetch.queue.backoff.ms", "5"},
          {"fetch.wait.max.ms", "100"},
          {"topic.metadata.refresh.interval.ms", "30000"},
      });
  if (!client) return std::move(client).error();
  auto reader = std::make_unique<KafkaReader>(std::move(client).value(), topic, options);
  if (auto started = reader->start(from, until); !started) return std::move(started).error();
  return std::unique_ptr<Reader>(std::move(reader));
}

}  // namespace offtake::sources::kafka
