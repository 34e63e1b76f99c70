// One aggregate of a GROUP BY. Its state is a few bytes beside the group's key; what grows lies on the heap
// behind a pointer there. Every aggregate is retractable: weights of either sign add up, and the result
// depends only on the values with a weight that is not zero, not on the way there. Sums are exact; whether
// they fit their type is asked only when the value leaves the operator. One thread.
#pragma once
#include <memory>
#include <span>

#include "operators/engine/state_stream.h"
#include "operators/plan/plan.h"
#include "schemas/types/batch.h"

namespace offtake::engine {

class Accumulator {
 public:
  virtual ~Accumulator() = default;
  virtual std::size_t state_bytes() const = 0;  // zeroed at first; a multiple of 8
  // Adds column[row] with weight(row) to the state at groups[row] + offset, for every row of the piece.
  virtual void add(const types::Batch& piece, std::span<char* const> groups, std::size_t offset) = 0;
  // Appends the result. Row error "bigint out of range" and the like: nothing is appended then.
  virtual base::Status write(const char* state, types::ColumnBuilder& out) const = 0;
  virtual void destroy(char*) {}
  // The state is a pointer: save() writes what it leads to, restore() makes that anew behind a pointer that
  // is null. Other states are plain numbers and saved where they lie.
  virtual bool on_heap() const { return false; }
  virtual void save(const char*, StateWriter&) const {}
  virtual void restore(char*, StateReader&) {}
  std::size_t heap_bytes() const { return heap_bytes_; }

 protected:
  std::size_t heap_bytes_ = 0;
};

// Error UnsupportedAggregate where the argument has no such aggregate.
base::Result<std::unique_ptr<Accumulator>> make_accumulator(const plan::AggregateCall& call,
                                                            const types::Type& argument);

std::unique_ptr<Accumulator> count_accumulator(int column);  // -1: count(*)
std::unique_ptr<Accumulator> integer_sum(int column, bool average, types::Type result);
std::unique_ptr<Accumulator> numeric_sum(int column, bool average);
std::unique_ptr<Accumulator> float_sum(int column, bool average, types::Type result);
std::unique_ptr<Accumulator> interval_sum(int column, bool average);
std::unique_ptr<Accumulator> extreme(int column, bool greatest, types::Type type);

// States lie at multiples of 8 only, so they are copied in and out.
template <class State>
State load(const char* at) {
  State out;
  std::memcpy(&out, at, sizeof out);
  return out;
}
template <class State>
void store(char* at, const State& state) {
  std::memcpy(at, &state, sizeof state);
}

}  // namespace offtake::engine
