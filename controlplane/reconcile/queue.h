// The queue of one kind's reconciler: first due, first served; each key is in work at most once at a time; a
// key added while it is in work is done again afterwards; delays are kept, the earlier one wins. Keys that
// are new stand in a line of their own, of which one is taken for each of the others: many that come at once
// do not hold up those that were there before. Thread-safe.
#pragma once
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>

namespace offtake::reconcile {

class WorkQueue {
 public:
  using Time = std::chrono::steady_clock::time_point;

  void add(const std::string& key) { add_at(key, std::chrono::steady_clock::now()); }
  void add_after(const std::string& key, std::chrono::milliseconds delay) {
    add_at(key, std::chrono::steady_clock::now() + delay);
  }
  // The next key that is due; nothing when `stop` was requested. Call done(key) afterwards.
  std::optional<std::string> take(std::stop_token stop);
  void done(const std::string& key);
  // From its next place on it stands with the others; until then a key is new.
  void is_known(const std::string& key);
  void forget(const std::string& key);
  std::size_t depth() const;

 private:
  using Place = std::pair<Time, std::uint64_t>;  // when it is due; in the order of adding
  void add_at(const std::string& key, Time due);
  void put(const std::string& key, Time due);
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::map<std::string, Place> waiting_;
  using Line = std::map<Place, std::string>;
  Line& line_of(const std::string& key) { return known_.contains(key) ? known_line_ : new_line_; }
  Line known_line_, new_line_;                          // the same, by place
  std::map<std::string, std::optional<Time>> in_work_;  // with when it is due again
  std::set<std::string> known_;
  bool new_next_ = false;  // whose turn it is where both have one that is due
  std::uint64_t added_ = 0, changes_ = 0;
};

}  // namespace offtake::reconcile
