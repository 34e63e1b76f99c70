#include "base/clock.h"

#include <doctest/doctest.h>

using namespace offtake::base;

TEST_CASE("instants: text and back") {
  for (const char* text : {"1970-01-01T00:00:00Z", "2026-11-23T09:02:11Z", "2026-11-23T09:02:11.250Z",
                           "2026-11-23T09:02:11.000001Z", "1969-12-31T23:59:59.999Z", "0001-01-01T00:00:00Z",
                           "9999-12-31T23:59:59.999999Z", "2024-02-29T12:00:00Z"}) {
    CAPTURE(text);
    const auto instant = parse_instant(text);
    REQUIRE(instant.ok());
    CHECK(format_instant(*instant) == text);
  }
  CHECK(*parse_instant("1970-01-01T00:00:01Z") == 1'000'000);
}

TEST_CASE("instants: offsets and fractions") {
  CHECK(*parse_instant("2026-11-23T10:02:11+01:00") == *parse_instant("2026-11-23T09:02:11Z"));
  CHECK(*parse_instant("2026-11-23 04:02:11-05:00") == *parse_instant("2026-11-23T09:02:11Z"));
  CHECK(*parse_instant("2026-11-23T09:02:11.5Z") == *parse_instant("2026-11-23T09:02:11.500Z"));
  CHECK(*parse_instant("2026-11-23T09:02:11.123456000Z") == *parse_instant("2026-11-23T09:02:11.123456Z"));
}

TEST_CASE("instants: refused") {
  for (const char* text : {"", "2026-11-23", "2026-11-23T09:02:11", "2026-02-30T00:00:00Z",
                           "2026-13-01T00:00:00Z", "2026-11-23T24:00:00Z", "2026-11-23T09:60:00Z",
                           "2026-11-23T09:02:61Z", "2026-11-23T09:02:11.Z", "2026-11-23T09:02:11.1234567Z",
                           "2026-11-23T09:02:11+0100", "2026-11-23T09:02:11Z ", "0000-01-01T00:00:00Z"}) {
    CAPTURE(text);
    const auto instant = parse_instant(text);
    REQUIRE_FALSE(instant.ok());
    CHECK(instant.error().code == "BadInstant");
    CHECK(instant.error().message.find(text) != std::string::npos);
  }
}

TEST_CASE("durations") {
  CHECK(*parse_duration("90d") == 90LL * 24 * 3600 * 1'000'000);
  CHECK(*parse_duration("1h30m") == 5400LL * 1'000'000);
  CHECK(*parse_duration("500ms") == 500'000);
  CHECK(*parse_duration("0s") == 0);
  for (const char* text : {"90d", "1h30m", "1d1h1m1s1ms1us", "45s", "0s"}) {
    CHECK(format_duration(*parse_duration(text)) == text);
  }
  CHECK(format_duration(*parse_duration("90m")) == "1h30m");
  CHECK(format_duration(-1'000'000) == "-1s");
  for (const char* text : {"", "5", "h", "1m1h", "1h1h", "-5s", "1.5h", "3 d", "1w", "99999999999999999999d",
                           "9999999999999d"}) {
    CAPTURE(text);
    const auto duration = parse_duration(text);
    REQUIRE_FALSE(duration.ok());
    CHECK(duration.error().code == "BadDuration");
  }
}
