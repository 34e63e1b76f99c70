// Value types of resource fields. Each has one text form; all compare by value.
#pragma once
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace offtake::resources {

// "90d", "1h30m": `^([1-9][0-9]{0,5}(d|h|m|s)){1,4}$`, d = 24 h. Code BadDuration.
struct Duration {
  base::Micros micros = 0;
  static base::Result<Duration> parse(std::string_view text);
  std::string text() const;
  auto operator<=>(const Duration&) const = default;
};

// "2026-11-23T09:02:11Z": RFC 3339 in UTC. Code BadInstant.
struct Instant {
  base::Micros micros = 0;
  static base::Result<Instant> parse(std::string_view text);
  std::string text() const;
  auto operator<=>(const Instant&) const = default;
};

// A whole number with Kubernetes' suffixes: "50M", "20Gi", 200. Keeps the text it was written with, so that
// what a user reads back is what was written. Code BadQuantity.
struct Quantity {
  std::int64_t value = 0;
  std::string text;
  static base::Result<Quantity> parse(std::string_view text);
  bool operator==(const Quantity& other) const { return value == other.value; }
};

// The text of an enum's value as users write it ("InProcess"). One overload an enum, next to the enum.
template <class Enum>
struct EnumText;  // specialised with: static constexpr std::array<std::pair<Enum, std::string_view>, N>
                  // values

template <class Enum>
constexpr std::string_view text_of(Enum value) {
  for (const auto& [candidate, text] : EnumText<Enum>::values) {
    if (candidate == value) return text;
  }
  return {};
}

}  // namespace offtake::resources
