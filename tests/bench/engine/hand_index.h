// The hand-written peer: open addressing with linear probing over int8 keys, rows by number.
#pragma once
#include <cstdint>
#include <vector>

namespace offtake::bench {

class HandIndex {
 public:
  explicit HandIndex(std::size_t keys) {
    std::size_t size = 16;
    while (size < keys * 2) size *= 2;
    slots_.assign(size, Slot{0, -1});
    mask_ = size - 1;
  }
  // The row of the key; `row` where it was not there before.
  std::int64_t find_or_add(std::int64_t key, std::int64_t row) {
    for (std::size_t at = hash(key) & mask_;; at = (at + 1) & mask_) {
      if (slots_[at].row < 0) {
        slots_[at] = {key, row};
        return row;
      }
      if (slots_[at].key == key) return slots_[at].row;
    }
  }
  std::int64_t find(std::int64_t key) const {
    for (std::size_t at = hash(key) & mask_; slots_[at].row >= 0; at = (at + 1) & mask_) {
      if (slots_[at].key == key) return slots_[at].row;
    }
    return -1;
  }

 private:
  struct Slot {
    std::int64_t key;
    std::int64_t row;
  };
  static std::size_t hash(std::int64_t key) {
    auto bits = static_cast<std::uint64_t>(key) * 0x9E3779B97F4A7C15;
    return bits ^ bits >> 32;
  }
  std::vector<Slot> slots_;
  std::size_t mask_ = 0;
};

}  // namespace offtake::bench
