// What PostgreSQL reads and prints, and what it says about what it cannot read.
#include <doctest/doctest.h>

#include "schemas/types/batch.h"
#include "schemas/types/datum.h"
#include "tests/unit/types/text_cases.h"

namespace offtake::types {

TEST_CASE("values read and print as PostgreSQL does") {
  const auto cases = read_cases("text_forms.txt");
  CHECK(cases.size() > 200);
  for (const auto& fields : cases) {
    REQUIRE(fields.size() == 3);
    CAPTURE(fields[0]);
    CAPTURE(fields[1]);
    auto type = parse_type(fields[0]);
    REQUIRE(type.ok());
    auto value = Datum::parse(*type, fields[1]);
    const std::string answer = value.ok() ? value->to_text() : "!" + value.error().message;
    CHECK(answer == fields[2]);
    if (!value.ok()) {
      CHECK(value.error().retry == base::Retry::kRow);
      continue;
    }
    // What is printed reads back as the same value.
    auto again = Datum::parse(*type, answer);
    REQUIRE(again.ok());
    CHECK(again->to_text() == answer);
    CHECK(compare_values(*value->value, 0, *again->value, 0) == 0);
  }
}

TEST_CASE("types print and parse") {
  for (const char* text : {"boolean",
                           "integer",
                           "bigint",
                           "real",
                           "double precision",
                           "numeric",
                           "numeric(10,2)",
                           "text",
                           "bytea",
                           "uuid",
                           "date",
                           "time without time zone",
                           "timestamp without time zone",
                           "timestamp with time zone",
                           "interval",
                           "jsonb",
                           "text[]",
                           "integer not null[]",
                           "map(text, bigint not null)",
                           "record(city text, \"zip code\" text not null, tags text[])",
                           "map(text, record(a integer))"}) {
    CAPTURE(text);
    auto type = parse_type(text);
    REQUIRE(type.ok());
    CHECK(to_string(*type) == text);
    auto again = parse_type(to_string(*type));
    REQUIRE(again.ok());
    CHECK(*again == *type);
  }
  CHECK(parse_type("VARCHAR")->id == TypeId::kText);
  CHECK(parse_type("timestamptz")->id == TypeId::kTimestampTz);
  CHECK(parse_type("numeric(5)")->precision == 5);
  for (const char* bad : {"", "money", "numeric(2,5)", "text[", "record(a)", "map(integer, text)", "int x"}) {
    CAPTURE(bad);
    auto type = parse_type(bad);
    REQUIRE_FALSE(type.ok());
    CHECK(type.error().code == "BadType");
  }
}

}  // namespace offtake::types
