// What may block on an event store or its registry, on a thread for each store: the others go on while one is
// away. Thread-safe.
#pragma once
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>

namespace offtake::catalog {

class StoreThreads {
 public:
  StoreThreads() = default;
  ~StoreThreads();  // what waits is dropped, what runs is waited for
  StoreThreads(const StoreThreads&) = delete;
  StoreThreads& operator=(const StoreThreads&) = delete;

  enum class Order { kSoon, kLater };  // before what waits, or behind it
  // Nothing happens where `key` waits or runs at the store already. Beyond kMost stores, and beyond
  // kMostWaiting of one, it is dropped: who needs it asks again.
  void run(const std::string& store, const std::string& key, Order order, std::function<void()> work);

 private:
  static constexpr std::size_t kMost = 64, kMostWaiting = 20'000;
  struct Task {
    std::string key;
    std::function<void()> work;
  };
  struct Lane {
    std::deque<Task> waiting;
    std::set<std::string> keys;  // of what waits or runs
    std::condition_variable_any wake;
    std::jthread thread;  // last: it uses the others
  };
  void serve(Lane& lane, const std::stop_token& stop);

  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<Lane>> lanes_;
};

}  // namespace offtake::catalog
