// The latest record per identity of an entity dataset, and what changed since the last flush.
//   within a partition the higher offset wins; across partitions the later timestamp, then the higher
//   partition row(k) = the winner's row, absent where it is a tombstone Δ: first record of k            +new
//      a record that wins           -old +new      (nothing where the rows are equal)
//      a tombstone that wins        -old
//      a record that loses          nothing
// Each partition's latest is kept, tombstones too, so that the same wins in every read order. One thread.
#pragma once
#include <unordered_map>

#include "operators/engine/arrangement.h"
#include "operators/engine/dataflow.h"
#include "operators/engine/operator.h"

namespace offtake::engine {

class EntityState {
 public:
  explicit EntityState(const std::vector<types::Field>& columns);

  base::Status push(const SourceBatch& batch, bool bulk, std::uint64_t epoch);
  // Bulk mode's end: every row that there is, in pieces.
  base::Status scan(const Emit& emit) const;
  // Live: the net change since the last flush, in pieces; at most one -old and one +new an identity.
  base::Status flush(const Emit& emit);
  void maintain() { state_.maintain(); }
  std::size_t bytes() const { return state_.bytes() + touched_bytes_; }
  bool key_spans_partitions() const { return spans_; }

 private:
  struct Winner {
    RowRef ref = 0;  // 0: no record at all
    bool visible = false;
  };
  Winner winner(RowRef first) const;
  std::string_view visible_row(RowRef first) const;  // packed; empty: none

  Arrangement state_;
  RowLayout row_layout_;  // of the visible columns
  struct Touched {
    std::uint64_t hash;
    std::string before;  // packed visible row; empty: none
  };
  std::unordered_map<std::string, Touched> touched_;  // by identity
  std::size_t touched_bytes_ = 0;
  bool spans_ = false;
};

}  // namespace offtake::engine
