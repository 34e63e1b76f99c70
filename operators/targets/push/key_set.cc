#include "operators/targets/push/key_set.h"

namespace offtake::targets::push {
namespace {

constexpr std::size_t kFirstSlots = 64;

}  // namespace

std::size_t KeySet::find(const KeyDigest& key) const {
  std::size_t at = home(key);
  while (!(slots_[at] == KeyDigest{}) && !(slots_[at] == key)) at = (at + 1) & (slots_.size() - 1);
  return at;
}

bool KeySet::contains(const KeyDigest& key) const {
  return !slots_.empty() && slots_[find(key)] == key;
}

bool KeySet::insert(const KeyDigest& key) {
  if ((size_ + 1) * 10 > slots_.size() * 7) grow();
  KeyDigest& slot = slots_[find(key)];
  if (slot == key) return false;
  slot = key;
  ++size_;
  return true;
}

bool KeySet::erase(const KeyDigest& key) {
  if (!contains(key)) return false;
  std::size_t hole = find(key);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = (hole + 1) & mask; !(slots_[at] == KeyDigest{}); at = (at + 1) & mask) {
    // Whoever would not be found past the hole moves into it.
    const std::size_t from_home = (at - home(slots_[at])) & mask;
    if (from_home < ((at - hole) & mask)) continue;
    slots_[hole] = slots_[at];
    hole = at;
  }
  slots_[hole] = {};
  --size_;
  return true;
}

void KeySet::grow() {
  std::vector<KeyDigest> old(std::max(kFirstSlots, slots_.size() * 2));
  old.swap(slots_);
  for (const KeyDigest& key : old) {
    if (!(key == KeyDigest{})) slots_[find(key)] = key;
  }
}

}  // namespace offtake::targets::push
