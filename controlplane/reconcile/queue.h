// The queue of one kind's reconciler: first due, first served; each key is in work at most once at a time; a
// key added while it is in work is done again afterwards; delays are kept, the earlier one wins. Thread-safe.
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
  std::size_t depth() const;

 private:
  using Place = std::pair<Time, std::uint64_t>;  // when it is due; in the order of adding
  void add_at(const std::string& key, Time due);
  void put(const std::string& key, Time due);
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::map<std::string, Place> waiting_;
  std::map<Place, std::string> order_;                  // the same, by place
  std::map<std::string, std::optional<Time>> in_work_;  // with when it is due again
  std::uint64_t added_ = 0, changes_ = 0;
};

}  // namespace offtake::reconcile
