#include "operators/targets/http/verdict.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <string>

namespace offtake::targets::http {

Verdict verdict_of(int status) {
  if (status >= 200 && status < 300) return Verdict::kAcknowledged;
  switch (status) {
    case 301:
    case 302:
    case 307:
    case 308:
      return Verdict::kRedirect;
    case 400:
    case 409:
    case 413:
    case 422:
      return Verdict::kRow;
    case 408:
    case 425:
    case 429:
      return Verdict::kRetry;
    case 401:
    case 403:
    case 404:
    case 405:
    case 410:
      return Verdict::kTerminal;
    default:
      return status >= 500 && status < 600 ? Verdict::kRetry : Verdict::kUnknown;
  }
}

std::optional<std::chrono::milliseconds> parse_retry_after(std::string_view text, base::Micros now) {
  using std::chrono::milliseconds;
  constexpr milliseconds kLongest = std::chrono::hours(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  if (text.empty()) return std::nullopt;
  if (text.find_first_not_of("0123456789") == std::string_view::npos) {
    std::int64_t seconds = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (code != std::errc{} || seconds >= 3600) return kLongest;
    return milliseconds(seconds * 1000);
  }
  // "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, IMF-fixdate).
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto comma = text.find(", ");
  if (comma == std::string_view::npos) return std::nullopt;
  unsigned day = 0, hour = 0, minute = 0, second = 0;
  int year = 0;
  char month_name[4] = {};
  const std::string rest(text.substr(comma + 2));
  if (std::sscanf(rest.c_str(), "%2u %3s %4d %2u:%2u:%2u GMT", &day, month_name, &year, &hour, &minute,
                  &second) != 6) {
    return std::nullopt;
  }
  const auto month = std::find(kMonths.begin(), kMonths.end(), std::string_view(month_name));
  if (month == kMonths.end() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  const std::chrono::year_month_day date(
      std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month - kMonths.begin()) + 1),
      std::chrono::day(day));
  if (!date.ok()) return std::nullopt;
  const auto instant = std::chrono::sys_days(date).time_since_epoch() + std::chrono::hours(hour) +
                       std::chrono::minutes(minute) + std::chrono::seconds(second);
  const auto left = std::chrono::duration_cast<milliseconds>(instant - std::chrono::microseconds(now));
  return std::clamp(left, milliseconds(0), kLongest);
}

}  // namespace offtake::targets::http
