// Open addressing with linear probing over slots of 8 bytes: 32 bits of a hash and a 32-bit reference. The
// caller compares what the references name. Deletion shifts back, so there are no tombstones. One thread.
#pragma once
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <vector>

namespace offtake::engine {

class SlotIndex {
 public:
  struct Slot {
    std::uint32_t tag = 0;
    std::uint32_t ref = 0;  // 0: empty
  };
  static std::uint32_t tag_of(std::uint64_t hash) { return static_cast<std::uint32_t>(hash >> 32); }

  // The first slot of that tag for which `same(ref)`; null when there is none.
  template <class Same>
  Slot* find(std::uint32_t tag, Same same) {
    if (slots_.empty()) return nullptr;
    for (std::size_t at = tag & mask_; slots_[at].ref != 0; at = (at + 1) & mask_) {
      if (slots_[at].tag == tag && same(slots_[at].ref)) return &slots_[at];
    }
    return nullptr;
  }
  template <class Same>
  const Slot* find(std::uint32_t tag, Same same) const {
    return const_cast<SlotIndex*>(this)->find(tag, same);
  }
  void insert(std::uint32_t tag, std::uint32_t ref) {
    if ((count_ + 1) * 8 > slots_.size() * 7) grow();
    place(tag, ref);
    ++count_;
  }
  void erase(Slot* slot) {
    auto hole = static_cast<std::size_t>(slot - slots_.data());
    for (std::size_t at = (hole + 1) & mask_; slots_[at].ref != 0; at = (at + 1) & mask_) {
      // Slots between their home and `at` may move back into the hole, others must stay.
      if (((at - slots_[at].tag) & mask_) >= ((at - hole) & mask_)) {
        slots_[hole] = slots_[at];
        hole = at;
      }
    }
    slots_[hole] = Slot();
    --count_;
  }
  void prefetch(std::uint32_t tag) const {
    if (!slots_.empty()) __builtin_prefetch(&slots_[tag & mask_]);
  }
  // The reference in the first slot that a probe for `tag` meets; 0 when empty. For prefetching what it
  // names.
  std::uint32_t first_ref(std::uint32_t tag) const { return slots_.empty() ? 0 : slots_[tag & mask_].ref; }
  void reserve(std::size_t count) {
    while (count * 8 > slots_.size() * 7) grow();
  }
  template <class Visit>
  void for_each(Visit visit) const {
    for (const Slot& slot : slots_) {
      if (slot.ref != 0) visit(slot.ref);
    }
  }
  std::size_t count() const { return count_; }
  std::size_t bytes() const { return slots_.capacity() * sizeof(Slot); }

 private:
  void place(std::uint32_t tag, std::uint32_t ref) {
    std::size_t at = tag & mask_;
    while (slots_[at].ref != 0) at = (at + 1) & mask_;
    slots_[at] = {tag, ref};
  }
  void grow() {
    std::vector<Slot> old = std::move(slots_);
    slots_.assign(old.empty() ? 16 : old.size() * 2, Slot());
    mask_ = slots_.size() - 1;
    for (const Slot& slot : old) {
      if (slot.ref != 0) place(slot.tag, slot.ref);
    }
  }

  std::vector<Slot> slots_;
  std::size_t mask_ = 0;
  std::size_t count_ = 0;
};

}  // namespace offtake::engine
