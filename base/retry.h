// How long to wait before the next attempt. Pure: the caller brings the random number.
#pragma once
#include <algorithm>
#include <chrono>
#include <cstdint>

namespace offtake::base {

struct Backoff {
  std::chrono::milliseconds first{100};
  std::chrono::milliseconds cap{30'000};
  double factor = 2.0;
};

// The wait after `failures` (from 1) failures in a row: between half and all of first * factor^(failures-1),
// at most cap. `random` spreads those who failed together; any 64 random bits.
inline std::chrono::milliseconds backoff_delay(const Backoff& backoff, int failures, std::uint64_t random) {
  double whole = static_cast<double>(backoff.first.count());
  const auto cap = static_cast<double>(backoff.cap.count());
  for (int i = 1; i < failures && whole < cap; ++i) whole *= backoff.factor;
  whole = std::min(whole, cap);
  const double share = static_cast<double>(random >> 11) * 0x1.0p-53;  // [0, 1)
  return std::chrono::milliseconds(static_cast<std::int64_t>(whole / 2 + whole / 2 * share));
}

}  // namespace offtake::base
