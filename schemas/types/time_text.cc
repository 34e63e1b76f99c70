#include "schemas/types/time_text.h"

#include <cctype>
#include <cmath>
#include <cstdlib>
#include <string>

#include "schemas/types/calendar.h"

namespace offtake::types {
namespace {

// What a text of date and time says, field by field.
struct Parts {
  CivilDate date;
  bool has_date = false;
  std::int64_t time_micros = 0;
  bool has_time = false;
  bool has_zone = false;
  std::int64_t zone_seconds = 0;  // east of Greenwich
};
enum class Problem { kNone, kSyntax, kRange, kZone };

class TimeReader {
 public:
  explicit TimeReader(std::string_view text) : text_(text) {}

  Problem read(Parts& parts) {
    skip_spaces();
    if (at_ == text_.size()) return Problem::kSyntax;
    if (looks_like_date()) {
      if (const Problem problem = date(parts.date); problem != Problem::kNone) return problem;
      parts.has_date = true;
      if (peek() == 'T' || peek() == 't') {
        ++at_;
        if (!is_digit(peek())) return Problem::kSyntax;
      } else {
        skip_spaces();
      }
    }
    if (is_digit(peek())) {
      if (const Problem problem = time(parts.time_micros); problem != Problem::kNone) return problem;
      parts.has_time = true;
    }
    skip_spaces();
    if (const Problem problem = zone(parts); problem != Problem::kNone) return problem;
    skip_spaces();
    if (parts.has_date && take_word("bc")) {
      if (parts.date.year < 1) return Problem::kRange;
      parts.date.year = 1 - parts.date.year;
    } else {
      take_word("ad");
    }
    skip_spaces();
    if (at_ != text_.size() || (!parts.has_date && !parts.has_time)) return Problem::kSyntax;
    if (parts.has_date && !valid(parts.date)) return Problem::kRange;
    return Problem::kNone;
  }

 private:
  static bool is_digit(char c) { return c >= '0' && c <= '9'; }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void skip_spaces() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
  }
  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  bool take_word(std::string_view lower) {
    if (at_ + lower.size() > text_.size()) return false;
    for (std::size_t i = 0; i < lower.size(); ++i) {
      if (std::tolower(static_cast<unsigned char>(text_[at_ + i])) != lower[i]) return false;
    }
    at_ += lower.size();
    return true;
  }
  // Up to 9 digits; how many is given back.
  int number(std::int64_t& value) {
    int count = 0;
    for (value = 0; is_digit(peek()) && count < 9; ++count) value = value * 10 + (text_[at_++] - '0');
    return count;
  }

  bool looks_like_date() const {
    std::size_t digits = at_;
    while (digits < text_.size() && is_digit(text_[digits])) ++digits;
    return (digits < text_.size() && text_[digits] == '-' && digits - at_ >= 3) || digits - at_ == 8;
  }

  static bool valid(const CivilDate& date) {
    return date.month >= 1 && date.month <= 12 && date.day >= 1 &&
           date.day <= days_in_month(date.year, date.month);
  }

  Problem date(CivilDate& date) {
    std::int64_t year = 0;
    std::int64_t month = 0;
    std::int64_t day = 0;
    const int digits = number(year);
    if (digits == 8 && peek() != '-') {
      date = {year / 10000, static_cast<int>(year / 100 % 100), static_cast<int>(year % 100)};
    } else {
      if (!take('-')) return Problem::kSyntax;
      const int month_digits = number(month);
      if (month_digits < 1 || month_digits > 2 || !take('-')) return Problem::kSyntax;
      const int day_digits = number(day);
      if (day_digits < 1 || day_digits > 2) return Problem::kSyntax;
      date = {year, static_cast<int>(month), static_cast<int>(day)};
    }
    return date.year == 0 ? Problem::kRange : Problem::kNone;
  }

  Problem time(std::int64_t& micros) {
    std::int64_t hour = 0;
    std::int64_t minute = 0;
    std::int64_t second = 0;
    std::int64_t fraction = 0;
    const int digits = number(hour);
    if (digits == 6 && peek() != ':') {
      second = hour % 100;
      minute = hour / 100 % 100;
      hour /= 10000;
    } else {
      if (digits > 2 || !take(':')) return Problem::kSyntax;
      if (number(minute) != 2) return Problem::kSyntax;
      if (take(':') && number(second) != 2) return Problem::kSyntax;
    }
    if (take('.')) {
      // As PostgreSQL: a double in microseconds, rounded to even.
      std::string decimal = "0.";
      while (is_digit(peek())) decimal += text_[at_++];
      fraction = static_cast<std::int64_t>(std::rint(std::strtod(decimal.c_str(), nullptr) * 1e6));
    }
    if (hour > 24 || minute > 59 || second > 60) return Problem::kRange;
    micros = (hour * 3600 + minute * 60 + second) * kMicrosPerSecond + fraction;
    if (micros > kMicrosPerDay) return Problem::kRange;
    return Problem::kNone;
  }

  Problem zone(Parts& parts) {
    if (take_word("utc") || take_word("gmt") || take_word("zulu") || take_word("z")) {
      parts.has_zone = true;
      return Problem::kNone;
    }
    if (peek() != '+' && peek() != '-') return Problem::kNone;
    const bool west = text_[at_++] == '-';
    std::int64_t hours = 0;
    std::int64_t minutes = 0;
    std::int64_t seconds = 0;
    const int digits = number(hours);
    if (digits == 0 || digits == 3 || digits > 4) return Problem::kSyntax;
    if (digits == 4) {
      minutes = hours % 100;
      hours /= 100;
    } else if (take(':')) {
      if (number(minutes) != 2) return Problem::kSyntax;
      if (take(':') && number(seconds) != 2) return Problem::kSyntax;
    }
    if (hours > 15 || minutes > 59 || seconds > 59) return Problem::kZone;
    parts.has_zone = true;
    parts.zone_seconds = (hours * 3600 + minutes * 60 + seconds) * (west ? -1 : 1);
    return Problem::kNone;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

base::Error problem_error(Problem problem, std::string_view type, std::string_view text) {
  if (problem == Problem::kRange) {
    return base::row_error("DatetimeFieldOverflow",
                           fmt::format("date/time field value out of range: \"{}\"", text));
  }
  if (problem == Problem::kZone) {
    return base::row_error("DatetimeFieldOverflow",
                           fmt::format("time zone displacement out of range: \"{}\"", text));
  }
  return base::row_error("InvalidText", fmt::format("invalid input syntax for type {}: \"{}\"", type, text));
}

}  // namespace

base::Result<std::int32_t> parse_date(std::string_view text) {
  Parts parts;
  if (const Problem problem = TimeReader(text).read(parts); problem != Problem::kNone) {
    return problem_error(problem, "date", text);
  }
  if (!parts.has_date) return problem_error(Problem::kSyntax, "date", text);
  const std::int64_t days = days_from_civil(parts.date);
  if (days < kFirstDay || days >= kEndDateDay) {
    return base::row_error("DatetimeFieldOverflow", fmt::format("date out of range: \"{}\"", text));
  }
  return static_cast<std::int32_t>(days);
}

base::Result<std::int64_t> parse_time(std::string_view text) {
  Parts parts;
  if (const Problem problem = TimeReader(text).read(parts); problem != Problem::kNone) {
    return problem_error(problem, "time", text);
  }
  if (!parts.has_time) return problem_error(Problem::kSyntax, "time", text);
  return parts.time_micros;
}

base::Result<std::int64_t> parse_timestamp(std::string_view text, bool with_zone) {
  const std::string_view type = with_zone ? "timestamp with time zone" : "timestamp";
  Parts parts;
  if (const Problem problem = TimeReader(text).read(parts); problem != Problem::kNone) {
    return problem_error(problem, type, text);
  }
  if (!parts.has_date) return problem_error(Problem::kSyntax, type, text);
  const std::int64_t days = days_from_civil(parts.date);
  if (days < kFirstDay || days >= kEndTimestampDay) {
    return base::row_error("DatetimeFieldOverflow", fmt::format("timestamp out of range: \"{}\"", text));
  }
  const std::int64_t zone = with_zone ? parts.zone_seconds * kMicrosPerSecond : 0;
  return days * kMicrosPerDay + parts.time_micros - zone;
}

}  // namespace offtake::types
