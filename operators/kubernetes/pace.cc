#include "operators/kubernetes/pace.h"

namespace offtake::kubernetes {

// The bucket as a time: with `burst` tokens taken at once the next one is due 1/per_second later.
Pace::Clock::time_point Pace::take(Clock::time_point now) {
  std::lock_guard lock(mutex_);
  Clock::time_point go = std::max(now, held_until_);
  if (per_second_ <= 0) return go;
  const auto cost =
      std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(1 / per_second_));
  const auto room =
      std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>((burst_ - 1) / per_second_));
  go = std::max(go, free_at_ - room);
  free_at_ = std::max(free_at_, go) + cost;
  return go;
}

void Pace::hold(Clock::time_point until) {
  std::lock_guard lock(mutex_);
  held_until_ = std::max(held_until_, until);
}

}  // namespace offtake::kubernetes
