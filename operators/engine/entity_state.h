// The latest record per identity of an entity dataset, and what changed since the last flush.
//   within a partition the higher offset wins; across partitions the later timestamp, then the higher
//   partition row(k) = the winner's row, absent where it is a tombstone Δ: first record of k            +new
//      a record that wins           -old +new      (nothing where the rows are equal)
//      a tombstone that wins        -old
//      a record that loses          nothing
// Each partition's latest is kept, tombstones too, so that the same wins in every read order. Rows whose
// declared key another identity shows as well are held back (entity_keys.h). One thread.
#pragma once
#include <unordered_map>

#include "operators/engine/arrangement.h"
#include "operators/engine/dataflow.h"
#include "operators/engine/entity_keys.h"
#include "operators/engine/operator.h"

namespace offtake::engine {

class EntityState {
 public:
  explicit EntityState(const plan::SourceUse& source);

  base::Status push(const SourceBatch& batch, bool bulk, std::uint64_t epoch);
  // Bulk mode's end; then every row that there is, in pieces.
  base::Status end_bulk(std::uint64_t epoch);
  base::Status scan(const Emit& emit) const;
  // Live: the net change since the last flush, in pieces; at most one -old and one +new an identity.
  base::Status flush(const Emit& emit, std::uint64_t epoch);
  void maintain() {
    state_.maintain();
    keys_.maintain();
  }
  // Between epochs.
  void save(StateWriter& out) const;
  void restore(StateReader& in);
  std::size_t bytes() const { return state_.bytes() + keys_.bytes() + touched_bytes_; }
  bool key_spans_partitions() const { return spans_; }
  // Declared keys that more than one identity shows, at most `limit`.
  std::vector<KeyViolation> key_violations(std::size_t limit) const;

 private:
  struct Winner {
    RowRef ref = 0;  // 0: no record at all
    bool visible = false;
  };
  struct Touched {
    std::uint64_t hash;
    std::string before;  // packed visible row; empty: none
  };
  Winner winner(RowRef first) const;
  Winner winner_of(std::string_view identity) const;
  std::string_view visible_row(const Winner& best) const;  // packed; empty: none
  // The declared key of packed visible rows, in canonical bytes; empty where a row is.
  std::vector<std::string> keys_of(std::span<const std::string_view> rows) const;
  std::string key_of(std::string_view row) const { return keys_of({&row, 1})[0]; }
  bool spells_itself(std::string_view key) const;
  std::string claimant_text(std::string_view identity) const;
  // Every identity's winner that shows a row.
  void for_each_visible(const std::function<void(RowRef)>& visit) const;
  // Tells keys_ what the touched rows claim and release; gives what turned.
  base::Result<EntityKeys::Turned> settle_keys(const std::vector<types::ColumnPtr>& identities,
                                               std::uint64_t epoch);

  const plan::SourceUse source_;
  Arrangement state_;
  RowLayout row_layout_;  // of the visible columns
  EntityKeys keys_;
  std::vector<types::Type> identity_types_;           // what identities are made of, for messages
  std::unordered_map<std::string, Touched> touched_;  // by identity
  std::size_t touched_bytes_ = 0;
  bool spans_ = false;
};

}  // namespace offtake::engine
