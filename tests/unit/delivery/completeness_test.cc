#include "operators/delivery/completeness.h"

#include <doctest/doctest.h>

namespace offtake::delivery {
namespace {

targets::SourceOffsets at(sources::Offset zero, sources::Offset one) {
  return {{"shop/orders", {{0, zero}, {1, one}}}};
}

}  // namespace

TEST_CASE("complete through the newest mark whose ends are reached") {
  Completeness completeness(100);
  completeness.observe(200, at(5, 0));
  completeness.observe(300, at(9, 2));
  CHECK(completeness.reached(at(4, 0)) == 100);
  CHECK(completeness.reached(at(5, 0)) == 200);
  CHECK(completeness.reached(at(9, 1)) == 200);
  CHECK(completeness.reached(at(12, 2)) == 300);
  CHECK(completeness.lag_records(at(8, 0)) == 3);
}

TEST_CASE("an idle source does not hold it, and it never goes back") {
  Completeness completeness(100);
  completeness.observe(200, at(0, 0));
  CHECK(completeness.reached({}) == 200);
  completeness.observe(150, at(0, 0));
  CHECK(completeness.reached({}) == 200);
  for (base::Micros t = 201; t < 5000; ++t) completeness.observe(t, at(0, 0));
  CHECK(completeness.pending() <= 1);
  CHECK(completeness.reached({}) == 4999);
}

TEST_CASE("far behind, the marks stay bounded") {
  Completeness completeness(0);
  for (int i = 1; i <= 100'000; ++i) completeness.observe(i, at(i, 0));
  CHECK(completeness.pending() <= 512);
  CHECK(completeness.reached(at(50'000, 0)) <= 50'000);
  CHECK(completeness.reached(at(100'000, 0)) == 100'000);
}

TEST_CASE("at or past") {
  CHECK(at_or_past(at(1, 1), at(1, 0)));
  CHECK_FALSE(at_or_past(at(1, 0), at(1, 1)));
  CHECK(at_or_past({}, at(0, 0)));
  CHECK_FALSE(at_or_past({}, at(0, 1)));
}

}  // namespace offtake::delivery
