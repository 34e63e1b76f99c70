#include "operators/kubernetes/pace.h"

#include <doctest/doctest.h>

namespace offtake::kubernetes {

using namespace std::chrono_literals;

TEST_CASE("a burst goes at once, then one after the other") {
  Pace pace(10, 3);
  const Pace::Clock::time_point start{std::chrono::hours(1)};
  for (int i = 0; i < 3; ++i) CHECK(pace.take(start) == start);
  CHECK(pace.take(start) == start + 100ms);
  CHECK(pace.take(start) == start + 200ms);
  // After a rest there is a burst again, and no more than that.
  const auto later = start + 10s;
  for (int i = 0; i < 3; ++i) CHECK(pace.take(later) == later);
  CHECK(pace.take(later) == later + 100ms);
}

TEST_CASE("nobody goes before the server said so") {
  Pace pace(0, 1);
  const Pace::Clock::time_point start{std::chrono::hours(1)};
  CHECK(pace.take(start) == start);
  pace.hold(start + 2s);
  pace.hold(start + 1s);
  CHECK(pace.take(start) == start + 2s);
  CHECK(pace.take(start + 3s) == start + 3s);
}

}  // namespace offtake::kubernetes
