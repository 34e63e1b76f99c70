// One look-up in one source: which of its records have a wanted value. One thread.
#pragma once
#include <unordered_map>
#include <unordered_set>

#include "operators/expressions/evaluator.h"
#include "operators/preview/gather.h"

namespace offtake::preview {

class Lookup {
 public:
  // `wanted.columns` are over the source's columns.
  static base::Result<Lookup> make(const plan::SourceUse& source, const Wanted& wanted);

  // The rows of each batch that count, ascending. `batches` are one piece, a partition's in offset order;
  // pieces come newest first.
  std::vector<std::vector<std::uint32_t>> match(const std::vector<engine::SourceBatch>& batches);

  std::size_t wanted() const { return keys_.size(); }
  std::size_t found() const { return found_; }
  // Whether every key was found, or (by its whole key) is known to be gone.
  bool settled() const { return settled_ == keys_.size(); }
  bool by_whole_key() const { return whole_key_; }
  // Whether a key has at most one record that counts; an event dataset's key promises that to nobody.
  bool is_unique() const { return whole_key_ && entity_; }
  // More identities passed than are remembered: an older value might be taken for the newest.
  bool full() const { return seen_.size() >= kMostSeen; }

 private:
  static constexpr std::size_t kMostSeen = 500'000;
  struct State {
    bool found = false, settled = false;
  };
  bool whole_key_ = false, entity_ = false;
  std::vector<std::unique_ptr<expressions::Evaluator>> columns_;
  std::unordered_map<std::string, State> keys_;
  std::unordered_set<std::uint64_t> seen_;  // hashes of an entity's partition and identity
  std::size_t found_ = 0, settled_ = 0;
};

}  // namespace offtake::preview
