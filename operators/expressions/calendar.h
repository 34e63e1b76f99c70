// What the kernels of dates and times need beyond schemas/types/calendar.h.
#pragma once
#include <cstdint>

#include "schemas/types/calendar.h"

namespace offtake::expressions {

using types::civil_from_days;
using types::CivilDate;
using types::days_from_civil;
using types::kMicrosPerDay;
using types::kMicrosPerSecond;

constexpr std::int64_t kMicrosPerMinute = 60 * kMicrosPerSecond;
constexpr std::int64_t kMicrosPerHour = 60 * kMicrosPerMinute;
constexpr std::int64_t kFirstTimestamp = types::kFirstDay * kMicrosPerDay;

constexpr std::int64_t floor_divide(std::int64_t a, std::int64_t b) {
  return a / b - (a % b != 0 && (a % b < 0) != (b < 0));
}
constexpr std::int64_t floor_modulo(std::int64_t a, std::int64_t b) {
  return a - floor_divide(a, b) * b;
}

}  // namespace offtake::expressions
