// What a running revision says of itself.
#include "operators/delivery/progress.h"

#include <doctest/doctest.h>

using namespace offtake;

TEST_CASE("a store that is away shows as a stall, and gives way to a graver one") {
  delivery::Progress progress;
  progress.set_state(delivery::State::kLive);
  progress.source_away(1, base::transient("Unreachable", "dataset shop/orders: no broker answers"), 10);
  progress.source_away(2, base::transient("Unreachable", "dataset shop/payments: no broker answers"), 20);
  // The live loop says that all is well after every epoch; what the readers know stays.
  progress.set_state(delivery::State::kLive);
  auto seen = progress.read();
  REQUIRE(seen.stall.has_value());
  CHECK(seen.state == delivery::State::kLive);
  CHECK(seen.stall->reason == "Unreachable");
  CHECK(seen.stall->message == "dataset shop/orders: no broker answers");
  CHECK(seen.stall->since == 10);

  progress.source_away(1, base::transient("Unreachable", "dataset shop/orders: refused"), 30);
  CHECK(progress.read().stall->message == "dataset shop/orders: refused");
  CHECK(progress.read().stall->since == 10);
  progress.update([](delivery::ProgressSnapshot& s) { s.stall = delivery::Stall{"DiskFull", "full", 40}; });
  CHECK(progress.read().stall->reason == "DiskFull");
  progress.set_state(delivery::State::kLive);

  progress.source_away(1, std::nullopt, 50);
  CHECK(progress.read().stall->message == "dataset shop/payments: no broker answers");
  progress.source_away(2, std::nullopt, 60);
  CHECK_FALSE(progress.read().stall.has_value());
}
