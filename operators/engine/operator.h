// One step of a dataflow. Batches are pieces of a changelog; an operator takes its inputs' pieces, keeps what
// state it needs and emits the pieces of its own change. Their sum is what counts: a piece may hold changes
// that a later one takes back. One thread.
#pragma once
#include <functional>
#include <memory>

#include "operators/engine/error_log.h"
#include "operators/engine/state_stream.h"

namespace offtake::engine {

using Emit = std::function<base::Status(types::Batch&&)>;

// Rows a piece has at most, about: what fits in the nearer caches.
constexpr std::size_t kPieceRows = 4096;

// What the operators of one dataflow share.
struct Runtime {
  ErrorLog errors;
  std::uint64_t epoch = 0;
  bool old_rows = false;  // DataflowOptions::old_rows
};

class Operator {
 public:
  virtual ~Operator() = default;
  // Bulk mode. Rows that can no longer change are given to `early` as they arrive; finish() gives the rest
  // of the whole result, each row with its final weight. Called once each, subscribe before any input.
  virtual void subscribe(Emit early) = 0;
  virtual base::Status finish(const Emit& emit) = 0;
  // Live: the change of the result since the last step (or finish).
  virtual base::Status step(const Emit& emit) = 0;
  // Between epochs: gives memory back.
  virtual void maintain() = 0;
  virtual std::size_t state_bytes() const = 0;
  // Between epochs: what the inputs keep, then this one (dataflow.h). After an error the operator can only be
  // destroyed.
  virtual void save(StateWriter& out) const = 0;
  virtual void restore(StateReader& in) = 0;
};
using OperatorPtr = std::unique_ptr<Operator>;

}  // namespace offtake::engine
