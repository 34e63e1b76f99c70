// A topic of the embedded log in memory: what never changes, and where each partition begins and ends.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <limits>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "operators/sources/event_store.h"

namespace offtake::sources::embedded {

struct PartitionState {
  Offset start = 0;  // first record kept
  Offset end = 0;    // one past the last committed record
  // The greatest timestamp so far: a block that raises it gets an entry in the time index.
  std::int64_t max_timestamp_ms = std::numeric_limits<std::int64_t>::min();
};

struct Topic {
  const std::uint64_t id;
  const std::string name;
  const std::string uid;  // random; another one when the topic is deleted and made again
  const CleanupPolicy cleanup;
  const std::int64_t retention_ms;
  const int partition_count;

  // Guards what follows; `changed` is notified after every commit and on deletion.
  mutable std::mutex mutex;
  std::condition_variable changed;
  std::vector<PartitionState> partitions;
  bool deleted = false;

  Topic(std::uint64_t topic_id, std::string topic_uid, const TopicSpec& spec)
      : id(topic_id),
        name(spec.topic),
        uid(std::move(topic_uid)),
        cleanup(spec.cleanup),
        retention_ms(spec.retention_ms),
        partition_count(spec.partitions),
        partitions(static_cast<std::size_t>(spec.partitions)) {}
};

// The part that is stored under topic_key(). Code LogDamaged.
std::string topic_text(const Topic& topic);
struct StoredTopic {
  std::uint64_t id = 0;
  std::string uid;
  TopicSpec spec;
};
base::Result<StoredTopic> parse_topic(std::string_view name, std::string_view text);

// Letters, digits, '.', '_' and '-', at most 249: what Kafka allows, too. Codes BadTopic.
base::Status check_topic(const TopicSpec& spec);

base::Error topic_missing(std::string_view name);

}  // namespace offtake::sources::embedded
