// An indexed collection of rows with weights: the state behind joins, entities and watched keys.
// Rows lie packed in pages; an open-addressing index of 8-byte slots finds the rows of a key, which are
// linked. Rows are told apart by their packed bytes; equal ones are one row whose weights add up, and a row
// of weight zero is gone. A key of many rows gets its rows into a second index, so that one of a million is
// found without walking: every operation is O(1) in the size of the state. One thread.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "operators/engine/arrangement_load.h"
#include "operators/engine/row_layout.h"
#include "operators/engine/row_pages.h"
#include "operators/engine/slot_index.h"

namespace offtake::engine {

class Arrangement {
 public:
  // `key`: columns of the layout. `extra_bytes`: a zeroed place of the operator's own beside each row.
  Arrangement(std::vector<types::Type> types, std::vector<int> key, std::size_t extra_bytes = 0);

  const RowLayout& layout() const { return layout_; }
  const std::vector<int>& key() const { return key_; }

  struct Added {
    RowRef ref = 0;           // 0: the row is gone
    std::int64_t before = 0;  // its weight before
  };
  // Adds `weight` to the row. `hash`: hash_rows over the key columns. Error MemoryExceeded when the pages are
  // used up.
  base::Result<Added> add(std::span<const types::ColumnPtr> columns, std::size_t row, std::uint64_t hash,
                          std::int64_t weight, std::uint64_t epoch);
  // Bulk load, into an arrangement that holds nothing yet: load() takes pieces of some thousand rows, whose
  // order and duplicates do not matter; nothing is found before finish_load(). Errors as add().
  base::Status load(const types::Batch& piece, std::span<const std::uint64_t> hashes, std::uint64_t epoch);
  void finish_load();
  // The first row with the key that stands in `columns[key_columns[i]]` at `row`; 0 when there is none. The
  // others follow by next(). Any add() may invalidate pointers, none moves rows; maintain() does.
  RowRef first(std::span<const types::ColumnPtr> columns, std::span<const int> key_columns, std::size_t row,
               std::uint64_t hash) const;
  // The same for every row of a piece, 0 where there is none; probes overlap in memory.
  void first_of_all(const types::Batch& piece, std::span<const int> key_columns,
                    std::span<const std::uint64_t> hashes, std::vector<RowRef>& out) const;
  RowRef next(RowRef ref) const { return pages_.header(ref).next; }
  RowRef previous(RowRef ref) const { return pages_.header(ref).previous; }
  std::int64_t weight(RowRef ref) const { return pages_.header(ref).weight; }
  const char* payload(RowRef ref) const { return pages_.payload(ref); }
  std::string_view packed(RowRef ref) const { return {pages_.payload(ref), pages_.payload_bytes(ref)}; }
  // What the index knows of the hash of a row's key: enough to look the key up in another arrangement.
  std::uint64_t index_hash(RowRef ref) const { return std::uint64_t{pages_.header(ref).tag} << 32; }
  char* extra(RowRef ref) { return pages_.extra(ref); }
  // Takes the row away whatever its weight.
  void remove(RowRef ref);

  void prefetch(std::uint64_t hash) const { keys_.prefetch(SlotIndex::tag_of(hash)); }

  // Visits every row: visit(ref). Nothing may be added meanwhile.
  template <class Visit>
  void for_each(Visit visit) const {
    for (std::uint32_t page = 0; page < pages_.page_count(); ++page) {
      for (const RowRef ref : pages_.rows_of(page)) visit(ref);
    }
  }
  // Moves rows out of pages that are mostly holes. Call between epochs.
  void maintain();
  // REQUIRES of save: no bulk load is going on; of restore: nothing is here. After an error nothing is here
  // again. What stands in the extra bytes is as it was.
  void save(StateWriter& out) const;
  void restore(StateReader& in);
  std::size_t rows() const { return rows_; }
  std::size_t bytes() const {
    return pages_.bytes() + keys_.bytes() + rows_index_.bytes() + (load_ == nullptr ? 0 : load_->bytes());
  }

 private:
  // Chains that add() walked so far get their rows into the row index.
  static constexpr int kLongChain = 4;
  // Loaded ones only from this length on: a first walk along so many takes microseconds.
  static constexpr std::size_t kLongLoadedChain = 64;

  SlotIndex::Slot* key_slot(std::span<const types::ColumnPtr> columns, std::span<const int> key_columns,
                            std::size_t row, std::uint32_t tag);
  std::uint32_t row_tag(RowRef ref) const;
  void index_row(RowRef ref);
  SlotIndex::Slot* head_slot(RowRef ref);

  RowLayout layout_;
  std::vector<int> key_;
  RowPages pages_;
  SlotIndex keys_;
  SlotIndex rows_index_;  // rows of long chains, by the hash of their packed bytes
  std::size_t rows_ = 0;
  std::string scratch_;
  std::unique_ptr<ArrangementLoad> load_;
};

}  // namespace offtake::engine
