// What both loaders by hand stand on: records as Kafka gives them, and Avro read field by field.
#pragma once
#include <librdkafka/rdkafka.h>
#include <sys/resource.h>

#include <array>
#include <chrono>
#include <cstring>
#include <vector>

#include "load_bench.h"

namespace bench {

using Clock = std::chrono::steady_clock;

inline double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

inline double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// Avro's bytes of one record.
class AvroReader {
 public:
  AvroReader(const char* begin, std::size_t size) : at_(begin), end_(begin + size) {}
  std::int64_t take_long() {
    std::uint64_t bits = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const auto byte = static_cast<std::uint8_t>(*take(1));
      bits |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if ((byte & 0x80) == 0)
        return static_cast<std::int64_t>(bits >> 1) ^ -static_cast<std::int64_t>(bits & 1);
    }
    fail("a number that does not end");
  }
  const char* take(std::size_t count) {
    if (static_cast<std::size_t>(end_ - at_) < count) fail("a record that is cut off");
    const char* const place = at_;
    at_ += count;
    return place;
  }

 private:
  const char* at_;
  const char* end_;
};

class Consumer {
 public:
  explicit Consumer(const std::string& brokers) {
    std::array<char, 512> why{};
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    // As much read ahead as there is: a full queue makes this library pause for up to a second.
    const std::array<std::array<const char*, 2>, 6> settings = {{{"bootstrap.servers", brokers.c_str()},
                                                                 {"group.id", "by-hand"},
                                                                 {"enable.auto.commit", "false"},
                                                                 {"queued.min.messages", "10000000"},
                                                                 {"queued.max.messages.kbytes", "2000000"},
                                                                 {"isolation.level", "read_committed"}}};
    for (const auto& [name, value] : settings) {
      if (rd_kafka_conf_set(conf, name, value, why.data(), why.size()) != RD_KAFKA_CONF_OK) fail(why.data());
    }
    handle_ = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why.data(), why.size());
    if (handle_ == nullptr) fail(why.data());
    rd_kafka_poll_set_consumer(handle_);
    queue_ = rd_kafka_queue_get_consumer(handle_);
  }
  ~Consumer() {
    rd_kafka_queue_destroy(queue_);
    rd_kafka_destroy_flags(handle_, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
  }
  Consumer(const Consumer&) = delete;
  Consumer& operator=(const Consumer&) = delete;

  // Starts reading every partition from its beginning. Gives how many records there are up to the ends now;
  // REQUIRES that nothing was removed or aborted.
  std::int64_t start(const std::string& topic) {
    rd_kafka_topic_t* handle = rd_kafka_topic_new(handle_, topic.c_str(), nullptr);
    const rd_kafka_metadata_t* metadata = nullptr;
    check(rd_kafka_metadata(handle_, 0, handle, &metadata, 10'000));
    const int partitions = metadata->topics[0].partition_cnt;
    rd_kafka_metadata_destroy(metadata);
    rd_kafka_topic_destroy(handle);
    std::int64_t records = 0;
    rd_kafka_topic_partition_list_t* list = rd_kafka_topic_partition_list_new(partitions);
    for (int partition = 0; partition < partitions; ++partition) {
      std::int64_t low = 0, high = 0;
      check(rd_kafka_query_watermark_offsets(handle_, topic.c_str(), partition, &low, &high, 10'000));
      rd_kafka_topic_partition_list_add(list, topic.c_str(), partition)->offset = low;
      records += high - low;
    }
    check(rd_kafka_assign(handle_, list));
    rd_kafka_topic_partition_list_destroy(list);
    return records;
  }

  std::size_t take(std::vector<rd_kafka_message_t*>& messages) {
    const auto got = rd_kafka_consume_batch_queue(queue_, 10, messages.data(), messages.size());
    return got > 0 ? static_cast<std::size_t>(got) : 0;
  }

 private:
  static void check(rd_kafka_resp_err_t code) {
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) fail(rd_kafka_err2str(code));
  }
  rd_kafka_t* handle_ = nullptr;
  rd_kafka_queue_t* queue_ = nullptr;
};

}  // namespace bench
