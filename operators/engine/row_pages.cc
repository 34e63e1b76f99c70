#include "operators/engine/row_pages.h"

#include <algorithm>
#include <cstring>

#include "operators/engine/large_memory.h"

namespace offtake::engine {
namespace {

constexpr std::size_t kFirstPageBytes = 16 << 10;
constexpr std::size_t kHugeFromBytes = 8 << 20;

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
  page.capacity = static_cast<std::uint32_t>(capacity / 8 * 8);
  give_memory(page);
  page.used = number == 0 ? 8 : 0;  // reference 0 names no row
  page.holes = 0;
  current_ = number;
  return true;
}

void RowPages::give_memory(Page& page) {
  static_assert(kPageBytes * 2 == kHugePageBytes);
  if (page.capacity != kPageBytes || (halves_.empty() && allocated_bytes_ < kHugeFromBytes)) {
    page.memory = {static_cast<char*>(allocate_large(page.capacity)), std::free};
    page.bytes = page.memory.get();
    allocated_bytes_ += page.capacity;
    return;
  }
  if (halves_.empty()) {
    std::shared_ptr<char> memory(static_cast<char*>(allocate_large(kHugePageBytes)), std::free);
    char* second = memory.get() + kPageBytes;
    allocated_bytes_ += kHugePageBytes;
    halves_.push_back({memory, second});
    halves_.push_back({memory, memory.get()});
  }
  page.memory = std::move(halves_.back().memory);
  page.bytes = halves_.back().bytes;
  halves_.pop_back();
}

void RowPages::release(std::uint32_t number) {
  Page& page = pages_[number];
  used_bytes_ -= page.used;
  hole_bytes_ -= page.holes;
  const auto other = std::find_if(halves_.begin(), halves_.end(),
                                  [&](const Half& half) { return half.memory == page.memory; });
  if (other != halves_.end()) {
    halves_.erase(other);
    allocated_bytes_ -= kHugePageBytes;
  } else if (page.memory.use_count() > 1) {
    halves_.push_back({std::move(page.memory), page.bytes});
  } else {
    allocated_bytes_ -= page.capacity;
  }
  page = Page();
  free_pages_.push_back(number);
}

RowRef RowPages::allocate(std::size_t payload_bytes) {
  const std::size_t bytes = slot_bytes(payload_bytes);
  if (pages_.empty() || pages_[current_].bytes == nullptr ||
      pages_[current_].used + bytes > pages_[current_].capacity) {
    if (!add_page(bytes)) return 0;
    used_bytes_ += pages_[current_].used;
  }
  Page& page = pages_[current_];
  const RowRef ref = current_ << kPlaceBits | page.used / 8;
  page.used += static_cast<std::uint32_t>(bytes);
  used_bytes_ += bytes;
  RowHeader& row = header(ref);
  row = RowHeader();
  row.bytes = static_cast<std::uint32_t>(payload_bytes);
  if (extra_bytes_ > 0) std::memset(extra(ref), 0, extra_bytes_);
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
    if (page.bytes != nullptr && number != current_ && page.holes * 2 > page.used) out.push_back(number);
  }
  return out;
}

void RowPages::save(StateWriter& out) const {
  out.put(state_mark("PAGE"));
  out.put<std::uint64_t>(extra_bytes_);
  out.put<std::uint64_t>(pages_.size());
  out.put<std::uint32_t>(current_);
  out.put<std::uint64_t>(free_pages_.size());
  for (const std::uint32_t number : free_pages_) out.put(number);
  for (const Page& page : pages_) {
    out.put<std::uint32_t>(page.bytes == nullptr ? 0 : page.capacity);
    if (page.bytes == nullptr) continue;
    out.put(page.used);
    out.put(page.holes);
    out.bytes(page.bytes, page.used);
  }
}

bool RowPages::is_whole(std::uint32_t number) const {
  const Page& page = pages_[number];
  std::size_t at = number == 0 ? 8 : 0;
  while (at + sizeof(RowHeader) <= page.used) {
    const RowRef ref = number << kPlaceBits | static_cast<std::uint32_t>(at / 8);
    at += slot_bytes(header(ref).bytes & kBytesMask);
  }
  return at == page.used;
}

void RowPages::restore_page(StateReader& in, std::uint32_t number) {
  Page& page = pages_[number];
  const auto capacity = in.get<std::uint32_t>();
  if (capacity == 0) return;
  const auto used = in.get<std::uint32_t>();
  const auto holes = in.get<std::uint32_t>();
  if (capacity % 8 != 0 || used > capacity || used % 8 != 0 || holes > used)
    in.damaged("a page is not whole");
  if (!in.charge(capacity)) return;
  page.capacity = capacity;
  give_memory(page);
  in.bytes(page.bytes, used);
  page.used = used;
  page.holes = holes;
  used_bytes_ += used;
  hole_bytes_ += holes;
  if (in.ok() && !is_whole(number)) in.damaged("the rows of a page do not fill it");
}

void RowPages::restore(StateReader& in) {
  in.expect(state_mark("PAGE"), "a page");
  if (in.get<std::uint64_t>() != extra_bytes_) in.damaged("an operator keeps something else beside its rows");
  const std::uint64_t pages = in.count(kMaxPages);
  current_ = in.get<std::uint32_t>();
  if (pages > 0 && current_ >= pages) in.damaged("a page is missing");
  for (auto left = in.count(pages); left > 0 && in.ok(); --left) {
    free_pages_.push_back(in.get<std::uint32_t>());
    if (free_pages_.back() >= pages) in.damaged("a page is missing");
  }
  for (std::uint32_t number = 0; number < pages && in.ok(); ++number) {
    pages_.emplace_back();
    restore_page(in, number);
  }
  if (!in.ok()) *this = RowPages(extra_bytes_);
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
