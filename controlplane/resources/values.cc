#include "controlplane/resources/values.h"

namespace offtake::resources {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::int64_t unit_seconds(char unit) {
  switch (unit) {
    case 'd':
      return 86'400;
    case 'h':
      return 3'600;
    case 'm':
      return 60;
    case 's':
      return 1;
    default:
      return 0;
  }
}

base::Error bad_duration(std::string_view text) {
  return base::terminal("BadDuration", fmt::format("'{}' is no duration", text))
      .with_hint("write whole days, hours, minutes or seconds: 90d, 1h30m, 45s");
}

struct Suffix {
  std::string_view text;
  std::int64_t factor;
};
constexpr std::array<Suffix, 12> kSuffixes{{{"k", 1'000},
                                            {"M", 1'000'000},
                                            {"G", 1'000'000'000},
                                            {"T", 1'000'000'000'000},
                                            {"P", 1'000'000'000'000'000},
                                            {"E", 1'000'000'000'000'000'000},
                                            {"Ki", std::int64_t{1} << 10},
                                            {"Mi", std::int64_t{1} << 20},
                                            {"Gi", std::int64_t{1} << 30},
                                            {"Ti", std::int64_t{1} << 40},
                                            {"Pi", std::int64_t{1} << 50},
                                            {"Ei", std::int64_t{1} << 60}}};

}  // namespace

base::Result<Duration> Duration::parse(std::string_view text) {
  std::size_t at = 0;
  int parts = 0;
  Duration out;
  while (at < text.size()) {
    std::int64_t number = 0;
    std::size_t digits = 0;
    while (at < text.size() && is_digit(text[at]) && digits < 7) {
      number = number * 10 + (text[at] - '0');
      ++at;
      ++digits;
    }
    const bool leading_zero = digits > 0 && text[at - digits] == '0';
    if (digits == 0 || digits > 6 || leading_zero || at == text.size()) return bad_duration(text);
    const std::int64_t seconds = unit_seconds(text[at]);
    if (seconds == 0 || ++parts > 4) return bad_duration(text);
    ++at;
    out.micros += number * seconds * 1'000'000;
  }
  if (parts == 0) return bad_duration(text);
  return out;
}

std::string Duration::text() const {
  return base::format_duration(micros);
}

base::Result<Instant> Instant::parse(std::string_view text) {
  auto micros = base::parse_instant(text);
  if (!micros) return std::move(micros).error();
  return Instant{*micros};
}

std::string Instant::text() const {
  return base::format_instant(micros);
}

base::Result<Quantity> Quantity::parse(std::string_view text) {
  const auto bad = [&](std::string_view why) {
    return base::terminal("BadQuantity", fmt::format("'{}' is no quantity: {}", text, why))
        .with_hint("write a whole number, with k M G T (thousands) or Ki Mi Gi Ti (1024s) if you like: 20Gi");
  };
  std::size_t at = 0;
  std::int64_t number = 0;
  while (at < text.size() && is_digit(text[at])) {
    if (__builtin_mul_overflow(number, std::int64_t{10}, &number) ||
        __builtin_add_overflow(number, std::int64_t{text[at] - '0'}, &number)) {
      return bad("it is too large");
    }
    ++at;
  }
  if (at == 0) return bad("it does not start with a digit");
  Quantity out;
  out.text = std::string(text);
  out.value = number;
  if (at == text.size()) return out;
  for (const Suffix& suffix : kSuffixes) {
    if (text.substr(at) != suffix.text) continue;
    if (__builtin_mul_overflow(number, suffix.factor, &out.value)) return bad("it is too large");
    return out;
  }
  return bad(fmt::format("'{}' is none of the suffixes k M G T P E Ki Mi Gi Ti Pi Ei", text.substr(at)));
}

}  // namespace offtake::resources
