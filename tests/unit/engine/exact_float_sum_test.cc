#include "operators/engine/exact_float_sum.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace offtake::engine {
namespace {

double random_double(std::mt19937_64& random) {
  double value = 0;
  do {
    const std::uint64_t bits = random();
    std::memcpy(&value, &bits, sizeof value);
  } while (!std::isfinite(value) || std::abs(value) > 1e300);
  return value;
}

}  // namespace

TEST_CASE("sums are exact and do not depend on the order") {
  ExactFloatSum sum;
  sum.add(1e300, 1);
  sum.add(1.0, 1);
  sum.add(-1e300, 1);
  CHECK(sum.value() == 1.0);
  sum.add(0.1, 10);
  CHECK(sum.value() == 2.0);  // ten times the double nearest to 0.1, rounded once
  sum.add(5e-324, 1);
  sum.add(-1.0, 1);
  sum.add(0.1, -10);
  CHECK(sum.value() == 5e-324);
  sum.add(5e-324, -1);
  CHECK(sum.value() == 0);

  std::mt19937_64 random(9);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::pair<double, std::int64_t>> values;
    for (int i = 0; i < 20; ++i)
      values.emplace_back(random_double(random), static_cast<std::int64_t>(random() % 2000) - 1000);
    ExactFloatSum forward;
    ExactFloatSum shuffled;
    for (const auto& [value, weight] : values) forward.add(value, weight);
    std::shuffle(values.begin(), values.end(), random);
    for (const auto& [value, weight] : values) shuffled.add(value, weight);
    CHECK(forward.value() == shuffled.value());
    for (const auto& [value, weight] : values) forward.add(value, -weight);
    CHECK(forward.value() == 0);
  }
}

TEST_CASE("a sum of two rounds as the processor's") {
  std::mt19937_64 random(4);
  for (int i = 0; i < 20000; ++i) {
    const double a = random_double(random);
    const double b = i % 2 ? random_double(random) : a * (1 + static_cast<double>(random() % 100) / 3);
    ExactFloatSum sum;
    sum.add(a, 1);
    sum.add(b, 1);
    CHECK(sum.value() == a + b);
    sum.add(a, 2);
    CHECK(sum.value() == std::fma(3, a, b));
  }
}

TEST_CASE("NaN and infinities come and go") {
  ExactFloatSum sum;
  const double infinity = std::numeric_limits<double>::infinity();
  sum.add(1.5, 1);
  sum.add(infinity, 1);
  CHECK(sum.value() == infinity);
  sum.add(-infinity, 1);
  CHECK(std::isnan(sum.value()));
  sum.add(infinity, -1);
  CHECK(sum.value() == -infinity);
  sum.add(-infinity, -1);
  sum.add(std::nan(""), 1);
  CHECK(std::isnan(sum.value()));
  sum.add(std::nan(""), -1);
  CHECK(sum.value() == 1.5);
  ExactFloatSum large;
  large.add(1.7e308, 2);
  CHECK(large.value() == infinity);
  large.add(1.7e308, -1);
  CHECK(large.value() == 1.7e308);
}

}  // namespace offtake::engine
