#include "operators/expressions/time_unit.h"

#include <fmt/format.h>

namespace offtake::expressions {
namespace {

struct Spelling {
  std::string_view text;
  TimeUnit unit;
};

using enum TimeUnit;

constexpr Spelling kTruncUnits[] = {
    {"c", kCentury},
    {"cent", kCentury},
    {"centuries", kCentury},
    {"century", kCentury},
    {"d", kDay},
    {"day", kDay},
    {"days", kDay},
    {"dec", kDecade},
    {"decade", kDecade},
    {"decades", kDecade},
    {"decs", kDecade},
    {"h", kHour},
    {"hour", kHour},
    {"hours", kHour},
    {"hr", kHour},
    {"hrs", kHour},
    {"m", kMinute},
    {"microseconds", kMicroseconds},
    {"mil", kMillennium},
    {"millennia", kMillennium},
    {"millennium", kMillennium},
    {"milliseconds", kMilliseconds},
    {"mils", kMillennium},
    {"min", kMinute},
    {"mins", kMinute},
    {"minute", kMinute},
    {"minutes", kMinute},
    {"mon", kMonth},
    {"mons", kMonth},
    {"month", kMonth},
    {"months", kMonth},
    {"ms", kMilliseconds},
    {"msec", kMilliseconds},
    {"msecond", kMilliseconds},
    {"mseconds", kMilliseconds},
    {"msecs", kMilliseconds},
    {"qtr", kQuarter},
    {"quarter", kQuarter},
    {"s", kSecond},
    {"sec", kSecond},
    {"second", kSecond},
    {"seconds", kSecond},
    {"secs", kSecond},
    {"timezone", kTimezone},
    {"timezone_h", kTimezoneHour},
    {"timezone_m", kTimezoneMinute},
    {"us", kMicroseconds},
    {"usec", kMicroseconds},
    {"usecond", kMicroseconds},
    {"useconds", kMicroseconds},
    {"usecs", kMicroseconds},
    {"w", kWeek},
    {"week", kWeek},
    {"weeks", kWeek},
    {"y", kYear},
    {"year", kYear},
    {"years", kYear},
    {"yr", kYear},
    {"yrs", kYear},
};

constexpr Spelling kExtractUnits[] = {
    {"dow", kDayOfWeek},   {"doy", kDayOfYear}, {"epoch", kEpoch}, {"isodow", kIsoDayOfWeek},
    {"isoyear", kIsoYear}, {"j", kJulian},      {"jd", kJulian},   {"julian", kJulian},
};

// Only so many characters tell PostgreSQL's words apart.
constexpr std::size_t kSignificant = 10;

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

template <std::size_t count>
std::optional<TimeUnit> find(const Spelling (&table)[count], const std::string& text) {
  for (const Spelling& row : table) {
    if (row.text.substr(0, kSignificant) == text.substr(0, kSignificant)) return row.unit;
  }
  return std::nullopt;
}

}  // namespace

std::optional<TimeUnit> parse_trunc_unit(std::string_view text) {
  return find(kTruncUnits, lower(text));
}

std::optional<TimeUnit> parse_extract_unit(std::string_view text) {
  const std::string name = lower(text);
  if (auto unit = find(kTruncUnits, name)) return unit;
  return find(kExtractUnits, name);
}

std::string unit_not_recognized(std::string_view text, const types::Type& type) {
  return fmt::format("unit \"{}\" not recognized for type {}", lower(text), types::to_string(type));
}

std::string unit_not_supported(std::string_view text, const types::Type& type) {
  return fmt::format("unit \"{}\" not supported for type {}", lower(text), types::to_string(type));
}

}  // namespace offtake::expressions
