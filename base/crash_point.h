// Places where a test may kill the process. Compiled into every build; costs one relaxed load when not
// armed. OFFTAKE_CRASH_AT=name:n (default n=1) kills -9 the process when `name` is reached the n-th time;
// OFFTAKE_CRASH_AT=name:n:stop stops it (SIGSTOP) instead, and name:n:hold keeps the thread that came there
// while all others go on, until the process is killed. Before it acts, one line
// {"msg":"crash point","name":…} goes to the log, so that a test can prove which phase it hit.
// All names are listed by `offtake version --crash-points`, from crash_point_names().
#pragma once
#include <atomic>
#include <string_view>
#include <vector>

namespace offtake::base {

namespace detail {
extern std::atomic<bool> crash_armed;
void reach_crash_point(std::string_view name);
}  // namespace detail

inline void crash_point(std::string_view name) {
  if (detail::crash_armed.load(std::memory_order_relaxed)) detail::reach_crash_point(name);
}

// Whether a test may be waiting for one: what is one step otherwise may then be taken in two.
inline bool crash_points_armed() {
  return detail::crash_armed.load(std::memory_order_relaxed);
}

// The names in use, in one table so that the crash matrix of the tests cannot miss one.
const std::vector<std::string_view>& crash_point_names();

}  // namespace offtake::base
