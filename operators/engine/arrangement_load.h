// The bulk load of an arrangement. Rows are packed to the pages as they come, and only their hashes and
// places are kept, split by hash; at the end each part is sorted, which brings the rows of a key together,
// and the index is written in its own order: no random access but one visit of each row, asked for ahead of
// time. Equal rows become one whenever a part has grown by some factor, so that what they take stays in
// proportion to what remains. One thread.
#pragma once
#include <array>
#include <vector>

#include "operators/engine/row_layout.h"
#include "operators/engine/row_pages.h"
#include "operators/engine/slot_index.h"

namespace offtake::engine {

class ArrangementLoad {
 public:
  ArrangementLoad(const RowLayout& layout, std::span<const int> key, RowPages& pages)
      : layout_(layout), key_(key), pages_(pages) {}

  // False when the pages are used up.
  bool add(const types::Batch& piece, std::span<const std::uint64_t> hashes, std::uint64_t epoch);
  // Links the rows of each key and fills the indexes, which are empty before. Gives the number of rows.
  // Chains of at least `long_chain` rows get their rows into the row index.
  std::size_t finish(SlotIndex& keys, SlotIndex& rows_index, std::size_t long_chain);
  std::size_t bytes() const;

 private:
  struct Entry {
    std::uint32_t tag;      // of the key
    std::uint32_t row_tag;  // of the packed row
    RowRef ref;
  };
  static constexpr int kPartBits = 8;
  static constexpr std::size_t kFirstSettle = 2048;
  struct Part {
    std::vector<Entry> entries;
    std::size_t settle_at = kFirstSettle;
  };

  void settle(Part& part);
  void sort(std::vector<Entry>& entries);
  static void sort_run(std::span<Entry> run);
  void link(std::span<const Entry> same_tag, SlotIndex& keys, SlotIndex& rows_index, std::size_t long_chain);
  void link_chain(std::span<const Entry> chain, SlotIndex& keys, SlotIndex& rows_index,
                  std::size_t long_chain);
  std::string_view packed(RowRef ref) const { return {pages_.payload(ref), pages_.payload_bytes(ref)}; }

  const RowLayout& layout_;
  std::span<const int> key_;
  RowPages& pages_;
  std::array<Part, std::size_t{1} << kPartBits> parts_;
  std::size_t entries_ = 0;
  std::vector<Entry> scratch_;
  std::vector<std::uint32_t> sizes_;
  std::vector<RowRef> refs_;
  std::vector<char*> places_;
};

}  // namespace offtake::engine
