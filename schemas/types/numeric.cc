// Arithmetic: in int128 where it fits, else through numeric_big. Every result is small when it fits, so that
// equal numbers of one scale have one representation.
#include "schemas/types/numeric.h"

#include "schemas/types/numeric_big.h"
#include "schemas/types/numeric_small.h"

namespace offtake::types {
namespace {

using Kind = Numeric::Kind;
using small::kMaxPower;
using small::power;

constexpr int kMaxScale = 16383;
constexpr int kMinSignificantDigits = 16;
constexpr int kMaxDivisionScale = 1000;

Numeric special(Kind kind) {
  return Numeric{0, 0, kind, false};
}
bool finite(const Numeric& value) {
  return value.kind == Kind::kSmall || value.kind == Kind::kBig;
}
bool both_small(const Numeric& a, const Numeric& b) {
  return a.kind == Kind::kSmall && b.kind == Kind::kSmall;
}
int sign(const Numeric& value) {
  switch (value.kind) {
    case Kind::kSmall:
      return value.coefficient == 0 ? 0 : value.coefficient < 0 ? -1 : 1;
    case Kind::kBig:
      return value.negative ? -1 : 1;
    case Kind::kMinusInfinity:
      return -1;
    default:
      return 1;
  }
}
Numeric infinity(int of_sign) {
  return of_sign == 0 ? special(Kind::kNaN) : special(of_sign < 0 ? Kind::kMinusInfinity : Kind::kInfinity);
}
base::Error division_by_zero() {
  return base::row_error("DivisionByZero", "division by zero");
}

big::Integer scaled(const Numeric& value, int scale) {  // REQUIRES: finite, scale >= value.scale
  big::Integer out = big::load(value);
  if (scale > value.scale) out = big::multiply(out, big::power_of_ten(scale - value.scale));
  return out;
}

base::Result<Numeric> add_signed(const Numeric& a, const Numeric& b, bool subtract, Arena& arena) {
  const int scale = std::max(a.scale, b.scale);
  if (both_small(a, b)) {
    __int128 left;
    __int128 right;
    __int128 sum;
    if (small::scale_up(a.coefficient, scale - a.scale, left) &&
        small::scale_up(b.coefficient, scale - b.scale, right) &&
        !(subtract ? __builtin_sub_overflow(left, right, &sum) : __builtin_add_overflow(left, right, &sum)) &&
        small::representable(sum)) {
      return Numeric{sum, scale, Kind::kSmall, false};
    }
  }
  big::Integer left = scaled(a, scale);
  const big::Integer right = scaled(b, scale);
  if (subtract) {
    mpz_sub(left.get(), left.get(), right.get());
  } else {
    mpz_add(left.get(), left.get(), right.get());
  }
  return big::store(left, scale, arena);
}

// PostgreSQL's estimate for a quotient: in base 10000 digits aligned at the point, the weight of the first
// digit and the digit itself.
struct Leading {
  int weight = 0;
  int digit = 0;
};
Leading leading(const Numeric& value) {
  if (is_zero(value)) return {};
  std::string digits = value.kind == Kind::kSmall ? small::digits(small::magnitude(value.coefficient))
                                                  : big::load(value).to_string();
  if (digits[0] == '-') digits.erase(0, 1);
  const int exponent = static_cast<int>(digits.size()) - 1 - value.scale;
  const int weight = exponent >= 0 ? exponent / 4 : -((-exponent + 3) / 4);
  int digit = 0;
  for (int i = 0; i <= exponent - 4 * weight; ++i) {
    digit = digit * 10 + (i < static_cast<int>(digits.size()) ? digits[i] - '0' : 0);
  }
  return {weight, digit};
}

int division_scale(const Numeric& a, const Numeric& b) {
  const Leading first = leading(a);
  const Leading second = leading(b);
  int weight = first.weight - second.weight;
  if (first.digit <= second.digit) --weight;
  int scale = kMinSignificantDigits - weight * 4;
  scale = std::max({scale, a.scale, b.scale, 0});
  return std::min(scale, kMaxDivisionScale);
}

}  // namespace

base::Result<Numeric> add(const Numeric& a, const Numeric& b, Arena& arena) {
  if (finite(a) && finite(b)) return add_signed(a, b, false, arena);
  if (a.kind == Kind::kNaN || b.kind == Kind::kNaN) return special(Kind::kNaN);
  if (finite(a)) return b;
  if (finite(b) || a.kind == b.kind) return a;
  return special(Kind::kNaN);
}

base::Result<Numeric> subtract(const Numeric& a, const Numeric& b, Arena& arena) {
  if (finite(a) && finite(b)) return add_signed(a, b, true, arena);
  return add(a, negate(b), arena);
}

base::Result<Numeric> multiply(const Numeric& a, const Numeric& b, Arena& arena) {
  if (!finite(a) || !finite(b)) {
    if (a.kind == Kind::kNaN || b.kind == Kind::kNaN) return special(Kind::kNaN);
    return infinity(sign(a) * sign(b));
  }
  const int scale = a.scale + b.scale;
  __int128 product;
  if (both_small(a, b) && scale <= kMaxScale &&
      !__builtin_mul_overflow(a.coefficient, b.coefficient, &product) && small::representable(product)) {
    return Numeric{product, scale, Kind::kSmall, false};
  }
  big::Integer exact = big::multiply(big::load(a), big::load(b));
  if (scale > kMaxScale) exact = big::divide_rounded(exact, big::power_of_ten(scale - kMaxScale));
  return big::store(exact, std::min(scale, kMaxScale), arena);
}

base::Result<Numeric> divide(const Numeric& a, const Numeric& b, Arena& arena) {
  if (a.kind == Kind::kNaN || b.kind == Kind::kNaN) return special(Kind::kNaN);
  if (finite(b) && is_zero(b)) return division_by_zero();
  if (!finite(a)) return finite(b) ? infinity(sign(a) * sign(b)) : special(Kind::kNaN);
  if (!finite(b)) return Numeric{};
  const int scale = division_scale(a, b);
  const int shift = scale + b.scale - a.scale;
  __int128 numerator;
  if (both_small(a, b) && small::scale_up(a.coefficient, shift, numerator)) {
    return Numeric{small::divide_rounded(numerator, b.coefficient), scale, Kind::kSmall, false};
  }
  const big::Integer shifted = big::multiply(big::load(a), big::power_of_ten(shift));
  return big::store(big::divide_rounded(shifted, big::load(b)), scale, arena);
}

base::Result<Numeric> modulo(const Numeric& a, const Numeric& b, Arena& arena) {
  if (a.kind == Kind::kNaN || b.kind == Kind::kNaN) return special(Kind::kNaN);
  if (finite(b) && is_zero(b)) return division_by_zero();
  if (!finite(a)) return special(Kind::kNaN);
  if (!finite(b)) return a;
  const int scale = std::max(a.scale, b.scale);
  __int128 left;
  __int128 right;
  if (both_small(a, b) && small::scale_up(a.coefficient, scale - a.scale, left) &&
      small::scale_up(b.coefficient, scale - b.scale, right)) {
    return Numeric{left % right, scale, Kind::kSmall, false};
  }
  big::Integer rest = scaled(a, scale);
  mpz_tdiv_r(rest.get(), rest.get(), scaled(b, scale).get());
  return big::store(rest, scale, arena);
}

Numeric negate(const Numeric& value) {
  Numeric out = value;
  switch (value.kind) {
    case Kind::kSmall:
      out.coefficient = -value.coefficient;
      break;
    case Kind::kBig:
      out.negative = !value.negative;
      break;
    case Kind::kInfinity:
      out.kind = Kind::kMinusInfinity;
      break;
    case Kind::kMinusInfinity:
      out.kind = Kind::kInfinity;
      break;
    case Kind::kNaN:
      break;
  }
  return out;
}

Numeric absolute(const Numeric& value) {
  return sign(value) < 0 ? negate(value) : value;
}

base::Result<Numeric> round(const Numeric& value, int scale, Arena& arena) {
  if (!finite(value)) return value;
  scale = std::clamp(scale, -kMaxScale, kMaxScale);
  const int shown = std::max(scale, 0);
  if (scale >= value.scale) {
    __int128 up;
    if (value.kind == Kind::kSmall && small::scale_up(value.coefficient, scale - value.scale, up)) {
      return Numeric{up, shown, Kind::kSmall, false};
    }
    return big::store(scaled(value, scale), shown, arena);
  }
  const int drop = value.scale - scale;
  if (value.kind == Kind::kSmall) {
    if (drop > kMaxPower) return Numeric{0, shown, Kind::kSmall, false};
    const __int128 kept = small::divide_rounded(value.coefficient, power(drop));
    __int128 up;
    if (scale >= 0) return Numeric{kept, shown, Kind::kSmall, false};
    if (small::scale_up(kept, -scale, up)) return Numeric{up, 0, Kind::kSmall, false};
  }
  big::Integer kept = big::divide_rounded(big::load(value), big::power_of_ten(drop));
  if (scale < 0) kept = big::multiply(kept, big::power_of_ten(-scale));
  return big::store(kept, shown, arena);
}

base::Result<Numeric> fit(const Numeric& value, int precision, int scale, Arena& arena) {
  const auto overflow = [&] {
    return base::row_error("NumericValueOutOfRange", "numeric field overflow")
        .with_detail(fmt::format(
            "A field with precision {}, scale {} must round to an absolute value less than {}{}.", precision,
            scale, precision == scale ? "" : "10^", precision == scale ? 1 : precision - scale));
  };
  if (value.kind == Kind::kNaN || precision == 0) return value;
  if (!finite(value)) return overflow();
  auto rounded = round(value, scale, arena);
  if (!rounded) return rounded;
  if (rounded->kind == Kind::kSmall) {
    if (precision <= kMaxPower &&
        small::magnitude(rounded->coefficient) >= static_cast<unsigned __int128>(power(precision))) {
      return overflow();
    }
  } else if (big::load(*rounded).decimal_digits() > precision) {
    return overflow();
  }
  return rounded;
}

int compare(const Numeric& a, const Numeric& b) {
  const auto rank = [](const Numeric& value) {
    return value.kind == Kind::kNaN             ? 2
           : value.kind == Kind::kInfinity      ? 1
           : value.kind == Kind::kMinusInfinity ? -1
                                                : 0;
  };
  if (rank(a) != rank(b)) return rank(a) < rank(b) ? -1 : 1;
  if (rank(a) != 0) return 0;
  if (both_small(a, b)) {
    if (a.scale == b.scale) {
      return a.coefficient < b.coefficient ? -1 : a.coefficient > b.coefficient ? 1 : 0;
    }
    const int scale = std::max(a.scale, b.scale);
    __int128 left;
    __int128 right;
    if (small::scale_up(a.coefficient, scale - a.scale, left) &&
        small::scale_up(b.coefficient, scale - b.scale, right)) {
      return left < right ? -1 : left > right ? 1 : 0;
    }
  }
  if (sign(a) != sign(b)) return sign(a) < sign(b) ? -1 : 1;
  const int scale = std::max(a.scale, b.scale);
  const int order = mpz_cmp(scaled(a, scale).get(), scaled(b, scale).get());
  return order < 0 ? -1 : order > 0 ? 1 : 0;
}

bool is_zero(const Numeric& value) {
  return value.kind == Kind::kSmall && value.coefficient == 0;
}

Numeric reduce(const Numeric& value, Arena& arena) {
  if (value.kind == Kind::kSmall) {
    Numeric out = value;
    small::strip_zeros(out.coefficient, out.scale);
    return out;
  }
  if (value.kind != Kind::kBig) return special(value.kind);
  big::Integer rest = big::load(value);
  int scale = value.scale;
  while (scale > 0 && mpz_divisible_ui_p(rest.get(), 10) != 0) {
    mpz_divexact_ui(rest.get(), rest.get(), 10);
    --scale;
  }
  return *big::store(rest, scale, arena);  // never larger than what it came from
}

void append_canonical(const Numeric& value, std::string& out) {
  Arena arena;
  const Numeric reduced = reduce(value, arena);
  out += static_cast<char>(reduced.kind == Kind::kBig ? Kind::kSmall : reduced.kind);
  if (!finite(reduced)) return;
  const big::Integer integer = big::load(reduced);
  const std::string bytes = big::magnitude(integer);
  const auto length = static_cast<std::uint32_t>(bytes.size());
  const std::int32_t scale = reduced.scale;
  out.append(reinterpret_cast<const char*>(&scale), sizeof scale);
  out += integer.negative() ? '\1' : '\0';
  out.append(reinterpret_cast<const char*>(&length), sizeof length);
  out += bytes;
}

Numeric copy(const Numeric& value, Arena& arena) {
  if (value.kind != Kind::kBig) return value;
  const auto bits = static_cast<unsigned __int128>(value.coefficient);
  const auto bytes = static_cast<std::size_t>(bits >> 64);
  const std::string_view copied =
      arena.copy({reinterpret_cast<const char*>(static_cast<std::uint64_t>(bits)), bytes});
  Numeric out = value;
  out.coefficient = static_cast<__int128>(static_cast<unsigned __int128>(bytes) << 64 |
                                          reinterpret_cast<std::uintptr_t>(copied.data()));
  return out;
}

}  // namespace offtake::types
