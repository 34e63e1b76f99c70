#include <librdkafka/rdkafka.h>

#include <array>
#include <cstring>

#include "load_bench.h"

namespace bench {
namespace {

// splitmix64: the records are the same in every run.
std::uint64_t mixed(std::uint64_t value) {
  value += 0x9E3779B97F4A7C15;
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
  return value ^ (value >> 31);
}

void put_long(std::string& out, std::int64_t value) {
  auto bits = (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
  for (; bits >= 0x80; bits >>= 7) out += static_cast<char>((bits & 0x7F) | 0x80);
  out += static_cast<char>(bits);
}

void put_text(std::string& out, std::string_view text) {
  put_long(out, static_cast<std::int64_t>(text.size()));
  out += text;
}

constexpr std::array<std::string_view, 4> kStatuses = {"NEW", "PAID", "SHIPPED", "CANCELLED"};
constexpr std::array<std::string_view, 16> kWords = {
    "blue",  "small", "wooden", "chair",   "table",    "lamp",   "garden", "oak",
    "steel", "round", "käse",   "kitchen", "with box", "second", "large",  "spare part"};

// About `bytes` long.
std::string words(std::uint64_t seed, std::size_t bytes) {
  std::string out;
  while (out.size() < bytes) {
    seed = mixed(seed);
    if (!out.empty()) out += ' ';
    out += kWords[seed % kWords.size()];
    if (seed % 5 == 0) out += std::to_string(seed % 1000);
  }
  return out;
}

void on_delivered(rd_kafka_t*, const rd_kafka_message_t* message, void*) {
  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) fail(rd_kafka_err2str(message->err));
}

}  // namespace

void encode_order(std::int64_t number, std::uint32_t schema_id, std::string& out) {
  constexpr std::int64_t kFirstInstant = 1'760'000'000'000'000;
  const std::uint64_t seed = mixed(static_cast<std::uint64_t>(number));
  out += '\0';
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(schema_id >> shift);
  put_long(out, number);
  put_long(out, static_cast<std::int64_t>(seed % 1'000'000));
  put_long(out, static_cast<std::int64_t>(seed % 9 + 1));
  const double price = static_cast<double>(seed % 100'000) / 100;
  char bytes[sizeof price];
  std::memcpy(bytes, &price, sizeof price);
  out.append(bytes, sizeof bytes);
  put_long(out, kFirstInstant + number * 1'000'003);
  put_text(out, kStatuses[seed % kStatuses.size()]);
  put_text(out, words(seed, 40));
  if (seed % 10 == 0) {
    put_long(out, 0);
  } else {
    put_long(out, 1);
    put_text(out, words(seed + 1, 72));
  }
}

void produce(const ProduceOptions& options) {
  std::array<char, 512> why{};
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  const std::array<std::array<const char*, 2>, 7> settings = {{{"bootstrap.servers", options.brokers.c_str()},
                                                               {"linger.ms", "20"},
                                                               {"batch.size", "500000"},
                                                               {"queue.buffering.max.messages", "1000000"},
                                                               {"compression.type", "lz4"},
                                                               {"log_level", "3"},
                                                               {"enable.idempotence", "true"}}};
  for (const auto& [name, value] : settings) {
    if (rd_kafka_conf_set(conf, name, value, why.data(), why.size()) != RD_KAFKA_CONF_OK) fail(why.data());
  }
  rd_kafka_conf_set_dr_msg_cb(conf, on_delivered);
  rd_kafka_t* producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why.data(), why.size());
  if (producer == nullptr) fail(why.data());
  rd_kafka_topic_t* topic = rd_kafka_topic_new(producer, options.topic.c_str(), nullptr);
  std::string value;
  std::int64_t bytes = 0;
  for (std::int64_t number = 0; number < options.records; ++number) {
    value.clear();
    encode_order(number, options.schema_id, value);
    bytes += static_cast<std::int64_t>(value.size());
    const auto partition = static_cast<std::int32_t>(number % options.partitions);
    while (rd_kafka_produce(topic, partition, RD_KAFKA_MSG_F_COPY, value.data(), value.size(), nullptr, 0,
                            nullptr) != 0) {
      if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL)
        fail(rd_kafka_err2str(rd_kafka_last_error()));
      rd_kafka_poll(producer, 100);
    }
    if (number % 1024 == 0) rd_kafka_poll(producer, 0);
  }
  if (rd_kafka_flush(producer, 120'000) != RD_KAFKA_RESP_ERR_NO_ERROR)
    fail("not all records were acknowledged");
  std::printf("{\"records\":%lld,\"mean_bytes\":%.1f}\n", static_cast<long long>(options.records),
              static_cast<double>(bytes) / static_cast<double>(options.records));
  rd_kafka_topic_destroy(topic);
  rd_kafka_destroy(producer);
}

}  // namespace bench
