// Whether the wall clock still runs like the monotonic one that counts the time a machine sleeps: deadlines
// and completeThrough trust both.
#pragma once
#include <functional>
#include <optional>

#include "base/clock.h"
#include "base/result.h"

namespace offtake::delivery {

class ClockWatch {
 public:
  // From now on. REQUIRES: `clock` outlives it.
  ClockWatch(const base::Clock& clock, std::function<base::Micros()> since_boot)
      : clock_(clock),
        since_boot_(std::move(since_boot)),
        wall_start_(clock.now()),
        boot_start_(since_boot_()) {}

  // Code ClockJump (terminal), while they are more than an hour apart.
  std::optional<base::Error> jumped() const {
    const base::Micros drift = (clock_.now() - wall_start_) - (since_boot_() - boot_start_);
    if (std::abs(drift) < kJump) return std::nullopt;
    return base::terminal("ClockJump", fmt::format("the wall clock moved by {} s against the monotonic clock",
                                                   drift / 1'000'000))
        .with_hint("set the clock right; if it is right now, pause and resume the product");
  }

 private:
  static constexpr base::Micros kJump = 3'600'000'000;
  const base::Clock& clock_;
  const std::function<base::Micros()> since_boot_;
  const base::Micros wall_start_, boot_start_;
};

}  // namespace offtake::delivery
