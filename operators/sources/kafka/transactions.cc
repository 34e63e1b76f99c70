#include "operators/sources/kafka/transactions.h"

#include <librdkafka/rdkafka.h>

#include "base/log.h"
#include "operators/sources/kafka/admin.h"
#include "operators/sources/kafka/client.h"

namespace offtake::sources::kafka {
namespace {

using namespace std::chrono_literals;
using Deadline = std::chrono::steady_clock::time_point;
using Failure = std::unique_ptr<rd_kafka_error_t, decltype(&rd_kafka_error_destroy)>;

constexpr auto kPatience = 30s;  // of one call to the coordinator
constexpr int kSliceMs = 2'000;
// What one record may be here; the brokers and the topic have limits of their own (message.max.bytes, 1 MiB
// unless it was raised), and refuse what is above them.
constexpr const char* kMaxRecordBytes = "67108864";

// The first refusal of a record since a transaction began; written by the thread that polls, which is the
// producer's.
struct Refused {
  int code = 0;
};

void on_delivery(rd_kafka_t*, const rd_kafka_message_t* message, void*) {
  auto* refused = static_cast<Refused*>(message->_private);
  const bool purged =
      message->err == RD_KAFKA_RESP_ERR__PURGE_QUEUE || message->err == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT;
  if (message->err != 0 && !purged && refused->code == 0) refused->code = message->err;
}

bool is_fencing(int code) {
  return code == RD_KAFKA_RESP_ERR__FENCED || code == RD_KAFKA_RESP_ERR_PRODUCER_FENCED ||
         code == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH;
}

class Producer : public TransactionalProducer {
 public:
  Producer(std::shared_ptr<Client> client, std::string id) : client_(std::move(client)), id_(std::move(id)) {}
  ~Producer() override { abort(); }

  base::Status init() {
    return call("opening a producer", [&] { return rd_kafka_init_transactions(handle(), kSliceMs); });
  }

  base::Status append(const std::string& topic, std::span<const NewRecord> records) override {
    if (records.empty()) return {};
    if (auto begun = begin(topic); !begun) return begun;
    const std::string doing = fmt::format("writing to topic '{}'", topic);
    for (const NewRecord& record : records) {
      int code = produce(topic, record);
      while (code == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
        rd_kafka_poll(handle(), 50);
        code = produce(topic, record);
      }
      if (code == RD_KAFKA_RESP_ERR_NO_ERROR) code = refused_->code;
      if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return give_up(code, doing);
    }
    rd_kafka_poll(handle(), 0);
    return {};
  }

  base::Status commit() override {
    if (!open_) return {};
    // Once every record has been answered, the commit is one request.
    while (rd_kafka_flush(handle(), kSliceMs) != RD_KAFKA_RESP_ERR_NO_ERROR) {
      // The library gives every record up after message.timeout.ms, so that this ends.
    }
    if (refused_->code != 0) return give_up(refused_->code, "writing a transaction");
    auto done =
        call("committing a transaction", [&] { return rd_kafka_commit_transaction(handle(), kSliceMs); });
    if (done) {
      open_ = false;
      client_->forget_trouble();
    }
    return done;
  }

  void abort() override {
    if (!open_) return;
    open_ = false;
    if (!usable_) return;  // the store, or the next producer of the id, ends it
    // Sent first: partitions of records that never left are not known to the coordinator, and librdkafka 2.0
    // may wait for ever for them.
    (void)rd_kafka_flush(handle(), kSliceMs);
    auto done =
        call("aborting a transaction", [&] { return rd_kafka_abort_transaction(handle(), kSliceMs); });
    if (!done) usable_ = false;
  }

  bool usable() const override { return usable_; }

 private:
  rd_kafka_t* handle() const { return client_->handle(); }

  base::Status begin(const std::string& topic) {
    if (!usable_) return lost();
    if (!topics_.contains(topic)) {
      // Asked through the producer's own handle, which then knows the partitions' leaders at once.
      auto partitions = partition_count(*client_, topic);
      if (!partitions) {
        abort();
        return std::move(partitions).error();
      }
      topics_[topic] = *partitions;
    }
    if (open_) return {};
    refused_->code = 0;
    const Failure failed(rd_kafka_begin_transaction(handle()), &rd_kafka_error_destroy);
    if (failed) return explain(*failed, "beginning a transaction");
    open_ = true;
    return {};
  }

  int produce(const std::string& topic, const NewRecord& record) {
    const int partition = record.partition.value_or(RD_KAFKA_PARTITION_UA);
    const char* key = record.key ? record.key->data() : nullptr;
    const char* value = record.value ? record.value->data() : nullptr;
    const std::size_t key_bytes = record.key ? record.key->size() : 0;
    const std::size_t value_bytes = record.value ? record.value->size() : 0;
    return rd_kafka_producev(
        handle(), RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_PARTITION(partition),
        RD_KAFKA_V_TIMESTAMP(record.timestamp_ms.value_or(0)), RD_KAFKA_V_KEY(key, key_bytes),
        RD_KAFKA_V_VALUE(const_cast<char*>(value), value_bytes), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
        RD_KAFKA_V_OPAQUE(refused_.get()), RD_KAFKA_V_END);
  }

  // A record was refused: nothing of the transaction stays.
  base::Error give_up(int code, std::string_view doing) {
    std::array<char, 256> why{};
    const auto fatal = rd_kafka_fatal_error(handle(), why.data(), why.size());
    if (fatal != RD_KAFKA_RESP_ERR_NO_ERROR) {
      usable_ = false;
      open_ = false;
      if (is_fencing(fatal)) return fenced();
    }
    abort();
    // The records behind a refused one leave a gap in the sequence that brokers count (librdkafka 2.0).
    if (refused_->code != 0) usable_ = false;
    if (is_fencing(code)) {
      usable_ = false;
      return fenced();
    }
    return client_->error(code, doing);
  }

  // Repeats what may be repeated: the library goes on with a request that it sent.
  template <class Call>
  base::Status call(const char* doing, const Call& request) {
    const Deadline deadline = std::chrono::steady_clock::now() + kPatience;
    for (;;) {
      const Failure failed(request(), &rd_kafka_error_destroy);
      if (!failed) return {};
      const bool again = rd_kafka_error_is_retriable(failed.get()) != 0;
      const auto known = client_->trouble();
      const bool hopeless = known && known->code == RD_KAFKA_RESP_ERR__AUTHENTICATION;
      if (again && !hopeless && std::chrono::steady_clock::now() < deadline) continue;
      return explain(*failed, doing);
    }
  }

  base::Status explain(rd_kafka_error_t& failed, std::string_view doing) {
    const int code = rd_kafka_error_code(&failed);
    const bool committing = doing.starts_with("committing");
    base::log_debug("a transaction failed",
                    {{"doing", std::string(doing)}, {"error", rd_kafka_error_string(&failed)}});
    if (rd_kafka_error_txn_requires_abort(&failed) != 0) {
      abort();
      usable_ = false;
      if (refused_->code != 0) return client_->error(refused_->code, doing);
      return base::transient(
                 "TransactionAborted",
                 fmt::format("{}: {}", doing, rd_kafka_err2str(static_cast<rd_kafka_resp_err_t>(code))))
          .with_detail(rd_kafka_error_string(&failed));
    }
    usable_ = false;
    open_ = false;
    if (is_fencing(code)) return fenced();
    base::Error error = client_->error(code, doing);
    if (!committing) return error;
    return base::transient("OutcomeUnknown", error.message).with_detail(error.detail).with_hint(error.hint);
  }

  base::Error fenced() const {
    return base::fenced(fmt::format("another producer was opened with transactional id {}", id_));
  }
  base::Error lost() const {
    return base::transient("OutcomeUnknown",
                           fmt::format("the producer with transactional id {} is lost", id_));
  }

  const std::unique_ptr<Refused> refused_ = std::make_unique<Refused>();  // goes after the handle
  const std::shared_ptr<Client> client_;
  const std::string id_;
  std::map<std::string, int> topics_;  // seen: how many partitions
  bool open_ = false, usable_ = true;
};

}  // namespace

base::Result<std::unique_ptr<TransactionalProducer>> open_producer(const KafkaConnection& connection,
                                                                   const std::string& transactional_id) {
  const auto timeout_ms =
      std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(kTransactionTimeout).count());
  auto client = Client::make(connection, Role::kProducer,
                             {
                                 {"transactional.id", transactional_id},
                                 {"transaction.timeout.ms", timeout_ms},
                                 {"acks", "all"},
                                 {"enable.idempotence", "true"},
                                 {"linger.ms", "5"},
                                 {"partitioner", "murmur2_random"},
                                 {"compression.type", "lz4"},
                                 {"message.timeout.ms", "30000"},
                                 {"message.max.bytes", kMaxRecordBytes},
                                 {"queue.buffering.max.kbytes", "65536"},
                             },
                             on_delivery);
  if (!client) return std::move(client).error();
  auto producer = std::make_unique<Producer>(*std::move(client), transactional_id);
  if (auto ready = producer->init(); !ready) return std::move(ready).error();
  return std::unique_ptr<TransactionalProducer>(std::move(producer));
}

}  // namespace offtake::sources::kafka
