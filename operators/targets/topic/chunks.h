// Rows as records of a transaction.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "operators/sources/event_store.h"
#include "operators/targets/topic/appended.h"
#include "operators/targets/topic/stage.h"

namespace offtake::targets::topic {

inline constexpr std::size_t kChunk = 5'000;  // records handed to the producer at once

struct Place {
  std::string topic;
  std::optional<int> partitions;  // where rows have no key: those of one partition stay together, in order
};

// Hands records to a producer a chunk at a time.
class Chunks {
 public:
  Chunks(sources::TransactionalProducer& producer, Place place)
      : producer_(producer), place_(std::move(place)) {}
  base::Status add(Stage::Row&& row) {
    sources::NewRecord record;
    if (place_.partitions) {
      record.partition = position_of(row.key).partition % *place_.partitions;
    } else {
      record.key = std::move(row.key);
    }
    record.value = std::move(row.value);
    records_.push_back(std::move(record));
    return records_.size() < kChunk ? base::Status() : flush();
  }
  base::Status flush() {
    auto done = producer_.append(place_.topic, records_);
    records_.clear();
    return done;
  }

 private:
  sources::TransactionalProducer& producer_;
  const Place place_;
  std::vector<sources::NewRecord> records_;
};

}  // namespace offtake::targets::topic
