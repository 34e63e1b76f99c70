#include "schemas/types/numeric.h"

#include <doctest/doctest.h>
#include <gmp.h>

#include <random>

#include "schemas/types/column.h"
#include "tests/unit/types/text_cases.h"

namespace offtake::types {
namespace {

std::string apply(const std::string& operation, const Numeric& a, const Numeric& b, Arena& arena) {
  if (operation == "cmp") return std::to_string(compare(a, b));
  base::Result<Numeric> result = Numeric{};
  if (operation == "+") result = add(a, b, arena);
  if (operation == "-") result = subtract(a, b, arena);
  if (operation == "*") result = multiply(a, b, arena);
  if (operation == "/") result = divide(a, b, arena);
  if (operation == "%") result = modulo(a, b, arena);
  if (operation == "round") result = round(a, static_cast<int>(*to_int8(b)), arena);
  return result.ok() ? to_string(*result) : "!" + result.error().message;
}

// A number of up to `digits` digits in GMP and as a Numeric of scale 0.
struct Pair {
  explicit Pair(std::mt19937_64& random, int digits) {
    std::string text = random() % 2 ? "-" : "";
    const int count = 1 + static_cast<int>(random() % static_cast<unsigned>(digits));
    for (int i = 0; i < count; ++i) text += static_cast<char>('0' + random() % 10);
    mpz_init_set_str(exact, text.c_str(), 10);
    number = *parse_numeric(text, arena);
  }
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;
  ~Pair() { mpz_clear(exact); }
  Arena arena;
  mpz_t exact;
  Numeric number;
};

std::string text_of(mpz_srcptr value) {
  char* text = mpz_get_str(nullptr, 10, value);
  std::string out = text;
  void (*release)(void*, size_t) = nullptr;
  mp_get_memory_functions(nullptr, nullptr, &release);
  release(text, out.size() + 1);
  return out;
}

}  // namespace

TEST_CASE("numeric arithmetic is PostgreSQL's") {
  const auto cases = read_cases("numeric_arithmetic.txt");
  CHECK(cases.size() == 700);
  for (const auto& fields : cases) {
    REQUIRE(fields.size() == 4);
    CAPTURE(fields[0]);
    CAPTURE(fields[1]);
    CAPTURE(fields[2]);
    Arena arena;
    auto a = parse_numeric(fields[1], arena);
    auto b = parse_numeric(fields[2], arena);
    REQUIRE(a.ok());
    REQUIRE(b.ok());
    CHECK(apply(fields[0], *a, *b, arena) == fields[3]);
  }
}

TEST_CASE("integers of any size add, subtract, multiply and divide as in GMP") {
  std::mt19937_64 random(11);
  mpz_t result;
  mpz_init(result);
  for (int i = 0; i < 5000; ++i) {
    const Pair a(random, 60);
    const Pair b(random, 60);
    Arena arena;
    mpz_add(result, a.exact, b.exact);
    CHECK(to_string(*add(a.number, b.number, arena)) == text_of(result));
    mpz_sub(result, a.exact, b.exact);
    CHECK(to_string(*subtract(a.number, b.number, arena)) == text_of(result));
    mpz_mul(result, a.exact, b.exact);
    CHECK(to_string(*multiply(a.number, b.number, arena)) == text_of(result));
    CHECK(compare(a.number, b.number) == (mpz_cmp(a.exact, b.exact) > 0) - (mpz_cmp(a.exact, b.exact) < 0));
    if (mpz_sgn(b.exact) != 0) {
      mpz_tdiv_r(result, a.exact, b.exact);
      CHECK(to_string(*modulo(a.number, b.number, arena)) == text_of(result));
    }
  }
  mpz_clear(result);
}

TEST_CASE("equal numbers have one canonical form whatever their scale") {
  Arena arena;
  std::mt19937_64 random(3);
  for (int i = 0; i < 500; ++i) {
    const Pair a(random, 70);
    const auto wider = *round(a.number, static_cast<int>(random() % 30), arena);
    CHECK(compare(a.number, wider) == 0);
    std::string form;
    std::string wider_form;
    append_canonical(a.number, form);
    append_canonical(wider, wider_form);
    CHECK(form == wider_form);
  }
}

TEST_CASE("bytes as in Avro's decimal read and write") {
  Arena arena;
  std::mt19937_64 random(5);
  for (int i = 0; i < 500; ++i) {
    const Pair a(random, 60);
    const std::string bytes = numeric_to_bytes(a.number, 0);
    CHECK(to_string(*numeric_from_bytes(bytes, 0, arena)) == to_string(a.number));
  }
  CHECK(numeric_to_bytes(Numeric::from_int(-1), 0) == "\xff");
  CHECK(numeric_to_bytes(Numeric::from_int(128), 0) == std::string("\0\x80", 2));
  CHECK(to_string(*numeric_from_bytes("\x30\x39", 2, arena)) == "123.45");
  CHECK(to_string(*numeric_from_bytes("", 2, arena)) == "0.00");
}

TEST_CASE("conversions to and from doubles and integers") {
  Arena arena;
  CHECK(to_string(*numeric_from_double(0.1, arena)) == "0.1");
  CHECK(to_string(*numeric_from_double(1e20, arena)) == "100000000000000000000");
  CHECK(to_string(*numeric_from_double(1.0 / 3, arena)) == "0.333333333333333");
  CHECK(to_string(*numeric_from_float(0.1F, arena)) == "0.1");
  CHECK(to_double(*parse_numeric("0.1", arena)) == 0.1);
  CHECK(to_double(*parse_numeric("123456789012345678901234567890.5", arena)) ==
        123456789012345678901234567890.5);
  CHECK(*to_int8(*parse_numeric("2.5", arena)) == 3);
  CHECK(*to_int8(*parse_numeric("-2.5", arena)) == -3);
  CHECK(to_int8(*parse_numeric("9223372036854775807.5", arena)).error().message == "bigint out of range");
}

}  // namespace offtake::types
