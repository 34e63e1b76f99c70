// Coefficients of any size, on GMP; only numeric*.cc include this. An Integer owns its limbs.
#pragma once
#include <gmp.h>

#include <string>

#include "schemas/types/column.h"
#include "schemas/types/numeric.h"

namespace offtake::types::big {

class Integer {
 public:
  Integer() { mpz_init(value_); }
  explicit Integer(__int128 value);
  Integer(const Integer& other) { mpz_init_set(value_, other.value_); }
  Integer& operator=(const Integer& other) {
    mpz_set(value_, other.value_);
    return *this;
  }
  ~Integer() { mpz_clear(value_); }

  mpz_ptr get() { return value_; }
  mpz_srcptr get() const { return value_; }
  bool negative() const { return mpz_sgn(value_) < 0; }
  bool zero() const { return mpz_sgn(value_) == 0; }
  bool fits_int128() const { return mpz_sizeinbase(value_, 2) <= 126; }
  __int128 to_int128() const;  // REQUIRES: fits_int128()
  int decimal_digits() const;  // of the magnitude; 1 for zero
  std::string to_string() const;

 private:
  mpz_t value_;
};

Integer power_of_ten(int exponent);
Integer multiply(const Integer& a, const Integer& b);
// Rounds half away from zero. REQUIRES: divisor not zero.
Integer divide_rounded(const Integer& a, const Integer& divisor);
Integer from_digits(const std::string& decimal_digits);
Integer from_magnitude(const char* little_endian, std::size_t bytes, bool negative);
std::string magnitude(const Integer& value);  // little endian, without leading zeros

Integer load(const Numeric& value);  // REQUIRES: finite
// Small when it fits. "value overflows numeric format" beyond PostgreSQL's limits.
base::Result<Numeric> store(const Integer& value, int scale, Arena& arena);

}  // namespace offtake::types::big
