// What one reading thread does: poll, decode, queue; wait out what passes by itself; hold back partitions
// whose next record cannot be decoded yet. One thread.
#pragma once
#include "operators/delivery/inputs.h"
#include "operators/delivery/retry.h"

namespace offtake::delivery {

class SourceThread {
 public:
  SourceThread(const Pipeline& pipeline, SourceInput& input, int index, bool live,
               Channel<InputEvent>& channel, std::stop_token stop)
      : pipeline_(pipeline),
        input_(input),
        index_(index),
        live_(live),
        channel_(channel),
        stop_(stop),
        away_(pipeline, index) {}

  // Until `stop`, the end of what is to be read, or an error that does not pass; the last two are queued.
  void run();

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Held {
    std::deque<sources::RecordBatch> batches;  // the first does not decode
    base::Error error;
  };

  bool step();  // false: this thread's work is done
  bool look_at_store();
  bool recover(base::Error error);
  // Tries `call` again until it succeeds; false when the thread has to end.
  bool insist(base::Error error, const std::function<base::Status()>& call);
  bool take(sources::RecordBatch records);
  bool hold(sources::RecordBatch records, base::Error error);
  bool retry_held();
  bool drain(Held& held);
  bool removed_by_retention(const Held& held) const;
  bool look_for_partitions();
  bool say(std::optional<base::Error> error);
  bool fail(base::Error error);
  void stopped(const base::Error& error) const;
  void goes_on() const;
  template <class Event>
  bool push(Event event, std::size_t bytes = 1) {
    return channel_.push(InputEvent(std::move(event)), bytes, stop_);
  }

  const Pipeline& pipeline_;
  SourceInput& input_;
  const int index_;
  const bool live_;
  Channel<InputEvent>& channel_;
  const std::stop_token stop_;
  std::map<int, Held> held_;  // by partition
  std::size_t held_bytes_ = 0;
  AwayReport away_;
  bool was_away_ = false;
  RetryPause held_pause_;
  Time retry_held_at_{};
  Time look_again_{};
};

}  // namespace offtake::delivery
