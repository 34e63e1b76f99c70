#include "controlplane/reconcile/queue.h"

#include <algorithm>

namespace offtake::reconcile {

// REQUIRES: mutex_.
void WorkQueue::put(const std::string& key, Time due) {
  const auto known = waiting_.find(key);
  if (known != waiting_.end()) {
    if (known->second.first <= due) return;
    order_.erase(known->second);
  }
  const Place place{due, ++added_};
  waiting_.insert_or_assign(key, place);
  order_.emplace(place, key);
  ++changes_;
  changed_.notify_all();
}

void WorkQueue::add_at(const std::string& key, Time due) {
  std::lock_guard lock(mutex_);
  const auto working = in_work_.find(key);
  if (working == in_work_.end()) return put(key, due);
  working->second = std::min(working->second.value_or(due), due);
}

std::optional<std::string> WorkQueue::take(std::stop_token stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    const Time now = std::chrono::steady_clock::now();
    Time next = now + std::chrono::hours(1);
    if (!order_.empty()) {
      const auto first = order_.begin();
      next = first->first.first;
      if (next <= now) {
        std::string key = first->second;
        waiting_.erase(key);
        order_.erase(first);
        in_work_.emplace(key, std::nullopt);
        return key;
      }
    }
    // Whatever is added or done may be due earlier than `next`: look again at each.
    const std::uint64_t seen = changes_;
    changed_.wait_until(lock, stop, next, [&] { return changes_ != seen; });
  }
  return std::nullopt;
}

void WorkQueue::done(const std::string& key) {
  std::lock_guard lock(mutex_);
  const auto working = in_work_.find(key);
  if (working == in_work_.end()) return;
  const std::optional<Time> again = working->second;
  in_work_.erase(working);
  if (again) put(key, *again);
}

std::size_t WorkQueue::depth() const {
  std::lock_guard lock(mutex_);
  return waiting_.size();
}

}  // namespace offtake::reconcile
