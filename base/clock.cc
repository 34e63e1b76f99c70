#include "base/clock.h"

namespace offtake::base {
namespace {

constexpr Micros kSecond = 1'000'000;
constexpr Micros kMinute = 60 * kSecond;
constexpr Micros kHour = 60 * kMinute;
constexpr Micros kDay = 24 * kHour;

class MachineClock final : public Clock {
 public:
  Micros now() const override {
    using std::chrono::system_clock;
    return std::chrono::duration_cast<std::chrono::microseconds>(system_clock::now().time_since_epoch())
        .count();
  }
  std::chrono::steady_clock::time_point steady() const override { return std::chrono::steady_clock::now(); }
};

struct Unit {
  std::string_view name;
  Micros size;
};
// From large to small; "ms" must be told from "m", so parse_duration reads all letters first.
constexpr std::array<Unit, 6> kUnits{
    {{"d", kDay}, {"h", kHour}, {"m", kMinute}, {"s", kSecond}, {"ms", 1000}, {"us", 1}}};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Reads fixed-width numbers off the front of an instant.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}
  bool number(std::size_t width, int& out) {
    if (rest_.size() < width) return false;
    out = 0;
    for (std::size_t i = 0; i < width; ++i) {
      if (!is_digit(rest_[i])) return false;
      out = out * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(width);
    return true;
  }
  bool one_of(std::string_view letters, char* found = nullptr) {
    if (rest_.empty() || letters.find(rest_[0]) == std::string_view::npos) return false;
    if (found != nullptr) *found = rest_[0];
    rest_.remove_prefix(1);
    return true;
  }
  // Digits after the point, up to 9; those finer than a microsecond must be zero.
  bool fraction(Micros& out) {
    out = 0;
    std::size_t digits = 0;
    while (digits < rest_.size() && is_digit(rest_[digits])) {
      if (digits < 6) out = out * 10 + (rest_[digits] - '0');
      if (digits >= 6 && rest_[digits] != '0') return false;
      ++digits;
    }
    for (std::size_t i = digits; i < 6; ++i) out *= 10;
    rest_.remove_prefix(digits);
    return digits > 0 && digits <= 9;
  }
  bool done() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

bool read_instant(std::string_view text, Micros& out) {
  Reader in(text);
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  if (!in.number(4, year) || !in.one_of("-") || !in.number(2, month) || !in.one_of("-") ||
      !in.number(2, day) || !in.one_of("Tt ") || !in.number(2, hour) || !in.one_of(":") ||
      !in.number(2, minute) || !in.one_of(":") || !in.number(2, second)) {
    return false;
  }
  Micros fraction = 0;
  if (in.one_of(".") && !in.fraction(fraction)) return false;
  Micros offset = 0;
  char sign = 'Z';
  if (!in.one_of("Zz+-", &sign)) return false;
  if (sign == '+' || sign == '-') {
    int hours = 0, minutes = 0;
    if (!in.number(2, hours) || !in.one_of(":") || !in.number(2, minutes)) return false;
    if (hours > 23 || minutes > 59) return false;
    offset = (hours * kHour + minutes * kMinute) * (sign == '+' ? 1 : -1);
  }
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(unsigned(month)),
                                         std::chrono::day(unsigned(day))};
  if (!in.done() || !date.ok() || year < 1 || hour > 23 || minute > 59 || second > 59) return false;
  const Micros days = std::chrono::sys_days(date).time_since_epoch().count();
  out = days * kDay + hour * kHour + minute * kMinute + second * kSecond + fraction - offset;
  return true;
}

}  // namespace

const Clock& system_clock() {
  static const MachineClock clock;
  return clock;
}

std::string format_instant(Micros instant) {
  const auto since_epoch = std::chrono::microseconds(instant);
  const auto days = std::chrono::floor<std::chrono::days>(since_epoch);
  const std::chrono::year_month_day date{std::chrono::sys_days(days)};
  const Micros of_day = (since_epoch - days).count();
  std::string out =
      fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", int(date.year()), unsigned(date.month()),
                  unsigned(date.day()), of_day / kHour, of_day / kMinute % 60, of_day / kSecond % 60);
  const Micros fraction = of_day % kSecond;
  if (fraction % 1000 != 0) {
    out += fmt::format(".{:06}", fraction);
  } else if (fraction != 0) {
    out += fmt::format(".{:03}", fraction / 1000);
  }
  return out + "Z";
}

Result<Micros> parse_instant(std::string_view text) {
  Micros out = 0;
  if (read_instant(text, out)) return out;
  return terminal("BadInstant", fmt::format("'{}' is no instant", text))
      .with_hint("write it as 2026-11-23T09:02:11Z, at most to the microsecond");
}

Result<Micros> parse_duration(std::string_view text) {
  const auto bad = [&](std::string_view why) {
    return terminal("BadDuration", fmt::format("'{}' is no duration: {}", text, why))
        .with_hint("write it as 90d, 1h30m, 45s or 500ms, the larger units first");
  };
  if (text.empty()) return bad("it is empty");
  Micros total = 0;
  std::size_t pos = 0;
  std::size_t next_unit = 0;
  while (pos < text.size()) {
    const std::size_t digits = pos;
    Micros number = 0;
    while (pos < text.size() && is_digit(text[pos])) {
      if (__builtin_mul_overflow(number, 10, &number) ||
          __builtin_add_overflow(number, Micros{text[pos] - '0'}, &number)) {
        return bad("the number is too large");
      }
      ++pos;
    }
    if (pos == digits) return bad(fmt::format("a number is expected at '{}'", text.substr(pos)));
    const std::size_t letters = pos;
    while (pos < text.size() && !is_digit(text[pos])) ++pos;
    const std::string_view name = text.substr(letters, pos - letters);
    if (name.empty()) return bad("the unit is missing");
    std::size_t unit = 0;
    while (unit < kUnits.size() && kUnits[unit].name != name) ++unit;
    if (unit == kUnits.size()) return bad(fmt::format("'{}' is none of the units d, h, m, s, ms, us", name));
    if (unit < next_unit) return bad("the units must go from large to small, each once");
    next_unit = unit + 1;
    if (__builtin_mul_overflow(number, kUnits[unit].size, &number) ||
        __builtin_add_overflow(total, number, &total)) {
      return bad("it is too long");
    }
  }
  return total;
}

std::string format_duration(Micros duration) {
  if (duration == 0) return "0s";
  std::string out = duration < 0 ? "-" : "";
  // Unsigned, so that the smallest value has a magnitude.
  std::uint64_t rest =
      duration < 0 ? -static_cast<std::uint64_t>(duration) : static_cast<std::uint64_t>(duration);
  for (const Unit& unit : kUnits) {
    const auto size = static_cast<std::uint64_t>(unit.size);
    if (rest >= size) out += fmt::format("{}{}", rest / size, unit.name);
    rest %= size;
  }
  return out;
}

}  // namespace offtake::base
