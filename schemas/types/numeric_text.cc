// Numeric from and to text, bytes, doubles and integers.
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "schemas/types/numeric_big.h"
#include "schemas/types/numeric_small.h"

namespace offtake::types {
namespace {

using Kind = Numeric::Kind;

constexpr int kMaxScale = 16383;

base::Error bad_syntax(std::string_view text) {
  return base::row_error("InvalidText", fmt::format("invalid input syntax for type numeric: \"{}\"", text));
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front()))) text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.remove_suffix(1);
  return text;
}

bool same_word(std::string_view text, std::string_view lower_word) {
  if (text.size() != lower_word.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (std::tolower(static_cast<unsigned char>(text[i])) != lower_word[i]) return false;
  }
  return true;
}

std::string with_point(std::string digits, int scale, bool negative) {
  if (scale > 0) {
    if (static_cast<int>(digits.size()) <= scale) digits.insert(0, scale + 1 - digits.size(), '0');
    digits.insert(digits.size() - static_cast<std::size_t>(scale), 1, '.');
  }
  return negative ? "-" + digits : digits;
}

base::Result<Numeric> from_decimal(const std::string& digits, int scale, bool negative, Arena& arena) {
  if (digits.size() <= 37) {
    __int128 value = 0;
    for (char digit : digits) value = value * 10 + (digit - '0');
    return Numeric{negative ? -value : value, scale, Kind::kSmall, false};
  }
  big::Integer value = big::from_digits(digits);
  if (negative) mpz_neg(value.get(), value.get());
  return big::store(value, scale, arena);
}

base::Result<Numeric> from_printf(double value, int digits, Arena& arena) {
  if (std::isnan(value)) return Numeric{0, 0, Kind::kNaN, false};
  if (std::isinf(value)) return Numeric{0, 0, value < 0 ? Kind::kMinusInfinity : Kind::kInfinity, false};
  char text[64];
  const int size = std::snprintf(text, sizeof text, "%.*g", digits, value);
  return parse_numeric({text, static_cast<std::size_t>(size)}, arena);
}

}  // namespace

std::string to_string(const Numeric& value) {
  switch (value.kind) {
    case Kind::kNaN:
      return "NaN";
    case Kind::kInfinity:
      return "Infinity";
    case Kind::kMinusInfinity:
      return "-Infinity";
    case Kind::kSmall:
      return with_point(small::digits(small::magnitude(value.coefficient)), value.scale,
                        value.coefficient < 0);
    case Kind::kBig:
      break;
  }
  Numeric positive = value;
  positive.negative = false;
  return with_point(big::load(positive).to_string(), value.scale, value.negative);
}

base::Result<Numeric> parse_numeric(std::string_view original, Arena& arena) {
  std::string_view text = trimmed(original);
  const auto special = [](Kind kind) { return Numeric{0, 0, kind, false}; };
  if (same_word(text, "nan")) return special(Kind::kNaN);
  bool negative = false;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  if (same_word(text, "infinity") || same_word(text, "inf")) {
    return special(negative ? Kind::kMinusInfinity : Kind::kInfinity);
  }
  std::string digits;
  int scale = 0;
  bool point = false;
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    if (std::isdigit(static_cast<unsigned char>(text[at]))) {
      digits += text[at];
      if (point) ++scale;
    } else if (text[at] == '.' && !point) {
      point = true;
    } else {
      break;
    }
  }
  if (digits.empty()) return bad_syntax(original);
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at + 1 < text.size() && text[at] == '+' && text[at + 1] != '-') ++at;
    int exponent = 0;
    auto [end, error] = std::from_chars(text.data() + at, text.data() + text.size(), exponent);
    if (end == text.data() + at) return bad_syntax(original);
    if (error != std::errc() || exponent > 200000 || exponent < -200000) {
      return base::row_error("NumericValueOutOfRange", "value overflows numeric format");
    }
    at = static_cast<std::size_t>(end - text.data());
    scale -= exponent;
    if (scale < 0) {
      digits.append(static_cast<std::size_t>(-scale), '0');
      scale = 0;
    }
  }
  if (at != text.size()) return bad_syntax(original);
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size() - 1));
  if (scale > kMaxScale) {
    auto exact = from_decimal(digits, scale, negative, arena);
    if (!exact) return exact;
    return round(*exact, kMaxScale, arena);
  }
  return from_decimal(digits, scale, negative, arena);
}

base::Result<Numeric> numeric_from_double(double value, Arena& arena) {
  return from_printf(value, 15, arena);
}

base::Result<Numeric> numeric_from_float(float value, Arena& arena) {
  return from_printf(value, 6, arena);
}

double to_double(const Numeric& value) {
  // Both exact in a double and the power too: one division rounds correctly.
  constexpr __int128 kExact = __int128{1} << 53;
  if (value.kind == Kind::kSmall && value.scale <= 22 && value.coefficient < kExact &&
      value.coefficient > -kExact) {
    return static_cast<double>(static_cast<std::int64_t>(value.coefficient)) /
           static_cast<double>(small::power(value.scale));
  }
  return std::strtod(to_string(value).c_str(), nullptr);
}

base::Result<std::int64_t> to_int8(const Numeric& value) {
  if (value.kind == Kind::kNaN) {
    return base::row_error("FeatureNotSupported", "cannot convert NaN to bigint");
  }
  if (value.kind == Kind::kInfinity || value.kind == Kind::kMinusInfinity) {
    return base::row_error("FeatureNotSupported", "cannot convert infinity to bigint");
  }
  Arena arena;
  auto rounded = round(value, 0, arena);
  if (!rounded) return rounded.error();
  if (rounded->kind == Kind::kBig || rounded->coefficient > INT64_MAX || rounded->coefficient < INT64_MIN) {
    return base::row_error("NumericValueOutOfRange", "bigint out of range");
  }
  return static_cast<std::int64_t>(rounded->coefficient);
}

base::Result<Numeric> numeric_from_bytes(std::string_view big_endian, int scale, Arena& arena) {
  if (big_endian.size() <= 15) {
    __int128 value = !big_endian.empty() && (big_endian[0] & 0x80) ? -1 : 0;
    for (char byte : big_endian) {
      value =
          static_cast<__int128>(static_cast<unsigned __int128>(value) << 8 | static_cast<std::uint8_t>(byte));
    }
    return Numeric{value, scale, Kind::kSmall, false};
  }
  std::string reversed(big_endian.rbegin(), big_endian.rend());
  big::Integer value = big::from_magnitude(reversed.data(), reversed.size(), false);
  if (big_endian[0] & 0x80) {
    big::Integer modulus;
    mpz_setbit(modulus.get(), big_endian.size() * 8);
    mpz_sub(value.get(), value.get(), modulus.get());
  }
  return big::store(value, scale, arena);
}

std::string numeric_to_bytes(const Numeric& value, int scale) {
  Arena arena;
  const big::Integer integer = big::load(*round(value, scale, arena));
  big::Integer shifted = integer;
  if (integer.negative()) mpz_com(shifted.get(), integer.get());  // -n-1 >= 0: same bits, inverted
  std::string bytes = big::magnitude(shifted);
  if (bytes.empty() || (bytes.back() & 0x80)) bytes += '\0';
  if (integer.negative()) {
    for (char& byte : bytes) byte = static_cast<char>(~byte);
  }
  return {bytes.rbegin(), bytes.rend()};
}

}  // namespace offtake::types
