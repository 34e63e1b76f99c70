// Random records for the sources of a plan, given to a dataflow in any split, and the relations they amount
// to.
#pragma once
#include <map>
#include <optional>
#include <random>

#include "operators/engine/dataflow.h"

namespace offtake::engine::testing {

struct Record {
  int partition = 0;
  std::int64_t offset = 0, timestamp_ms = 0;
  std::string identity;  // entities
  bool tombstone = false;
  std::vector<std::optional<std::string>> values;
};

class Feeder {
 public:
  Feeder(const plan::Plan& plan, unsigned seed) : plan_(plan), random_(seed), sources_(plan.sources.size()) {}

  // A record of random values: small domains, many NULLs, several spellings of equal values.
  Record make(int source);
  void push(Dataflow& dataflow, int source, const std::vector<Record>& records);
  // Pushes `count` random records to random sources in random batches.
  void push_random(Dataflow& dataflow, std::size_t count);
  // What the sources amount to by now. Rows of an entity's key that several identities show are left out.
  std::vector<types::Batch> relations() const;
  std::size_t violated_keys() const;  // such keys
  std::mt19937& random() { return random_; }

 private:
  std::optional<std::string> value(const types::Type& type, int column);
  std::map<std::string, std::vector<const Record*>> rows_by_key(std::size_t source) const;

  struct Source {
    std::vector<Record> events;
    std::map<std::string, std::map<int, Record>> latest;  // identity -> partition -> record
    std::map<int, std::int64_t> next_offset;
  };
  const plan::Plan& plan_;
  std::mt19937 random_;
  std::vector<Source> sources_;
};

types::Batch batch_of(const std::vector<types::Field>& fields, const std::vector<const Record*>& records);

}  // namespace offtake::engine::testing
