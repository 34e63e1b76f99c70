// H: the keys that are settled, which `Created` never sends again (correctness: "What is pushed"); before a
// revision is published, the keys of its result so far. Kept in the journal as entries of many digests each:
// one more for each epoch that adds some, packed into large ones now and then. One thread.
//
// Entry `<prefix><number>`: "+" or "-", then the digests. They count in the order of their numbers.
#pragma once
#include <map>
#include <span>
#include <vector>

#include "operators/targets/journal/journal.h"
#include "operators/targets/push/key_set.h"

namespace offtake::targets::push {

class SettledKeys {
 public:
  explicit SettledKeys(std::string prefix) : prefix_(std::move(prefix)) {}
  const std::string& prefix() const { return prefix_; }

  // From what the journal holds below the prefix. Code BadSettledKeys (terminal).
  base::Status load(std::span<const journal::Change> entries);
  // Adds what the entries of another prefix hold; nothing of it is in the journal yet.
  base::Status include(std::span<const journal::Change> entries);

  bool contains(const KeyDigest& key) const { return keys_.contains(key); }
  std::size_t size() const { return keys_.size(); }

  // Changes the set and gives what the journal is to be changed by for that. Should writing it fail, load()
  // again.
  std::vector<journal::Change> change(std::span<const KeyDigest> added, std::span<const KeyDigest> removed);
  // The whole set anew, packed.
  std::vector<journal::Change> rewrite();

 private:
  struct Entry {
    std::size_t digests = 0;
    bool removes = false;
  };
  void add_entry(char sign, std::span<const KeyDigest> keys, std::vector<journal::Change>& out);
  void add_packed(std::span<const KeyDigest> keys, std::vector<journal::Change>& out);
  void pack(std::vector<journal::Change>& out);

  const std::string prefix_;
  KeySet keys_;
  std::map<std::int64_t, Entry> entries_;
  std::vector<KeyDigest> small_;  // of entries that are not full, in their order; without those that remove
  std::size_t small_entries_ = 0;
  bool removes_ = false;  // some entry does
};

}  // namespace offtake::targets::push
