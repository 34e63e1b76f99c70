#include "schemas/types/numeric_big.h"

namespace offtake::types::big {
namespace {

constexpr int kMaxDigitsBeforePoint = 131072;

}  // namespace

Integer::Integer(__int128 value) {
  mpz_init(value_);
  const bool below_zero = value < 0;
  unsigned __int128 magnitude =
      below_zero ? -static_cast<unsigned __int128>(value) : static_cast<unsigned __int128>(value);
  mpz_import(value_, 1, -1, sizeof magnitude, 0, 0, &magnitude);
  if (below_zero) mpz_neg(value_, value_);
}

__int128 Integer::to_int128() const {
  unsigned __int128 magnitude = 0;
  mpz_export(&magnitude, nullptr, -1, sizeof magnitude, 0, 0, value_);
  const auto value = static_cast<__int128>(magnitude);
  return negative() ? -value : value;
}

int Integer::decimal_digits() const {
  if (zero()) return 1;
  // GMP's answer for base 10 is exact or one too big.
  const int digits = static_cast<int>(mpz_sizeinbase(value_, 10));
  return mpz_cmpabs(value_, power_of_ten(digits - 1).get()) < 0 ? digits - 1 : digits;
}

std::string Integer::to_string() const {
  std::string out(mpz_sizeinbase(value_, 10) + 2, '\0');
  mpz_get_str(out.data(), 10, value_);
  out.resize(std::char_traits<char>::length(out.c_str()));
  return out;
}

Integer power_of_ten(int exponent) {
  Integer out;
  mpz_ui_pow_ui(out.get(), 10, static_cast<unsigned long>(exponent));
  return out;
}

Integer multiply(const Integer& a, const Integer& b) {
  Integer out;
  mpz_mul(out.get(), a.get(), b.get());
  return out;
}

Integer divide_rounded(const Integer& a, const Integer& divisor) {
  Integer quotient;
  Integer rest;
  mpz_tdiv_qr(quotient.get(), rest.get(), a.get(), divisor.get());
  mpz_mul_2exp(rest.get(), rest.get(), 1);
  if (mpz_cmpabs(rest.get(), divisor.get()) >= 0) {
    if (a.negative() != divisor.negative()) {
      mpz_sub_ui(quotient.get(), quotient.get(), 1);
    } else {
      mpz_add_ui(quotient.get(), quotient.get(), 1);
    }
  }
  return quotient;
}

Integer from_digits(const std::string& decimal_digits) {
  Integer out;
  mpz_set_str(out.get(), decimal_digits.c_str(), 10);
  return out;
}

Integer from_magnitude(const char* little_endian, std::size_t bytes, bool negative) {
  Integer out;
  mpz_import(out.get(), bytes, -1, 1, 0, 0, little_endian);
  if (negative) mpz_neg(out.get(), out.get());
  return out;
}

std::string magnitude(const Integer& value) {
  if (value.zero()) return {};
  std::size_t bytes = (mpz_sizeinbase(value.get(), 2) + 7) / 8;
  std::string out(bytes, '\0');
  mpz_export(out.data(), &bytes, -1, 1, 0, 0, value.get());
  out.resize(bytes);
  return out;
}

Integer load(const Numeric& value) {
  if (value.kind != Numeric::Kind::kBig) return Integer(value.coefficient);
  const auto bits = static_cast<unsigned __int128>(value.coefficient);
  const auto address = static_cast<std::uint64_t>(bits);
  const auto bytes = static_cast<std::uint64_t>(bits >> 64);
  return from_magnitude(reinterpret_cast<const char*>(address), bytes, value.negative);
}

base::Result<Numeric> store(const Integer& value, int scale, Arena& arena) {
  if (value.fits_int128()) return Numeric{value.to_int128(), scale, Numeric::Kind::kSmall, false};
  if (static_cast<long>(mpz_sizeinbase(value.get(), 10)) > kMaxDigitsBeforePoint + scale &&
      value.decimal_digits() > kMaxDigitsBeforePoint + scale) {
    return base::row_error("NumericValueOutOfRange", "value overflows numeric format");
  }
  const std::string_view bytes = arena.copy(magnitude(value));
  Numeric out;
  out.coefficient = static_cast<__int128>(static_cast<unsigned __int128>(bytes.size()) << 64 |
                                          reinterpret_cast<std::uintptr_t>(bytes.data()));
  out.scale = scale;
  out.kind = Numeric::Kind::kBig;
  out.negative = value.negative();
  return out;
}

}  // namespace offtake::types::big
