// Exact decimal numbers with PostgreSQL's semantics: a coefficient and a display scale; 1.0 and 1.00 are
// equal and print differently. Coefficients beyond 128 bits live in an arena as GMP limbs; arithmetic moves
// there by itself. Scales and division follow PostgreSQL's select_div_scale and limits (131072 digits before,
// 16383 after the point). Plain data of 32 bytes; the owner of the arena keeps big digits alive.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace offtake::types {

class Arena;

struct Numeric {
  enum class Kind : std::uint16_t { kSmall, kBig, kNaN, kInfinity, kMinusInfinity };

  // kSmall: the coefficient. kBig: low 64 bits = address of the magnitude's bytes (little endian) in an
  // arena, high 64 bits = their count; the sign is in `negative`.
  __int128 coefficient = 0;
  std::int32_t scale = 0;  // digits after the point; 0..16383
  Kind kind = Kind::kSmall;
  bool negative = false;  // only for kBig

  static Numeric from_int(std::int64_t value) { return Numeric{value, 0, Kind::kSmall, false}; }
};
static_assert(sizeof(Numeric) == 32);

// "-12.340", "NaN", "Infinity"; exactly as PostgreSQL prints it.
std::string to_string(const Numeric& value);
base::Result<Numeric> parse_numeric(std::string_view text, Arena& arena);
base::Result<Numeric> numeric_from_double(double value,
                                          Arena& arena);              // as PostgreSQL casts float8 to numeric
base::Result<Numeric> numeric_from_float(float value, Arena& arena);  // as PostgreSQL casts float4 to numeric
double to_double(const Numeric& value);
// Rounds half away from zero. Code NumericValueOutOfRange (row) "bigint out of range".
base::Result<std::int64_t> to_int8(const Numeric& value);

int compare(const Numeric& a, const Numeric& b);  // -1, 0, 1; NaN equals NaN and is greater than all else
bool is_zero(const Numeric& value);

base::Result<Numeric> add(const Numeric& a, const Numeric& b, Arena& arena);
base::Result<Numeric> subtract(const Numeric& a, const Numeric& b, Arena& arena);
base::Result<Numeric> multiply(const Numeric& a, const Numeric& b, Arena& arena);
base::Result<Numeric> divide(const Numeric& a, const Numeric& b, Arena& arena);  // DivisionByZero (row)
base::Result<Numeric> modulo(const Numeric& a, const Numeric& b, Arena& arena);
Numeric negate(const Numeric& value);
Numeric absolute(const Numeric& value);
base::Result<Numeric> round(const Numeric& value, int scale, Arena& arena);  // half away from zero
// numeric(precision, scale): rounds, then checks; "numeric field overflow" (row).
base::Result<Numeric> fit(const Numeric& value, int precision, int scale, Arena& arena);

// Two's complement big endian, as Avro's decimal.
base::Result<Numeric> numeric_from_bytes(std::string_view big_endian, int scale, Arena& arena);
std::string numeric_to_bytes(const Numeric& value, int scale);  // REQUIRES: fits that scale exactly

// Without trailing zeros after the point: equal numbers give equal coefficient, scale and kind.
Numeric reduce(const Numeric& value, Arena& arena);
// Appends the canonical form: equal numbers (1.0, 1.00) give equal bytes.
void append_canonical(const Numeric& value, std::string& out);
Numeric copy(const Numeric& value, Arena& arena);  // moves big digits into `arena`

}  // namespace offtake::types
