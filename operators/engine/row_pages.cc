#include "operators/engine/row_pages.h"

#include <algorithm>
#include <cstring>

namespace offtake::engine {
namespace {

constexpr std::size_t kFirstPageBytes = 16 << 10;

}  // namespace

bool RowPages::add_page(std::size_t least) {
  // Small states stay small: pages double up to 1 MiB.
  std::size_t capacity = std::clamp(allocated_bytes_, kFirstPageBytes, kPageBytes);
  capacity = std::max(capacity, least + 8);
  std::uint32_t number;
  if (!free_pages_.empty()) {
    number = free_pages_.back();
    free_pages_.pop_back();
  } else {
    if (pages_.size() >= kMaxPages) return false;
    number = static_cast<std::uint32_t>(pages_.size());
    pages_.emplace_back();
  }
  Page& page = pages_[number];
  page.words = std::unique_ptr<std::uint64_t[]>(new std::uint64_t[(capacity + 7) / 8]);
  page.capacity = static_cast<std::uint32_t>(capacity / 8 * 8);
  page.used = number == 0 ? 8 : 0;  // reference 0 names no row
  page.holes = 0;
  allocated_bytes_ += page.capacity;
  current_ = number;
  return true;
}

void RowPages::release(std::uint32_t number) {
  Page& page = pages_[number];
  allocated_bytes_ -= page.capacity;
  used_bytes_ -= page.used;
  hole_bytes_ -= page.holes;
  page = Page();
  free_pages_.push_back(number);
}

RowRef RowPages::allocate(std::size_t payload_bytes) {
  const std::size_t bytes = slot_bytes(payload_bytes);
  if (pages_.empty() || pages_[current_].words == nullptr ||
      pages_[current_].used + bytes > pages_[current_].capacity) {
    if (!add_page(bytes)) return 0;
    used_bytes_ += pages_[current_].used;
  }
  Page& page = pages_[current_];
  const RowRef ref = current_ << kPlaceBits | page.used / 8;
  page.used += static_cast<std::uint32_t>(bytes);
  used_bytes_ += bytes;
  std::memset(place(ref), 0, sizeof(RowHeader) + extra_bytes_);
  header(ref).bytes = static_cast<std::uint32_t>(payload_bytes);
  return ref;
}

void RowPages::free(RowRef ref) {
  RowHeader& row = header(ref);
  row.weight = 0;
  const std::size_t bytes = slot_bytes(row.bytes & kBytesMask);
  row.bytes &= kBytesMask;
  const std::uint32_t number = ref >> kPlaceBits;
  Page& page = pages_[number];
  page.holes += static_cast<std::uint32_t>(bytes);
  hole_bytes_ += bytes;
  if (number != current_ && page.holes + 8 >= page.used) release(number);
}

std::vector<std::uint32_t> RowPages::sparse_pages() const {
  std::vector<std::uint32_t> out;
  for (std::uint32_t number = 0; number < pages_.size(); ++number) {
    const Page& page = pages_[number];
    if (page.words != nullptr && number != current_ && page.holes * 2 > page.used) out.push_back(number);
  }
  return out;
}

std::vector<RowRef> RowPages::rows_of(std::uint32_t number) const {
  std::vector<RowRef> out;
  const Page& page = pages_[number];
  for (std::uint32_t at = number == 0 ? 8 : 0; at < page.used;) {
    const RowRef ref = number << kPlaceBits | at / 8;
    if (header(ref).weight != 0) out.push_back(ref);
    at += static_cast<std::uint32_t>(slot_bytes(header(ref).bytes & kBytesMask));
  }
  return out;
}

}  // namespace offtake::engine
