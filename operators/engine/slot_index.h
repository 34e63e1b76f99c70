// Open addressing with linear probing over slots of 8 bytes: 32 bits of a hash and a 32-bit reference. The
// caller compares what the references name. Slots lie in the order of their tags, so that growing and bulk
// loading run through memory once, and the table may have any size: it grows by half, later by a quarter.
// Deletion shifts back, so there are no tombstones. One thread.
#pragma once
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "operators/engine/large_memory.h"
#include "operators/engine/state_stream.h"

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
    for (std::size_t at = home(tag); slots_[at].ref != 0; at = after(at)) {
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
    for (std::size_t at = after(hole); slots_[at].ref != 0; at = after(at)) {
      // Slots between their home and `at` may move back into the hole, others must stay.
      if (distance(home(slots_[at].tag), at) >= distance(hole, at)) {
        slots_[hole] = slots_[at];
        hole = at;
      }
    }
    slots_[hole] = Slot();
    --count_;
  }
  void prefetch(std::uint32_t tag) const {
    if (!slots_.empty()) __builtin_prefetch(&slots_[home(tag)]);
  }
  // The reference of the first slot of that tag; 0 when there is none. For prefetching what it names.
  std::uint32_t first_ref(std::uint32_t tag) const {
    const Slot* slot = find(tag, [](std::uint32_t) { return true; });
    return slot == nullptr ? 0 : slot->ref;
  }
  // Room for so many, loosely: a probe meets few slots.
  void reserve(std::size_t count) {
    if (count * 3 > slots_.size() * 2) resize(count + count / 2);
  }
  template <class Visit>
  void for_each(Visit visit) const {
    for (const Slot& slot : slots_) {
      if (slot.ref != 0) visit(slot.ref);
    }
  }
  // The slots as they lie; reading them is much faster than finding a place for each again.
  void save(StateWriter& out) const {
    out.put<std::uint64_t>(slots_.size());
    out.put<std::uint64_t>(count_);
    out.bytes(slots_.data(), slots_.size() * sizeof(Slot));
  }
  void restore(StateReader& in) {
    const std::uint64_t slots = in.count(std::uint64_t{1} << 34);
    count_ = in.count(slots == 0 ? 0 : slots - 1);  // a probe ends at an empty slot
    if (!in.charge(slots * sizeof(Slot))) return;
    slots_.resize(slots);
    in.bytes(slots_.data(), slots * sizeof(Slot));
  }
  std::size_t count() const { return count_; }
  std::size_t bytes() const { return slots_.capacity() * sizeof(Slot); }

 private:
  using Slots = std::vector<Slot, LargeAllocator<Slot>>;

  std::size_t home(std::uint32_t tag) const {
    return static_cast<std::size_t>(std::uint64_t{tag} * slots_.size() >> 32);
  }
  std::size_t after(std::size_t at) const { return ++at == slots_.size() ? 0 : at; }
  std::size_t distance(std::size_t from, std::size_t to) const {
    return to >= from ? to - from : to + slots_.size() - from;
  }
  void place(std::uint32_t tag, std::uint32_t ref) {
    std::size_t at = home(tag);
    while (slots_[at].ref != 0) at = after(at);
    slots_[at] = {tag, ref};
  }
  void grow() {
    constexpr std::size_t kLarge = 1 << 16;
    resize(slots_.size() + slots_.size() / (slots_.size() < kLarge ? 2 : 4));
  }
  void resize(std::size_t slots) {
    Slots old = std::move(slots_);
    slots_.assign(std::max<std::size_t>(slots, 16), Slot());
    for (const Slot& slot : old) {
      if (slot.ref != 0) place(slot.tag, slot.ref);
    }
  }

  Slots slots_;
  std::size_t count_ = 0;
};

}  // namespace offtake::engine
