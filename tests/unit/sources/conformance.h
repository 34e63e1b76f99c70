// What every event store must do; the cases are in conformance.cc and run once in each store's program.
#pragma once
#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "operators/sources/event_store.h"

namespace offtake::sources::conformance {

// The store under test, the same in all cases; defined by each program.
EventStore& store();
// Whether a compacted topic is kept whole in it.
bool keeps_compacted_whole();

// A topic of its own for one case, deleted at the end.
class TestTopic {
 public:
  explicit TestTopic(int partitions = 1, CleanupPolicy cleanup = CleanupPolicy::kDelete,
                     std::int64_t retention_ms = -1);
  ~TestTopic();
  const std::string& name() const { return name_; }

 private:
  std::string name_;
};

NewRecord record(std::string key, std::string value, int partition = 0, std::int64_t timestamp_ms = -1);

// A record with its own bytes.
struct Kept {
  int partition = 0;
  Offset offset = 0;
  std::int64_t timestamp_ms = 0;
  std::optional<std::string> key, value;
};

template <class T>
T must(base::Result<T> result) {
  if (!result) FAIL("unexpected error " << result.error().code << ": " << result.error().text());
  return std::move(result).value();
}
inline void must(const base::Status& status) {
  if (!status) FAIL("unexpected error " << status.error().code << ": " << status.error().text());
}

// Reads until finished; fails after 20 s without a record.
std::vector<Kept> drain(Reader& reader, std::size_t max_batch = 8192);
std::vector<Kept> read_all(EventStore& from, const std::string& topic);

}  // namespace offtake::sources::conformance
