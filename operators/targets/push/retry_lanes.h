// Tries messages of the retry queues again, beside the epochs: in a few lanes, each a thread with a sender of
// its own, so that a message whose answer does not come holds up what is in its lane and nothing else. All
// together have at most a quarter of what the receiver may have in flight (one at least).
//
// One thread owns the lanes; what the queues make of an outcome is its business. The order of a key is kept
// by trying the head of its queue alone.
#pragma once
#include <functional>
#include <mutex>
#include <set>
#include <thread>

#include "operators/targets/push/senders.h"
#include "operators/targets/push/sending.h"

namespace offtake::targets::push {

class RetryLanes {
 public:
  // `answers` may be null. `source`: of the events. All is cut off on `stop`.
  RetryLanes(Senders senders, std::size_t max_in_flight, const Answers* answers, std::string source,
             std::stop_token stop);
  ~RetryLanes();  // cuts off what is under way
  RetryLanes(const RetryLanes&) = delete;
  RetryLanes& operator=(const RetryLanes&) = delete;

  // How many messages begin() takes now; 0 while every lane is busy.
  std::size_t room() const;
  // Whether a message of the key is on its way, or its outcome not taken yet.
  bool holds(const std::string& key) const;
  // Spreads them over the lanes that are free. Errors: those of opening a sender; nothing is begun then.
  // REQUIRES: at most room() of them, each of a key that is not held.
  base::Status begin(std::vector<Unsent> heads);

  struct Ended {
    Unsent head;
    Fate fate;  // of one try
  };
  // What has had its try since the last call.
  std::vector<Ended> take();
  // How the rounds went that have ended since the last call: why nothing could be sent, if so. None: no round
  // has ended.
  std::optional<base::Status> rounds();

 private:
  struct Lane {
    std::unique_ptr<http::MessageSender> sender;
    bool busy = false;  // guarded by mutex_
    std::jthread thread;
  };
  void run(Lane& lane, std::vector<Unsent> heads);

  const Senders senders_;
  const std::size_t each_;  // in flight of a lane
  const Answers* const answers_;
  const std::string source_;
  std::stop_source ends_;  // the lanes' own: on the stop that was given, and in the end
  std::stop_callback<std::function<void()>> follows_;

  mutable std::mutex mutex_;  // guards what follows
  std::set<std::string> held_;
  std::vector<Ended> ended_;
  std::optional<base::Status> rounds_;

  std::vector<std::unique_ptr<Lane>> lanes_;  // goes first: its threads use the others
};

}  // namespace offtake::targets::push
