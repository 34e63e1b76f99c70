#include "controlplane/reconcile/queue.h"

#include <algorithm>

namespace offtake::reconcile {

// REQUIRES: mutex_.
void WorkQueue::put(const std::string& key, Time due) {
  const auto known = waiting_.find(key);
  if (known != waiting_.end()) {
    if (known->second.first <= due) return;
    line_of(key).erase(known->second);
  }
  const Place place{due, ++added_};
  waiting_.insert_or_assign(key, place);
  line_of(key).emplace(place, key);
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
    const auto due = [&](const Line& line) {
      if (line.empty()) return false;
      next = std::min(next, line.begin()->first.first);
      return line.begin()->first.first <= now;
    };
    const bool known_due = due(known_line_), new_due = due(new_line_);
    if (known_due || new_due) {
      Line& line = new_due && (new_next_ || !known_due) ? new_line_ : known_line_;
      new_next_ = &line == &known_line_;
      std::string key = line.begin()->second;
      line.erase(line.begin());
      waiting_.erase(key);
      in_work_.emplace(key, std::nullopt);
      return key;
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

void WorkQueue::is_known(const std::string& key) {
  std::lock_guard lock(mutex_);
  if (known_.contains(key)) return;
  const auto waiting = waiting_.find(key);
  if (waiting != waiting_.end()) {
    new_line_.erase(waiting->second);
    known_line_.emplace(waiting->second, key);
  }
  known_.insert(key);
}

void WorkQueue::forget(const std::string& key) {
  std::lock_guard lock(mutex_);
  if (known_.erase(key) == 0) return;
  const auto waiting = waiting_.find(key);
  if (waiting == waiting_.end()) return;
  known_line_.erase(waiting->second);
  new_line_.emplace(waiting->second, key);
}

std::size_t WorkQueue::depth() const {
  std::lock_guard lock(mutex_);
  return waiting_.size();
}

}  // namespace offtake::reconcile
