// How fast requests may be sent: so many a second with a burst, and not at all before a time that the server
// named. First come, first served. Thread-safe.
#pragma once
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>

namespace offtake::kubernetes {

class Pace {
 public:
  using Clock = std::chrono::steady_clock;

  // 0 a second: no limit.
  Pace(double per_second, double burst) : per_second_(per_second), burst_(burst) {}

  // When the next request may go, which is thereby counted. REQUIRES: it goes, not before that time.
  Clock::time_point take(Clock::time_point now);
  // Nobody before `until`: what 429 and Retry-After ask for.
  void hold(Clock::time_point until);

 private:
  const double per_second_, burst_;
  std::mutex mutex_;
  Clock::time_point free_at_{};  // when the bucket is full again
  Clock::time_point held_until_{};
};

}  // namespace offtake::kubernetes
