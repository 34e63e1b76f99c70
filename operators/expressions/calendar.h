// Calendar arithmetic: the proleptic Gregorian calendar, days since 1970-01-01, microseconds in UTC.
#pragma once
#include <cstdint>

namespace offtake::expressions {

constexpr std::int64_t kMicrosPerSecond = 1'000'000;
constexpr std::int64_t kMicrosPerMinute = 60 * kMicrosPerSecond;
constexpr std::int64_t kMicrosPerHour = 60 * kMicrosPerMinute;
constexpr std::int64_t kMicrosPerDay = 24 * kMicrosPerHour;

// The first is PostgreSQL's own (4713-11-24 BC); a timestamp ends where its 64 bits do.
constexpr std::int64_t kMinDay = -2'440'588;
constexpr std::int64_t kMaxDay = 2'145'042'905;
constexpr std::int64_t kMinTimestamp = kMinDay * kMicrosPerDay;
constexpr std::int64_t kInfinity = INT64_MAX, kMinusInfinity = INT64_MIN;  // of timestamps
constexpr std::int32_t kInfinityDay = INT32_MAX, kMinusInfinityDay = INT32_MIN;

constexpr bool is_finite(std::int64_t micros) {
  return micros != kInfinity && micros != kMinusInfinity;
}
constexpr bool is_finite_day(std::int32_t day) {
  return day != kInfinityDay && day != kMinusInfinityDay;
}

struct CivilDay {
  std::int64_t year = 1970;  // 0 is 1 BC
  int month = 1, day = 1;
};

constexpr std::int64_t floor_divide(std::int64_t a, std::int64_t b) {
  return a / b - (a % b != 0 && (a % b < 0) != (b < 0));
}
constexpr std::int64_t floor_modulo(std::int64_t a, std::int64_t b) {
  return a - floor_divide(a, b) * b;
}

// Years are counted from March, so that the leap day is the last of its year.
constexpr std::int64_t days_from_civil(CivilDay civil) {
  const std::int64_t year = civil.month <= 2 ? civil.year - 1 : civil.year;
  const std::int64_t era = floor_divide(year, 400);
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t month_from_march = (civil.month + 9) % 12;
  const std::int64_t day_of_year = (153 * month_from_march + 2) / 5 + civil.day - 1;
  return era * 146'097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719'468;
}

constexpr CivilDay civil_from_days(std::int64_t days) {
  days += 719'468;
  const std::int64_t era = floor_divide(days, 146'097);
  const std::int64_t day_of_era = days - era * 146'097;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t month_from_march = (5 * day_of_year + 2) / 153;
  const int month = static_cast<int>(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
  return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month,
          static_cast<int>(day_of_year - (153 * month_from_march + 2) / 5 + 1)};
}

constexpr bool is_leap(std::int64_t year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

constexpr int days_in_month(std::int64_t year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap(year) ? 29 : kDays[month - 1];
}

}  // namespace offtake::expressions
