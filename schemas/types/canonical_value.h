// Canonical forms of single values, shared by hash.cc, canonical.cc and compare.cc.
#pragma once
#include <cmath>
#include <limits>

#include "schemas/types/column.h"

namespace offtake::types {

// -0 as 0 and one NaN.
inline double canonical_float(double value) {
  if (std::isnan(value)) return std::numeric_limits<double>::quiet_NaN();
  return value == 0 ? 0.0 : value;
}

// PostgreSQL's rule: a month is 30 days, a day is 24 hours.
inline __int128 total_micros(const Interval& value) {
  constexpr std::int64_t kDay = std::int64_t{86400} * 1000000;
  return (static_cast<__int128>(value.months) * 30 + value.days) * kDay + value.micros;
}

}  // namespace offtake::types
