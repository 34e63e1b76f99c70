// What a reader of the SQLite file finds, written out.
#include <doctest/doctest.h>

#include "rows.h"
#include "sqlite_fixture.h"

namespace offtake::targets_test {

TEST_CASE("SQLite shows values as documented") {
  const std::vector<std::array<std::string, 3>> cases = {
      {"boolean", "t", "1"},
      {"bigint", "-7", "-7"},
      {"double precision", "0.1", "0.1"},
      {"double precision", "NaN", "NaN"},
      {"numeric(10,2)", "12.50", "12.50"},
      {"uuid", "6FA459EA-EE8A-3CA4-894E-DB77E160355E", "6fa459ea-ee8a-3ca4-894e-db77e160355e"},
      {"date", "2026-11-23", "2026-11-23"},
      {"date", "12026-01-02", "+12026-01-02"},
      {"date", "0044-03-15 BC", "-0043-03-15"},
      {"time", "09:02:11.25", "09:02:11.250000"},
      {"timestamp", "1969-12-31 23:59:59.5", "1969-12-31T23:59:59.500000"},
      {"timestamptz", "2026-11-23 10:02:11+01", "2026-11-23T09:02:11.000000Z"},
      {"interval", "1 year 2 mons -3 days -04:05:06.789", "P14M-3DT-14706.789000S"},
      {"jsonb", "{\"b\":1,\"a\":[1.0]}", "{\"a\": [1.0], \"b\": 1}"},
      {"text[]", "{a,NULL}", "[\"a\", null]"},
  };
  SqliteFixture fixture;
  for (const auto& [type, text, wanted] : cases) {
    CAPTURE(type);
    CAPTURE(text);
    const auto batch = batch_of({{"v", *types::parse_type(type), true}}, {{text}});
    CHECK(fixture.shown(*batch.columns[0], 0) == wanted);
  }
}

}  // namespace offtake::targets_test
