// Intervals from text: PostgreSQL's "amount unit" words, times, and ISO 8601 durations.
#include <cctype>
#include <cmath>
#include <string>

#include "schemas/types/calendar.h"
#include "schemas/types/time_text.h"

namespace offtake::types {
namespace {

struct Unit {
  std::string_view name;
  int months;
  int days;
  std::int64_t micros;
};
constexpr std::int64_t kHour = 3600 * kMicrosPerSecond;
constexpr std::int64_t kMinute = 60 * kMicrosPerSecond;
constexpr Unit kUnits[] = {
    {"microsecond", 0, 0, 1},
    {"us", 0, 0, 1},
    {"usec", 0, 0, 1},
    {"millisecond", 0, 0, 1000},
    {"ms", 0, 0, 1000},
    {"msec", 0, 0, 1000},
    {"second", 0, 0, kMicrosPerSecond},
    {"sec", 0, 0, kMicrosPerSecond},
    {"s", 0, 0, kMicrosPerSecond},
    {"minute", 0, 0, kMinute},
    {"min", 0, 0, kMinute},
    {"m", 0, 0, kMinute},
    {"hour", 0, 0, kHour},
    {"hr", 0, 0, kHour},
    {"h", 0, 0, kHour},
    {"day", 0, 1, 0},
    {"d", 0, 1, 0},
    {"week", 0, 7, 0},
    {"w", 0, 7, 0},
    {"month", 1, 0, 0},
    {"mon", 1, 0, 0},
    {"year", 12, 0, 0},
    {"yr", 12, 0, 0},
    {"y", 12, 0, 0},
    {"decade", 120, 0, 0},
    {"century", 1200, 0, 0},
    {"centurie", 1200, 0, 0},
    {"millennium", 12000, 0, 0},
};

const Unit* find_unit(std::string_view word) {
  for (const Unit& unit : kUnits) {
    if (unit.name == word) return &unit;
  }
  if (word.size() > 1 && word.back() == 's') return find_unit(word.substr(0, word.size() - 1));
  return nullptr;
}

// A decimal amount as whole part and millionths, both with its sign.
struct Amount {
  std::int64_t whole = 0;
  std::int64_t millionths = 0;
  bool negative = false;
};

class IntervalReader {
 public:
  explicit IntervalReader(std::string_view text) : text_(text) {}

  bool read() {
    skip_spaces();
    if (at_ == text_.size()) return false;
    if (peek() == 'P') return iso();
    if (peek() == '@') ++at_;
    bool any = false;
    for (skip_spaces(); at_ < text_.size(); skip_spaces()) {
      if (any && word_is("ago")) {
        at_ += 3;
        skip_spaces();
        months_ = -months_;
        days_ = -days_;
        micros_ = -micros_;
        return at_ == text_.size();
      }
      if (!one()) return false;
      any = true;
    }
    return any;
  }

  bool fits() const {
    return months_ == static_cast<std::int32_t>(months_) && days_ == static_cast<std::int32_t>(days_) &&
           micros_ == static_cast<std::int64_t>(micros_);
  }
  Interval value() const {
    return {static_cast<std::int32_t>(months_), static_cast<std::int32_t>(days_),
            static_cast<std::int64_t>(micros_)};
  }

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool digit_here() const { return std::isdigit(static_cast<unsigned char>(peek())) != 0; }
  void skip_spaces() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
  }
  std::string word() {
    std::string out;
    while (std::isalpha(static_cast<unsigned char>(peek()))) {
      out += static_cast<char>(std::tolower(static_cast<unsigned char>(text_[at_++])));
    }
    return out;
  }
  bool word_is(std::string_view lower) {
    const std::size_t before = at_;
    const bool same = word() == lower;
    at_ = before;
    return same;
  }

  bool amount(Amount& out) {
    if (peek() == '+' || peek() == '-') out.negative = text_[at_++] == '-';
    int digits = 0;
    for (; digit_here(); ++digits) {
      if (digits > 15) return false;
      out.whole = out.whole * 10 + (text_[at_++] - '0');
    }
    if (peek() == '.') {
      ++at_;
      for (std::int64_t scale = 100000; digit_here(); ++digits, scale /= 10) {
        out.millionths += (text_[at_++] - '0') * scale;
      }
    }
    if (digits == 0) return false;
    if (out.negative) {
      out.whole = -out.whole;
      out.millionths = -out.millionths;
    }
    return true;
  }

  // A fraction of a month goes to days (30 of them), a fraction of a day to the time.
  void add(const Amount& amount, const Unit& unit) {
    months_ += static_cast<__int128>(amount.whole) * unit.months;
    days_ += static_cast<__int128>(amount.whole) * unit.days;
    micros_ += static_cast<__int128>(amount.whole) * unit.micros;
    if (amount.millionths == 0) return;
    const __int128 months = static_cast<__int128>(amount.millionths) * unit.months;  // in millionths
    // Fractions of years round to months, as PostgreSQL does.
    if (unit.months >= 12) {
      months_ += (months + (months < 0 ? -500000 : 500000)) / 1000000;
      return;
    }
    const __int128 days = months * 30 + static_cast<__int128>(amount.millionths) * unit.days;
    days_ += days / 1000000;
    micros_ += days % 1000000 * (kMicrosPerDay / 1000000);
    const __int128 micros = static_cast<__int128>(amount.millionths) * unit.micros;
    micros_ += (micros + (micros < 0 ? -500000 : 500000)) / 1000000;
  }

  bool clock(const Amount& hours) {  // the hours are read, ':' is next
    std::int64_t parts[2] = {0, 0};
    std::int64_t fraction = 0;
    for (int i = 0; i < 2 && peek() == ':'; ++i) {
      ++at_;
      int digits = 0;
      for (; digit_here() && digits < 2; ++digits) parts[i] = parts[i] * 10 + (text_[at_++] - '0');
      if (digits == 0 || parts[i] > 59) return false;
    }
    if (peek() == '.') {
      ++at_;
      for (std::int64_t scale = 100000; digit_here(); scale /= 10) fraction += (text_[at_++] - '0') * scale;
    }
    const std::int64_t rest = parts[0] * kMinute + parts[1] * kMicrosPerSecond + fraction;
    micros_ += static_cast<__int128>(hours.whole) * kHour + (hours.negative ? -rest : rest);
    return true;
  }

  bool one() {
    Amount number;
    if (!amount(number)) return false;
    if (peek() == ':') return number.millionths == 0 && clock(number);
    skip_spaces();
    if (at_ == text_.size()) {  // a bare number is seconds
      add(number, *find_unit("second"));
      return true;
    }
    const std::string name = word();
    const Unit* unit = find_unit(name);
    if (unit == nullptr) return false;
    add(number, *unit);
    return true;
  }

  bool iso() {
    ++at_;
    bool in_time = false;
    bool any = false;
    while (at_ < text_.size()) {
      if (peek() == 'T') {
        in_time = true;
        ++at_;
        continue;
      }
      Amount number;
      if (!amount(number)) return false;
      const char letter = peek();
      ++at_;
      const std::string_view names = in_time ? "HMS" : "YMWD";
      constexpr std::string_view kTimeUnits[] = {"hour", "minute", "second"};
      constexpr std::string_view kDateUnits[] = {"year", "month", "week", "day"};
      const std::size_t index = letter == '\0' ? std::string_view::npos : names.find(letter);
      if (index == std::string_view::npos) return false;
      add(number, *find_unit(in_time ? kTimeUnits[index] : kDateUnits[index]));
      any = true;
    }
    return any;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  __int128 months_ = 0;
  __int128 days_ = 0;
  __int128 micros_ = 0;
};

}  // namespace

base::Result<Interval> parse_interval(std::string_view text) {
  IntervalReader reader(text);
  if (!reader.read()) {
    return base::row_error("InvalidText",
                           fmt::format("invalid input syntax for type interval: \"{}\"", text));
  }
  if (!reader.fits()) {
    return base::row_error("DatetimeFieldOverflow",
                           fmt::format("interval field value out of range: \"{}\"", text));
  }
  return reader.value();
}

}  // namespace offtake::types
