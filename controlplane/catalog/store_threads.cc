#include "controlplane/catalog/store_threads.h"

#include "base/result.h"

namespace offtake::catalog {

StoreThreads::~StoreThreads() {
  // All are told before the first is waited for.
  std::map<std::string, std::unique_ptr<Lane>> lanes;
  {
    std::lock_guard lock(mutex_);
    for (auto& [store, lane] : lanes_) {
      lane->waiting.clear();
      lane->thread.request_stop();
    }
    lanes.swap(lanes_);
  }
  lanes.clear();
}

void StoreThreads::run(const std::string& store, const std::string& key, Order order,
                       std::function<void()> work) {
  std::lock_guard lock(mutex_);
  auto& lane = lanes_[store];
  if (lane == nullptr) {
    if (lanes_.size() > kMost) {
      lanes_.erase(store);
      return;
    }
    lane = std::make_unique<Lane>();
    lane->thread = std::jthread([this, at = lane.get()](const std::stop_token& stop) { serve(*at, stop); });
  }
  if (lane->waiting.size() >= kMostWaiting || !lane->keys.insert(key).second) return;
  if (order == Order::kSoon) {
    lane->waiting.push_front({key, std::move(work)});
  } else {
    lane->waiting.push_back({key, std::move(work)});
  }
  lane->wake.notify_one();
}

void StoreThreads::serve(Lane& lane, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (lane.wake.wait(lock, stop, [&] { return !lane.waiting.empty(); })) {
    if (stop.stop_requested()) return;
    Task task = std::move(lane.waiting.front());
    lane.waiting.pop_front();
    lock.unlock();
    try {
      task.work();
    } catch (const std::exception& bug) {
      base::internal(bug.what());
    }
    task.work = nullptr;
    lock.lock();
    lane.keys.erase(task.key);
  }
}

}  // namespace offtake::catalog
