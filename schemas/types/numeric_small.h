// Coefficients within 128 bits; the fast path of numeric*.cc.
#pragma once
#include <array>
#include <cstdint>
#include <string>

namespace offtake::types::small {

constexpr int kMaxPower = 38;
constexpr std::array<__int128, kMaxPower + 1> kPowers = [] {
  std::array<__int128, kMaxPower + 1> out{};
  out[0] = 1;
  for (int i = 1; i <= kMaxPower; ++i) out[i] = out[i - 1] * 10;
  return out;
}();
constexpr __int128 power(int exponent) {
  return kPowers[exponent];
}

constexpr unsigned __int128 magnitude(__int128 value) {
  return value < 0 ? -static_cast<unsigned __int128>(value) : static_cast<unsigned __int128>(value);
}

// One bit is kept free, so that sums of two never overflow and big::Integer agrees on what is small.
constexpr bool representable(__int128 value) {
  return magnitude(value) < static_cast<unsigned __int128>(1) << 126;
}

// value * 10^by; false when that is not representable. REQUIRES: by >= 0.
inline bool scale_up(__int128 value, int by, __int128& out) {
  if (by == 0 || value == 0) {
    out = value;
    return true;
  }
  return by <= kMaxPower && !__builtin_mul_overflow(value, power(by), &out) && representable(out);
}

// Half away from zero.
inline __int128 divide_rounded(__int128 value, __int128 divisor) {
  const __int128 quotient = value / divisor;
  const unsigned __int128 rest = magnitude(value % divisor);
  if (rest * 2 < magnitude(divisor)) return quotient;
  return (value < 0) != (divisor < 0) ? quotient - 1 : quotient + 1;
}

inline void strip_zeros(__int128& coefficient, std::int32_t& scale) {
  if (coefficient == 0) {
    scale = 0;
    return;
  }
  while (scale > 0) {
    if (coefficient >= INT64_MIN && coefficient <= INT64_MAX) {
      auto narrow = static_cast<std::int64_t>(coefficient);
      while (scale > 0 && narrow % 10 == 0) {
        narrow /= 10;
        --scale;
      }
      coefficient = narrow;
      return;
    }
    if (coefficient % 10 != 0) return;
    coefficient /= 10;
    --scale;
  }
}

inline std::string digits(unsigned __int128 value) {
  char reversed[40];
  int count = 0;
  do {
    reversed[count++] = static_cast<char>('0' + static_cast<int>(value % 10));
    value /= 10;
  } while (value != 0);
  return {std::reverse_iterator(reversed + count), std::reverse_iterator(reversed)};
}

}  // namespace offtake::types::small
