#include "operators/engine/arrangement_load.h"

#include <algorithm>

#include "schemas/types/xxh64.h"

namespace offtake::engine {

bool ArrangementLoad::add(const types::Batch& piece, std::span<const std::uint64_t> hashes,
                          std::uint64_t epoch) {
  sizes_.resize(piece.rows);
  refs_.resize(piece.rows);
  places_.resize(piece.rows);
  layout_.packed_bytes(piece.columns, sizes_);
  for (std::size_t row = 0; row < piece.rows; ++row) {
    const RowRef ref = pages_.allocate(sizes_[row]);
    if (ref == 0) return false;
    pages_.touch(ref, epoch);
    pages_.header(ref).weight = piece.weight(row);
    pages_.header(ref).tag = SlotIndex::tag_of(hashes[row]);
    refs_[row] = ref;
    places_[row] = pages_.payload(ref);
  }
  layout_.pack_rows(piece.columns, places_);
  for (std::size_t row = 0; row < piece.rows; ++row) {
    const std::uint32_t tag = SlotIndex::tag_of(hashes[row]);
    const std::uint64_t row_hash = types::xxh64::hash({places_[row], sizes_[row]}, 0);
    Part& part = parts_[tag >> (32 - kPartBits)];
    part.entries.push_back({tag, SlotIndex::tag_of(row_hash), refs_[row]});
    ++entries_;
    if (part.entries.size() == part.settle_at) settle(part);
  }
  return true;
}

std::size_t ArrangementLoad::bytes() const {
  std::size_t entries = scratch_.capacity();
  for (const Part& part : parts_) entries += part.entries.capacity();
  return entries * sizeof(Entry);
}

// By row tag.
void ArrangementLoad::sort_run(std::span<Entry> run) {
  if (run.size() > 32) {
    std::sort(run.begin(), run.end(), [](const Entry& a, const Entry& b) { return a.row_tag < b.row_tag; });
    return;
  }
  for (std::size_t i = 1; i < run.size(); ++i) {
    const Entry entry = run[i];
    std::size_t at = i;
    for (; at > 0 && run[at - 1].row_tag > entry.row_tag; --at) run[at] = run[at - 1];
    run[at] = entry;
  }
}

// By tag, then row tag. A radix sort of the bits in which tags of one part differ, 8 at a time.
void ArrangementLoad::sort(std::vector<Entry>& entries) {
  const auto less = [](const Entry& a, const Entry& b) {
    return a.tag != b.tag ? a.tag < b.tag : a.row_tag < b.row_tag;
  };
  if (entries.size() < 256) return std::sort(entries.begin(), entries.end(), less);
  scratch_.resize(entries.size());
  for (int shift = 0; shift < 32 - kPartBits; shift += 8) {
    std::array<std::uint32_t, 257> starts{};
    for (const Entry& entry : entries) ++starts[(entry.tag >> shift & 0xFF) + 1];
    for (std::size_t i = 1; i < starts.size(); ++i) starts[i] += starts[i - 1];
    for (const Entry& entry : entries) scratch_[starts[entry.tag >> shift & 0xFF]++] = entry;
    entries.swap(scratch_);
  }
  for (auto at = entries.begin(); at != entries.end();) {
    auto end = at + 1;
    while (end != entries.end() && end->tag == at->tag) ++end;
    sort_run({at, end});
    at = end;
  }
}

// Sorts the part; equal rows become one with the sum of their weights, none where that is zero.
void ArrangementLoad::settle(Part& part) {
  std::vector<Entry>& entries = part.entries;
  sort(entries);
  const std::size_t before = entries.size();
  std::size_t kept = 0;
  for (std::size_t i = 0; i < before;) {
    // Rows whose hashes are equal: nearly always equal rows.
    const std::size_t run = kept;
    std::size_t end = i;
    for (; end < before && entries[end].tag == entries[i].tag && entries[end].row_tag == entries[i].row_tag;
         ++end) {
      const Entry entry = entries[end];
      std::size_t same = run;
      while (same < kept && packed(entries[same].ref) != packed(entry.ref)) ++same;
      if (same == kept) {
        entries[kept++] = entry;
      } else {
        pages_.header(entries[same].ref).weight += pages_.header(entry.ref).weight;
        pages_.free(entry.ref);
      }
    }
    if (end - i > 1) {
      const auto gone =
          std::remove_if(entries.begin() + static_cast<std::ptrdiff_t>(run),
                         entries.begin() + static_cast<std::ptrdiff_t>(kept), [&](const Entry& entry) {
                           if (pages_.header(entry.ref).weight != 0) return false;
                           pages_.free(entry.ref);
                           return true;
                         });
      kept = static_cast<std::size_t>(gone - entries.begin());
    }
    i = end;
  }
  entries.resize(kept);
  entries_ -= before - kept;
  // Sorting again is worth it where many rows are equal.
  part.settle_at = std::max(kFirstSettle, before - kept > before / 8 ? kept * 2 : kept * 4);
}

void ArrangementLoad::link_chain(std::span<const Entry> chain, SlotIndex& keys, SlotIndex& rows_index,
                                 std::size_t long_chain) {
  keys.insert(chain[0].tag, chain[0].ref);
  if (chain.size() == 1) return;
  for (std::size_t i = 0; i < chain.size(); ++i) {
    RowHeader& header = pages_.header(chain[i].ref);
    if (i > 0) header.previous = chain[i - 1].ref;
    if (i + 1 < chain.size()) header.next = chain[i + 1].ref;
    if (chain.size() < long_chain) continue;
    rows_index.insert(chain[i].row_tag, chain[i].ref);
    header.bytes |= RowPages::kIndexed;
  }
}

void ArrangementLoad::link(std::span<const Entry> same_tag, SlotIndex& keys, SlotIndex& rows_index,
                           std::size_t long_chain) {
  const char* first = pages_.payload(same_tag[0].ref);
  const auto of_first = [&](const Entry& entry) {
    return layout_.equal_packed(first, pages_.payload(entry.ref), key_);
  };
  if (std::all_of(same_tag.begin() + 1, same_tag.end(), of_first)) {
    return link_chain(same_tag, keys, rows_index, long_chain);
  }
  // Several keys share the tag.
  std::vector<Entry> left(same_tag.begin(), same_tag.end());
  while (!left.empty()) {
    first = pages_.payload(left[0].ref);
    const auto end = std::stable_partition(left.begin(), left.end(), of_first);
    link_chain(std::span(left).first(static_cast<std::size_t>(end - left.begin())), keys, rows_index,
               long_chain);
    left.erase(left.begin(), end);
  }
}

std::size_t ArrangementLoad::finish(SlotIndex& keys, SlotIndex& rows_index, std::size_t long_chain) {
  constexpr std::size_t kAhead = 24;
  // Both indexes get their room first: in a table that grows, tags in ascending order would crowd at its
  // start.
  std::size_t tags = 0;
  std::size_t long_rows = 0;
  for (Part& part : parts_) {
    settle(part);
    for (std::size_t i = 0, end = 0; i < part.entries.size(); i = end) {
      while (end < part.entries.size() && part.entries[end].tag == part.entries[i].tag) ++end;
      ++tags;
      if (end - i >= long_chain) long_rows += end - i;
    }
  }
  keys.reserve(tags);
  rows_index.reserve(long_rows);
  const std::size_t rows = entries_;
  for (Part& part : parts_) {
    const std::span<const Entry> entries = part.entries;
    for (std::size_t i = 0, ahead = 0; i < entries.size();) {
      std::size_t end = i + 1;
      while (end < entries.size() && entries[end].tag == entries[i].tag) ++end;
      for (; ahead < std::min(end + kAhead, entries.size()); ++ahead) {
        __builtin_prefetch(&pages_.header(entries[ahead].ref), 1);
        __builtin_prefetch(pages_.payload(entries[ahead].ref) + 16);
      }
      link(entries.subspan(i, end - i), keys, rows_index, long_chain);
      i = end;
    }
    entries_ -= entries.size();
    std::vector<Entry>().swap(part.entries);
  }
  return rows;
}

}  // namespace offtake::engine
