// Where all streams of the console hear of changes: one log for all of them, woken by topic. Thread-safe.
#pragma once
#include <condition_variable>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "controlplane/console/change_log.h"
#include "controlplane/console/topics.h"

namespace offtake::console {

class Hub {
 public:
  explicit Hub(const base::Clock& clock = base::system_clock(), ChangeLog::Rules rules = {});
  ~Hub();
  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;

  // Called with the first stream that follows a product, and after the last one; by those streams' threads,
  // without any lock of the hub. REQUIRES: set before streams come.
  struct Followers {
    std::function<void(const ProductName&)> first, last;
  };
  void set_followers(Followers followers) { followers_ = std::move(followers); }

  // `data` as frames.h writes it.
  void changed(std::string_view topic, std::string_view id, std::string data);
  void removed(std::string_view topic, std::string_view id);
  bool is_followed(std::string_view topic) const;

  class Subscription;
  // `after`: the id of the last event that its client has; empty: none. REQUIRES: the hub outlives it.
  std::unique_ptr<Subscription> subscribe(Topics topics, std::string_view after);
  // Lets every waiting stream look whether it may go on.
  void wake_all();

  std::size_t bytes() const;  // of the log

 private:
  friend class Subscription;
  struct Reader {
    const Topics* topics = nullptr;
    std::condition_variable_any wake;
    bool woken = false;
    std::uint64_t cursor = 0;
  };
  void offer(std::string_view topic, std::string_view id, std::string_view event, std::string data);
  void wake_readers(std::uint64_t after);  // of what came after it; with the lock
  void run(const std::stop_token& stop);

  const base::Clock& clock_;
  Followers followers_;
  mutable std::mutex mutex_;
  std::condition_variable_any due_;
  ChangeLog log_;
  std::list<Reader> readers_;
  std::map<std::string, int, std::less<>> followed_;  // topics, by how many
  std::jthread thread_;                               // the last: it uses what is above
};

// What one stream hears. One thread uses it.
class Hub::Subscription {
 public:
  ~Subscription();
  // Whether what came since `after` is all known; false as well when there was none.
  bool resumed() const { return resumed_; }
  // Whether `after` was given and is not known.
  bool lost() const { return lost_; }

  struct Batch {
    std::string text;    // frames
    bool reset = false;  // too slow: what is no longer known came in between
  };
  // Waits for something, at most `timeout`; also returns, with nothing, when woken or once `stop` is
  // requested.
  Batch next(std::chrono::milliseconds timeout, std::stop_token stop);
  std::string position() const;  // the id up to which all was handed out

 private:
  friend class Hub;
  Subscription(Hub& hub, Topics topics) : hub_(hub), topics_(std::move(topics)) {}

  bool take(Batch& batch);

  Hub& hub_;
  const Topics topics_;
  std::list<Reader>::iterator reader_;
  std::string first_;  // how the products are that somebody else follows already
  bool resumed_ = false, lost_ = false;
};

}  // namespace offtake::console
