// A set of key digests, 16 bytes each and little more: open addressing with linear probing, at most 7/10
// full; what is erased is closed up (Knuth, TAOCP 6.4, algorithm R). One thread.
#pragma once
#include <vector>

#include "operators/targets/push/row_keys.h"

namespace offtake::targets::push {

class KeySet {
 public:
  bool insert(const KeyDigest& key);  // false: it was there
  bool erase(const KeyDigest& key);   // false: it was not there
  bool contains(const KeyDigest& key) const;
  std::size_t size() const { return size_; }
  template <class Each>
  void for_each(const Each& each) const {
    for (const KeyDigest& slot : slots_) {
      if (!(slot == KeyDigest{})) each(slot);
    }
  }

 private:
  std::size_t home(const KeyDigest& key) const { return key.low & (slots_.size() - 1); }
  std::size_t find(const KeyDigest& key) const;  // its slot, or the empty one where it would be
  void grow();

  std::vector<KeyDigest> slots_;  // a power of two; the zero digest: empty
  std::size_t size_ = 0;
};

}  // namespace offtake::targets::push
