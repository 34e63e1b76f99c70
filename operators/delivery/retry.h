// Waiting between attempts: with backoff and jitter, and not longer than until a stop is asked for.
#pragma once
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>

#include "base/id.h"
#include "base/result.h"
#include "base/retry.h"

namespace offtake::delivery {

// Whether the same call may succeed later without anything being done here. A target whose control row went
// back does not belong to it: there the state has to be built again.
inline bool passes_by_itself(const base::Error& error) {
  const bool passing = error.retry == base::Retry::kTransient || error.retry == base::Retry::kWaiting;
  return passing && error.code != "TargetRewound" && error.code != "MemoryExceeded";
}

// Whether the target is not this worker's any more, or not as it left it.
inline bool loses_target(const base::Error& error) {
  return error.retry == base::Retry::kFenced || error.code == "TargetRewound";
}

// False when `stop` was requested meanwhile.
inline bool sleep_for(std::chrono::milliseconds time, std::stop_token stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait_for(lock, stop, time, [] { return false; });
  return !stop.stop_requested();
}

// The pauses between failures in a row. One thread.
class RetryPause {
 public:
  explicit RetryPause(base::Backoff backoff = {std::chrono::milliseconds(200),
                                               std::chrono::milliseconds(10'000)})
      : backoff_(backoff) {}
  std::chrono::milliseconds next() { return base::backoff_delay(backoff_, ++failures_, base::random_u64()); }
  void reset() { failures_ = 0; }

 private:
  base::Backoff backoff_;
  int failures_ = 0;
};

}  // namespace offtake::delivery
