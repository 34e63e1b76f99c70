#include "operators/sources/kafka/producer.h"

#include <librdkafka/rdkafka.h>

namespace offtake::sources::kafka {
namespace {

// What becomes of one record; its address is the message's opaque.
struct Delivery {
  WrittenRecord written;
  int code = 0;
  std::size_t* outstanding = nullptr;
};

void on_delivery(rd_kafka_t*, const rd_kafka_message_t* message, void*) {
  auto& delivery = *static_cast<Delivery*>(message->_private);
  delivery.code = message->err;
  delivery.written = {message->partition, message->offset};
  --*delivery.outstanding;
}

}  // namespace

base::Result<std::unique_ptr<Producer>> Producer::make(const KafkaConnection& connection) {
  auto client = Client::make(connection, Role::kProducer,
                             {
                                 {"acks", "all"},
                                 {"enable.idempotence", "true"},
                                 {"linger.ms", "5"},
                                 {"partitioner", "murmur2_random"},
                                 {"compression.type", "lz4"},
                                 {"message.timeout.ms", "30000"},
                                 {"queue.buffering.max.kbytes", "65536"},
                             },
                             on_delivery);
  if (!client) return std::move(client).error();
  return std::unique_ptr<Producer>(new Producer(std::move(client).value()));
}

base::Result<std::vector<WrittenRecord>> Producer::append(const std::string& topic,
                                                          std::span<const NewRecord> records) {
  const std::lock_guard lock(mutex_);
  const std::string doing = fmt::format("writing to topic '{}'", topic);
  rd_kafka_t* handle = client_->handle();
  std::size_t outstanding = 0;
  int failed = 0;
  std::vector<Delivery> deliveries(records.size());
  for (std::size_t i = 0; i < records.size() && failed == 0; ++i) {
    const NewRecord& record = records[i];
    deliveries[i].outstanding = &outstanding;
    const char* key = record.key ? record.key->data() : nullptr;
    const char* value = record.value ? record.value->data() : nullptr;
    const std::size_t key_bytes = record.key ? record.key->size() : 0;
    const std::size_t value_bytes = record.value ? record.value->size() : 0;
    const int partition = record.partition.value_or(RD_KAFKA_PARTITION_UA);
    const std::int64_t timestamp_ms = record.timestamp_ms.value_or(0);  // 0: now
    for (;;) {
      const auto code = rd_kafka_producev(
          handle, RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_PARTITION(partition),
          RD_KAFKA_V_TIMESTAMP(timestamp_ms), RD_KAFKA_V_KEY(key, key_bytes),
          RD_KAFKA_V_VALUE(const_cast<char*>(value), value_bytes), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
          RD_KAFKA_V_OPAQUE(&deliveries[i]), RD_KAFKA_V_END);
      if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
        rd_kafka_poll(handle, 50);
        continue;
      }
      if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
        ++outstanding;
      } else {
        failed = code;
      }
      break;
    }
  }
  // The library gives every record up after message.timeout.ms, so that this ends.
  while (outstanding > 0) rd_kafka_poll(handle, 100);
  if (failed != 0) return client_->error(failed, doing);
  std::vector<WrittenRecord> out;
  out.reserve(records.size());
  for (const Delivery& delivery : deliveries) {
    if (delivery.code != 0) return client_->error(delivery.code, doing);
    out.push_back(delivery.written);
  }
  client_->forget_trouble();
  return out;
}

}  // namespace offtake::sources::kafka
