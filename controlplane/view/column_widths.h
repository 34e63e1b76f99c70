// How many bytes of a record each column takes: what a query saves that reads only some of them. Measured on
// the newest records on a thread for each store and kept for a while; until then told by the types alone.
// Thread-safe.
#pragma once
#include <map>
#include <mutex>

#include "base/clock.h"
#include "controlplane/catalog/store_threads.h"
#include "controlplane/planning/dataset_facts.h"

namespace offtake::view {

struct Widths {
  // Bytes of one record, on average: of columns, and of the fields of records by their paths.
  std::map<std::string, double> columns;
  std::int64_t records = 0;  // that they were measured on; 0: told by the types alone
  double whole() const;
  // Of these together; a field counts with its record where that is among them as well.
  double of(const std::vector<std::string>& paths) const;
};

// By the types alone: a text counts 16 bytes.
Widths widths_of(const sql::DatasetSchema& schema);

// What is decoded to measure: the schema's columns, and in place of a record that opens its fields.
std::vector<types::Field> measured_columns(const sql::DatasetSchema& schema);
// Of decoded records, whose columns are the measured ones: what Avro's encoding of the values takes. A record
// takes what its fields take.
Widths widths_of(const sql::DatasetSchema& schema, const types::Batch& rows);

class ColumnWidths {
 public:
  // REQUIRES: what is given outlives it.
  ColumnWidths(platform::Platform& platform, const base::Clock& clock) : platform_(platform), clock_(clock) {}

  // What is known now; does not wait. What was measured is an hour old at most.
  Widths of(const planning::DatasetFacts& facts);

 private:
  struct Measured {
    Widths widths;
    std::chrono::steady_clock::time_point at{};
  };
  void measure(const std::string& key, const planning::DatasetFacts& facts);

  platform::Platform& platform_;
  const base::Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, Measured> measured_;  // by store, topic and schema
  catalog::StoreThreads threads_;             // last: its threads use the others
};

}  // namespace offtake::view
