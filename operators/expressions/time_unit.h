// The units of date_trunc and extract, with all of PostgreSQL's spellings.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "schemas/types/type.h"

namespace offtake::expressions {

enum class TimeUnit {
  kMicroseconds,
  kMilliseconds,
  kSecond,
  kMinute,
  kHour,
  kDay,
  kWeek,
  kMonth,
  kQuarter,
  kYear,
  kDecade,
  kCentury,
  kMillennium,
  kTimezone,
  kTimezoneHour,
  kTimezoneMinute,
  // Only in extract.
  kDayOfWeek,
  kIsoDayOfWeek,
  kDayOfYear,
  kIsoYear,
  kJulian,
  kEpoch,
};

std::optional<TimeUnit> parse_trunc_unit(std::string_view text);
std::optional<TimeUnit> parse_extract_unit(std::string_view text);
std::string unit_not_recognized(std::string_view text, const types::Type& type);
std::string unit_not_supported(std::string_view text, const types::Type& type);

}  // namespace offtake::expressions
