#include "operators/engine/arrangement.h"

#include <algorithm>

#include "schemas/types/xxh64.h"

namespace offtake::engine {
namespace {

base::Error pages_full() {
  return base::transient("MemoryExceeded", "the state of one operator is larger than 32 GiB")
      .with_hint("aggregate or filter before joining, or use runner.type: Flink");
}

}  // namespace

Arrangement::Arrangement(std::vector<types::Type> types, std::vector<int> key, std::size_t extra_bytes)
    : layout_(std::move(types)), key_(std::move(key)), pages_(extra_bytes) {}

SlotIndex::Slot* Arrangement::key_slot(std::span<const types::ColumnPtr> columns,
                                       std::span<const int> key_columns, std::size_t row, std::uint32_t tag) {
  return keys_.find(tag, [&](RowRef ref) {
    const char* packed = pages_.payload(ref);
    for (std::size_t i = 0; i < key_.size(); ++i) {
      const auto& column = *columns[static_cast<std::size_t>(key_columns[i])];
      if (!layout_.equal_at(packed, static_cast<std::size_t>(key_[i]), column, row)) return false;
    }
    return true;
  });
}

RowRef Arrangement::first(std::span<const types::ColumnPtr> columns, std::span<const int> key_columns,
                          std::size_t row, std::uint64_t hash) const {
  const SlotIndex::Slot* slot =
      const_cast<Arrangement*>(this)->key_slot(columns, key_columns, row, SlotIndex::tag_of(hash));
  return slot == nullptr ? 0 : slot->ref;
}

void Arrangement::first_of_all(const types::Batch& piece, std::span<const int> key_columns,
                               std::span<const std::uint64_t> hashes, std::vector<RowRef>& out) const {
  out.resize(piece.rows);
  layout_.with_equality(key_, piece.columns, key_columns, [&](const auto& same) {
    // Three rounds over a few rows: ask for the slots, then for the rows that their tags name, then compare.
    constexpr std::size_t kTogether = 64;
    for (std::size_t base = 0; base < piece.rows; base += kTogether) {
      const std::size_t end = std::min(base + kTogether, piece.rows);
      for (std::size_t row = base; row < end; ++row) keys_.prefetch(SlotIndex::tag_of(hashes[row]));
      for (std::size_t row = base; row < end; ++row) {
        out[row] = keys_.first_ref(SlotIndex::tag_of(hashes[row]));
        if (out[row] == 0) continue;
        __builtin_prefetch(&pages_.header(out[row]));
        __builtin_prefetch(pages_.payload(out[row]) + 16);
      }
      for (std::size_t row = base; row < end; ++row) {
        if (out[row] == 0 || same(pages_.payload(out[row]), row)) continue;
        const SlotIndex::Slot* slot = keys_.find(SlotIndex::tag_of(hashes[row]),
                                                 [&](RowRef ref) { return same(pages_.payload(ref), row); });
        out[row] = slot == nullptr ? 0 : slot->ref;
      }
    }
  });
}

base::Status Arrangement::load(const types::Batch& piece, std::span<const std::uint64_t> hashes,
                               std::uint64_t epoch) {
  if (load_ == nullptr) load_ = std::make_unique<ArrangementLoad>(layout_, key_, pages_);
  return load_->add(piece, hashes, epoch) ? base::Status() : base::Status(pages_full());
}

void Arrangement::finish_load() {
  if (load_ == nullptr) return;
  rows_ = load_->finish(keys_, rows_index_, kLongLoadedChain);
  load_.reset();
}

std::uint32_t Arrangement::row_tag(RowRef ref) const {
  return SlotIndex::tag_of(types::xxh64::hash(packed(ref), 0));
}

void Arrangement::index_row(RowRef ref) {
  RowHeader& header = pages_.header(ref);
  if ((header.bytes & RowPages::kIndexed) != 0) return;
  rows_index_.insert(row_tag(ref), ref);
  header.bytes |= RowPages::kIndexed;
}

base::Result<Arrangement::Added> Arrangement::add(std::span<const types::ColumnPtr> columns, std::size_t row,
                                                  std::uint64_t hash, std::int64_t weight,
                                                  std::uint64_t epoch) {
  layout_.pack(columns, row, scratch_);
  const std::uint32_t tag = SlotIndex::tag_of(hash);
  SlotIndex::Slot* slot = key_slot(columns, key_, row, tag);
  RowRef found = 0;
  // New rows go to the front, so where the first row of a key is in the row index all of them are.
  bool indexed = false;
  if (slot != nullptr) {
    indexed = (pages_.header(slot->ref).bytes & RowPages::kIndexed) != 0;
    int walked = 0;
    for (RowRef at = slot->ref; !indexed && at != 0 && found == 0; at = pages_.header(at).next, ++walked) {
      if (packed(at) == scratch_) found = at;
    }
    if (walked > kLongChain) {
      for (RowRef at = slot->ref; at != 0; at = pages_.header(at).next) index_row(at);
      indexed = true;
    } else if (indexed) {
      const auto* known = rows_index_.find(SlotIndex::tag_of(types::xxh64::hash(scratch_, 0)),
                                           [&](RowRef ref) { return packed(ref) == scratch_; });
      if (known != nullptr) found = known->ref;
    }
  }
  if (found != 0) {
    RowHeader& header = pages_.header(found);
    const std::int64_t before = header.weight;
    pages_.touch(found, epoch);
    if (before + weight == 0) {
      remove(found);
      return Added{0, before};
    }
    header.weight += weight;
    return Added{found, before};
  }
  if (weight == 0) return Added{};
  const RowRef ref = pages_.allocate(scratch_.size());
  if (ref == 0) return pages_full();
  pages_.touch(ref, epoch);
  std::memcpy(pages_.payload(ref), scratch_.data(), scratch_.size());
  RowHeader& header = pages_.header(ref);
  header.weight = weight;
  header.tag = tag;
  ++rows_;
  if (slot == nullptr) {
    keys_.insert(tag, ref);
    return Added{ref, 0};
  }
  header.next = slot->ref;
  pages_.header(slot->ref).previous = ref;
  slot->ref = ref;
  if (indexed) index_row(ref);
  return Added{ref, 0};
}

SlotIndex::Slot* Arrangement::head_slot(RowRef ref) {
  return keys_.find(pages_.header(ref).tag, [&](RowRef other) { return other == ref; });
}

void Arrangement::remove(RowRef ref) {
  RowHeader& header = pages_.header(ref);
  if ((header.bytes & RowPages::kIndexed) != 0) {
    rows_index_.erase(rows_index_.find(row_tag(ref), [&](RowRef other) { return other == ref; }));
  }
  if (header.next != 0) pages_.header(header.next).previous = header.previous;
  if (header.previous != 0) {
    pages_.header(header.previous).next = header.next;
  } else {
    SlotIndex::Slot* slot = head_slot(ref);
    if (header.next != 0) {
      slot->ref = header.next;
    } else {
      keys_.erase(slot);
    }
  }
  pages_.free(ref);
  --rows_;
}

void Arrangement::save(StateWriter& out) const {
  if (load_ != nullptr) out.fail(base::internal("an arrangement is saved while it is loaded"));
  out.put(state_mark("ARRG"));
  out.put<std::uint64_t>(rows_);
  pages_.save(out);
  keys_.save(out);
  rows_index_.save(out);
}

void Arrangement::restore(StateReader& in) {
  in.expect(state_mark("ARRG"), "an arrangement");
  rows_ = in.get<std::uint64_t>();
  pages_.restore(in);
  keys_.restore(in);
  rows_index_.restore(in);
  if (in.ok()) return;
  pages_ = RowPages(pages_.extra_bytes());
  keys_ = SlotIndex();
  rows_index_ = SlotIndex();
  rows_ = 0;
}

void Arrangement::maintain() {
  if (!pages_.may_be_sparse()) return;
  // A few pages at a time: an epoch must not wait for all of them.
  std::size_t left = std::max<std::size_t>(4, pages_.page_count() / 16);
  for (const std::uint32_t page : pages_.sparse_pages()) {
    if (left-- == 0) return;
    for (const RowRef from : pages_.rows_of(page)) {
      const std::size_t bytes = pages_.payload_bytes(from);
      const RowRef to = pages_.allocate(bytes);
      if (to == 0) return;
      std::memcpy(
          &pages_.header(to), &pages_.header(from),
          static_cast<std::size_t>(pages_.payload(from) - reinterpret_cast<char*>(&pages_.header(from))) +
              bytes);
      RowHeader& header = pages_.header(to);
      if ((header.bytes & RowPages::kIndexed) != 0) {
        rows_index_.find(row_tag(to), [&](RowRef other) { return other == from; })->ref = to;
      }
      if (header.next != 0) pages_.header(header.next).previous = to;
      if (header.previous != 0) {
        pages_.header(header.previous).next = to;
      } else {
        head_slot(from)->ref = to;
      }
      pages_.free(from);
    }
  }
}

}  // namespace offtake::engine
