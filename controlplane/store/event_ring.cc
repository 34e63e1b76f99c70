#include "controlplane/store/event_ring.h"

namespace offtake::store {

base::Error expired(std::int64_t version) {
  return base::terminal("Expired", fmt::format("too old resource version: {}", version))
      .with_hint("list again and watch from there");
}

void EventRing::push(RingEvent event) {
  {
    const std::lock_guard lock(mutex_);
    newest_ = event.version;
    events_.push_back(std::move(event));
    while (events_.size() > capacity_) {
      oldest_ = events_.front().version;
      events_.pop_front();
    }
  }
  changed_.notify_all();
}

base::Result<std::optional<RingEvent>> EventRing::next(const resources::Kind& kind, std::int64_t& cursor,
                                                       std::chrono::steady_clock::time_point deadline,
                                                       const std::atomic<bool>& closed) {
  std::unique_lock lock(mutex_);
  while (true) {
    if (cursor < oldest_) return expired(cursor);
    auto it = std::upper_bound(
        events_.begin(), events_.end(), cursor,
        [](std::int64_t version, const RingEvent& event) { return version < event.version; });
    for (; it != events_.end(); ++it) {
      cursor = it->version;
      if (it->kind == &kind) return std::optional<RingEvent>(*it);
    }
    cursor = std::max(cursor, newest_);
    if (closed.load() || changed_.wait_until(lock, deadline) == std::cv_status::timeout) {
      // A change may have come with the last moment.
      if (cursor < newest_ && !closed.load()) continue;
      return std::optional<RingEvent>();
    }
  }
}

bool EventRing::each_since(const resources::Kind& kind, std::int64_t version,
                           const std::function<void(const RingEvent&)>& undo) const {
  const std::lock_guard lock(mutex_);
  if (version < oldest_) return false;
  for (auto it = events_.rbegin(); it != events_.rend() && it->version > version; ++it) {
    if (it->kind == &kind) undo(*it);
  }
  return true;
}

void EventRing::wake() {
  {
    const std::lock_guard lock(mutex_);  // so that no reader is between its look and its wait
  }
  changed_.notify_all();
}

bool EventRing::knows(std::int64_t version) const {
  const std::lock_guard lock(mutex_);
  return version >= oldest_;
}

}  // namespace offtake::store
