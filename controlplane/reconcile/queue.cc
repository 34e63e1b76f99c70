#include "controlplane/reconcile/queue.h"

#include <algorithm>

namespace offtake::reconcile {

void WorkQueue::add_at(const std::string& key, Time due) {
  std::lock_guard lock(mutex_);
  const auto [entry, added] = waiting_.emplace(key, due);
  if (!added) entry->second = std::min(entry->second, due);
  ++changes_;
  changed_.notify_all();
}

std::optional<std::string> WorkQueue::take(std::stop_token stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    const Time now = std::chrono::steady_clock::now();
    Time next = now + std::chrono::hours(1);
    for (const auto& [key, due] : waiting_) {
      if (in_work_.contains(key)) continue;
      if (due <= now) {
        std::string taken = key;
        waiting_.erase(taken);
        in_work_.insert(taken);
        return taken;
      }
      next = std::min(next, due);
    }
    // Whatever is added or done may be due earlier than `next`: look again at each.
    const std::uint64_t seen = changes_;
    changed_.wait_until(lock, stop, next, [&] { return changes_ != seen; });
  }
  return std::nullopt;
}

void WorkQueue::done(const std::string& key) {
  std::lock_guard lock(mutex_);
  in_work_.erase(key);
  ++changes_;
  changed_.notify_all();
}

std::size_t WorkQueue::depth() const {
  std::lock_guard lock(mutex_);
  return waiting_.size();
}

}  // namespace offtake::reconcile
