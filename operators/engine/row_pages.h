// Append-only pages of up to 1 MiB that hold the rows of an arrangement. A row is named by a 32-bit reference
// (page and place), so that links and index slots stay small; a row larger than a page gets one of its own.
// Once the state is not small, pages are the halves of huge pages.
// Freed rows leave holes; pages that are mostly holes are emptied by their owner (Arrangement::maintain).
// One thread.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "operators/engine/state_stream.h"

namespace offtake::engine {

using RowRef = std::uint32_t;  // 0: none

struct RowHeader {
  std::uint32_t bytes = 0;        // of the payload; the top bit: the row is in the row index
  RowRef next = 0, previous = 0;  // rows of the same key
  std::uint32_t tag = 0;          // of the key
  std::int64_t weight = 0;        // 0: a hole
};
static_assert(sizeof(RowHeader) == 24);

class RowPages {
 public:
  explicit RowPages(std::size_t extra_bytes) : extra_bytes_(extra_bytes) {}

  // Room for a payload; its header is zero but for `bytes`. 0 when 32-bit references are used up.
  RowRef allocate(std::size_t payload_bytes);
  void free(RowRef ref);
  RowHeader& header(RowRef ref) { return *reinterpret_cast<RowHeader*>(place(ref)); }
  const RowHeader& header(RowRef ref) const { return *reinterpret_cast<const RowHeader*>(place(ref)); }
  char* payload(RowRef ref) { return place(ref) + sizeof(RowHeader) + extra_bytes_; }
  const char* payload(RowRef ref) const { return place(ref) + sizeof(RowHeader) + extra_bytes_; }
  char* extra(RowRef ref) { return place(ref) + sizeof(RowHeader); }
  std::size_t extra_bytes() const { return extra_bytes_; }
  std::size_t payload_bytes(RowRef ref) const { return header(ref).bytes & kBytesMask; }

  // The page was written in this epoch: what an incremental checkpoint has to write.
  void touch(RowRef ref, std::uint64_t epoch) { pages_[ref >> kPlaceBits].dirty_epoch = epoch; }

  std::size_t page_count() const { return pages_.size(); }
  // Pages of which more than half is holes, without the one that is being filled.
  std::vector<std::uint32_t> sparse_pages() const;
  bool may_be_sparse() const { return hole_bytes_ * 2 > used_bytes_; }
  // Live rows of a page, in order of place.
  std::vector<RowRef> rows_of(std::uint32_t page) const;
  std::size_t bytes() const { return allocated_bytes_; }

  // The pages as they are, so that every reference stays true. What stands in the extra bytes is the owner's
  // to put right. Into pages that hold nothing; after an error they hold nothing again.
  void save(StateWriter& out) const;
  void restore(StateReader& in);

  static constexpr std::uint32_t kIndexed = 1U << 31;
  static constexpr std::uint32_t kBytesMask = kIndexed - 1;

 private:
  static constexpr int kPlaceBits = 17;  // of 8-byte units: 1 MiB
  static constexpr std::size_t kPageBytes = std::size_t{1} << (kPlaceBits + 3);
  static constexpr std::uint32_t kMaxPages = 1U << (32 - kPlaceBits);

  struct Page {
    std::shared_ptr<char> memory;  // of this page, or of the two of a huge page
    char* bytes = nullptr;
    std::uint32_t capacity = 0, used = 0, holes = 0;  // bytes
    std::uint64_t dirty_epoch = 0;
  };
  char* place(RowRef ref) {
    return pages_[ref >> kPlaceBits].bytes + std::size_t{ref & ((1U << kPlaceBits) - 1)} * 8;
  }
  const char* place(RowRef ref) const {
    return pages_[ref >> kPlaceBits].bytes + std::size_t{ref & ((1U << kPlaceBits) - 1)} * 8;
  }
  std::size_t slot_bytes(std::size_t payload) const {
    return (sizeof(RowHeader) + extra_bytes_ + payload + 7) / 8 * 8;
  }
  bool add_page(std::size_t least);
  void restore_page(StateReader& in, std::uint32_t number);
  // Whether the rows of the page follow each other to its end.
  bool is_whole(std::uint32_t number) const;
  void give_memory(Page& page);
  void release(std::uint32_t page);

  std::size_t extra_bytes_;
  std::vector<Page> pages_;
  std::vector<std::uint32_t> free_pages_;
  // Halves of huge pages of which the other half is in use.
  struct Half {
    std::shared_ptr<char> memory;
    char* bytes;
  };
  std::vector<Half> halves_;
  std::uint32_t current_ = 0;
  std::size_t allocated_bytes_ = 0, used_bytes_ = 0, hole_bytes_ = 0;
};

}  // namespace offtake::engine
