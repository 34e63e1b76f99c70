// A queue from several producing threads to one consumer, bounded by bytes: producers wait while it is full,
// which is how a slow target holds its sources back.
#pragma once
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>

namespace offtake::delivery {

template <class T>
class Channel {
 public:
  explicit Channel(std::size_t budget_bytes) : budget_bytes_(budget_bytes) {}

  // Waits for room; false when `stop` was requested meanwhile. One item is always let in, however large.
  bool push(T item, std::size_t bytes, std::stop_token stop) {
    std::unique_lock lock(mutex_);
    const bool room = room_.wait(lock, stop, [&] { return bytes_ == 0 || bytes_ + bytes <= budget_bytes_; });
    if (!room) return false;
    bytes_ += bytes;
    items_.emplace_back(std::move(item), bytes);
    ready_.notify_one();
    return true;
  }

  // The oldest item; nothing when none came before `deadline`.
  std::optional<T> pop(std::chrono::steady_clock::time_point deadline) {
    std::unique_lock lock(mutex_);
    if (!ready_.wait_until(lock, deadline, [&] { return !items_.empty(); })) return std::nullopt;
    std::optional<T> item(std::move(items_.front().first));
    bytes_ -= items_.front().second;
    items_.pop_front();
    room_.notify_all();
    return item;
  }

 private:
  const std::size_t budget_bytes_;
  std::mutex mutex_;
  std::condition_variable_any room_;
  std::condition_variable ready_;
  std::deque<std::pair<T, std::size_t>> items_;
  std::size_t bytes_ = 0;
};

}  // namespace offtake::delivery
