// The proleptic Gregorian calendar over days and microseconds since 1970-01-01, as PostgreSQL counts: year 0
// is 1 BC.
#pragma once
#include <cstdint>

namespace offtake::types {

constexpr std::int64_t kMicrosPerSecond = 1000000;
constexpr std::int64_t kMicrosPerDay = 86400 * kMicrosPerSecond;

struct CivilDate {
  std::int64_t year = 1970;  // astronomical: 0 is 1 BC
  int month = 1;             // 1..12
  int day = 1;               // 1..31
};

constexpr bool is_leap_year(std::int64_t year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}
constexpr int days_in_month(std::int64_t year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap_year(year) ? 29 : kDays[month - 1];
}

// Years are counted from March, so that the leap day is the last of its year; 146,097 days are 400 years.
constexpr std::int64_t days_from_civil(const CivilDate& date) {
  const std::int64_t year = date.month <= 2 ? date.year - 1 : date.year;
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t day_of_year = (153 * ((date.month + 9) % 12) + 2) / 5 + date.day - 1;
  const std::int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

constexpr CivilDate civil_from_days(std::int64_t days) {
  days += 719468;
  const std::int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  const std::int64_t day_of_era = days - era * 146097;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t month_from_march = (5 * day_of_year + 2) / 153;
  CivilDate out;
  out.day = static_cast<int>(day_of_year - (153 * month_from_march + 2) / 5 + 1);
  out.month = static_cast<int>(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
  out.year = year_of_era + era * 400 + (out.month <= 2 ? 1 : 0);
  return out;
}

// Floors, also before 1970.
constexpr std::int64_t day_of(std::int64_t micros) {
  return micros >= 0 ? micros / kMicrosPerDay : (micros + 1) / kMicrosPerDay - 1;
}
constexpr std::int64_t micros_of_day(std::int64_t micros) {
  return micros - day_of(micros) * kMicrosPerDay;
}

// From PostgreSQL's first day, 4714-11-24 BC. Timestamps end with the year 294246: PostgreSQL's count from
// 2000 and so reach 30 years further than 64 bits of microseconds since 1970. Dates end as PostgreSQL's do.
constexpr std::int64_t kFirstDay = days_from_civil({-4713, 11, 24});
constexpr std::int64_t kEndTimestampDay = days_from_civil({294247, 1, 1});
constexpr std::int64_t kEndDateDay = days_from_civil({5874898, 1, 1});

}  // namespace offtake::types
