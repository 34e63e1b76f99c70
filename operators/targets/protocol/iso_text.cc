#include "operators/targets/protocol/iso_text.h"

#include <charconv>

namespace offtake::targets::protocol {
namespace {

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kDay = 86'400 * kSecond;

struct Civil {
  std::int64_t year;
  int month, day;
};

// The Gregorian calendar without end in both directions; eras of 400 years, years that begin in March.
Civil civil_of(std::int64_t days) {
  days += 719'468;
  const std::int64_t era = (days >= 0 ? days : days - 146'096) / 146'097;
  const auto day_of_era = days - era * 146'097;
  const auto year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const auto day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const auto shifted_month = (5 * day_of_year + 2) / 153;
  const int day = static_cast<int>(day_of_year - (153 * shifted_month + 2) / 5 + 1);
  const int month = static_cast<int>(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
  return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month, day};
}

std::int64_t days_of(const Civil& civil) {
  const std::int64_t year = civil.year - (civil.month <= 2 ? 1 : 0);
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const auto year_of_era = year - era * 400;
  const auto day_of_year = (153 * (civil.month + (civil.month > 2 ? -3 : 9)) + 2) / 5 + civil.day - 1;
  const auto day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146'097 + day_of_era - 719'468;
}

std::string civil_text(std::int64_t days) {
  const Civil civil = civil_of(days);
  if (civil.year >= 0 && civil.year <= 9999) {
    return fmt::format("{:04}-{:02}-{:02}", civil.year, civil.month, civil.day);
  }
  return fmt::format("{:+05}-{:02}-{:02}", civil.year, civil.month, civil.day);
}

base::Error bad(std::string_view kind, std::string_view text) {
  return base::terminal("BadStoredValue", fmt::format("\"{}\" is no {} as Offtake writes it", text, kind))
      .with_hint("something else wrote to the table");
}

// Reads decimal digits and literal characters from the front of a text.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}
  bool skip(char c) {
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  bool number(std::int64_t& out) {
    skip('+');
    const auto [end, code] = std::from_chars(text_.data(), text_.data() + text_.size(), out);
    if (code != std::errc{}) return false;
    text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
    return true;
  }
  bool fixed(int digits, std::int64_t& out) {
    const auto size = static_cast<std::size_t>(digits);
    if (text_.size() < size || text_.front() < '0' || text_.front() > '9') return false;
    const auto [end, code] = std::from_chars(text_.data(), text_.data() + size, out);
    if (code != std::errc{} || end != text_.data() + size) return false;
    text_.remove_prefix(size);
    return true;
  }
  bool done() const { return text_.empty(); }
  char peek() const { return text_.empty() ? '\0' : text_.front(); }

 private:
  std::string_view text_;
};

bool scan_date(Scanner& scanner, std::int64_t& days) {
  std::int64_t year = 0, month = 0, day = 0;
  if (!scanner.number(year) || !scanner.skip('-') || !scanner.fixed(2, month) || !scanner.skip('-') ||
      !scanner.fixed(2, day)) {
    return false;
  }
  if (month < 1 || month > 12 || day < 1 || day > 31) return false;
  days = days_of({year, static_cast<int>(month), static_cast<int>(day)});
  return true;
}

bool scan_time(Scanner& scanner, std::int64_t& micros) {
  std::int64_t hour = 0, minute = 0, second = 0, fraction = 0;
  if (!scanner.fixed(2, hour) || !scanner.skip(':') || !scanner.fixed(2, minute) || !scanner.skip(':') ||
      !scanner.fixed(2, second) || !scanner.skip('.') || !scanner.fixed(6, fraction)) {
    return false;
  }
  micros = ((hour * 60 + minute) * 60 + second) * kSecond + fraction;
  return true;
}

}  // namespace

std::string date_text(std::int32_t days) {
  return civil_text(days);
}

std::string time_text(std::int64_t micros) {
  const std::int64_t seconds = micros / kSecond;
  return fmt::format("{:02}:{:02}:{:02}.{:06}", seconds / 3600, seconds / 60 % 60, seconds % 60,
                     micros % kSecond);
}

std::string timestamp_text(std::int64_t micros, bool with_zone) {
  std::int64_t days = micros / kDay;
  std::int64_t rest = micros % kDay;
  if (rest < 0) {
    rest += kDay;
    --days;
  }
  return civil_text(days) + "T" + time_text(rest) + (with_zone ? "Z" : "");
}

std::string interval_text(const types::Interval& interval) {
  // The smallest int64 has no positive twin: the sign is printed apart from the magnitude.
  const auto magnitude = interval.micros < 0 ? -static_cast<std::uint64_t>(interval.micros)
                                             : static_cast<std::uint64_t>(interval.micros);
  return fmt::format("P{}M{}DT{}{}.{:06}S", interval.months, interval.days, interval.micros < 0 ? "-" : "",
                     magnitude / kSecond, magnitude % kSecond);
}

std::string uuid_text(const types::Uuid& uuid) {
  std::string out;
  for (std::size_t i = 0; i < uuid.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    out += fmt::format("{:02x}", uuid[i]);
  }
  return out;
}

base::Result<std::int32_t> parse_date(std::string_view text) {
  Scanner scanner(text);
  std::int64_t days = 0;
  if (!scan_date(scanner, days) || !scanner.done()) return bad("date", text);
  return static_cast<std::int32_t>(days);
}

base::Result<std::int64_t> parse_time(std::string_view text) {
  Scanner scanner(text);
  std::int64_t micros = 0;
  if (!scan_time(scanner, micros) || !scanner.done()) return bad("time", text);
  return micros;
}

base::Result<std::int64_t> parse_timestamp(std::string_view text) {
  Scanner scanner(text);
  std::int64_t days = 0, micros = 0;
  if (!scan_date(scanner, days) || !scanner.skip('T') || !scan_time(scanner, micros))
    return bad("timestamp", text);
  scanner.skip('Z');
  if (!scanner.done()) return bad("timestamp", text);
  const __int128 whole = static_cast<__int128>(days) * kDay + micros;
  return static_cast<std::int64_t>(whole);
}

base::Result<types::Interval> parse_interval(std::string_view text) {
  Scanner scanner(text);
  std::int64_t months = 0, days = 0, seconds = 0, fraction = 0;
  const bool head = scanner.skip('P') && scanner.number(months) && scanner.skip('M') &&
                    scanner.number(days) && scanner.skip('D') && scanner.skip('T');
  if (!head) return bad("interval", text);
  const bool negative = scanner.skip('-');
  if (!scanner.number(seconds) || !scanner.skip('.') || !scanner.fixed(6, fraction) || !scanner.skip('S') ||
      !scanner.done()) {
    return bad("interval", text);
  }
  const auto magnitude = static_cast<std::uint64_t>(seconds) * kSecond + static_cast<std::uint64_t>(fraction);
  return types::Interval{static_cast<std::int32_t>(months), static_cast<std::int32_t>(days),
                         static_cast<std::int64_t>(negative ? -magnitude : magnitude)};
}

base::Result<types::Uuid> parse_uuid(std::string_view text) {
  types::Uuid out{};
  std::size_t digits = 0;
  for (const char c : text) {
    if (c == '-') continue;
    const int value = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (value < 0 || digits == 32) return bad("uuid", text);
    out[digits / 2] = static_cast<std::uint8_t>(out[digits / 2] << 4 | value);
    ++digits;
  }
  if (digits != 32) return bad("uuid", text);
  return out;
}

}  // namespace offtake::targets::protocol
