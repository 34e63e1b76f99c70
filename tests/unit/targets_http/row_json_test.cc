#include "operators/targets/http/row_json.h"

#include <doctest/doctest.h>

#include "base/json/value.h"
#include "schemas/types/jsonb.h"

using namespace offtake;
using types::Type;
using types::TypeId;

namespace {

std::string json_of(const Type& type, std::string_view text) {
  types::ColumnBuilder builder(type);
  auto read = types::append_parsed(builder, text);
  REQUIRE_MESSAGE(read.ok(), read.error().text());
  std::string out;
  targets::http::append_value(*builder.finish(), 0, out);
  CHECK(json::parse(out).ok());
  return out;
}

}  // namespace

TEST_CASE("values are exact in JSON") {
  struct Case {
    Type type;
    std::string_view text, json;
  };
  const Case cases[] = {
      {TypeId::kBoolean, "t", "true"},
      {TypeId::kInt4, "-2147483648", "-2147483648"},
      {TypeId::kInt8, "9007199254740993", "9007199254740993"},
      {TypeId::kInt8, "-9223372036854775808", "-9223372036854775808"},
      {TypeId::kFloat8, "0.1", "0.1"},
      {TypeId::kFloat8, "NaN", "\"NaN\""},
      {TypeId::kFloat8, "-Infinity", "\"-Infinity\""},
      {TypeId::kFloat4, "1.5", "1.5"},
      {Type::numeric(38, 10), "1234567890123456789012345678.0000000001",
       "\"1234567890123456789012345678.0000000001\""},
      {TypeId::kNumeric, "12.50", "\"12.50\""},
      {TypeId::kText, "a \"quoted\" \\ line\nü", "\"a \\\"quoted\\\" \\\\ line\\nü\""},
      {TypeId::kBytea, "\\x00ff10", "\"AP8Q\""},
      {TypeId::kUuid, "0fa7c1d2-0000-4000-8000-00000000000a", "\"0fa7c1d2-0000-4000-8000-00000000000a\""},
      {TypeId::kDate, "2026-11-23", "\"2026-11-23\""},
      {TypeId::kDate, "0044-03-15 BC", "\"-0043-03-15\""},
      {TypeId::kTime, "09:02:11.25", "\"09:02:11.250000\""},
      {TypeId::kTimestamp, "2026-11-23 09:02:11.25", "\"2026-11-23T09:02:11.250000\""},
      {TypeId::kTimestampTz, "2026-11-23 10:02:11.25+01", "\"2026-11-23T09:02:11.250000Z\""},
      {TypeId::kInterval, "1 mon 2 days 00:00:03.5", "\"P1M2DT3.500000S\""},
      {TypeId::kJsonb, R"({"b":1.50,"a":[12345678901234567890,null]})",
       R"({"a": [12345678901234567890, null], "b": 1.50})"},
  };
  for (const auto& one : cases) {
    CAPTURE(one.text);
    CHECK(json_of(one.type, one.text) == one.json);
  }
}

TEST_CASE("a control character in text is escaped, also one that PostgreSQL refuses") {
  types::ColumnBuilder builder{Type(TypeId::kText)};
  builder.append_text(std::string_view("a\0b\x1f", 4));
  std::string out;
  targets::http::append_value(*builder.finish(), 0, out);
  CHECK(out == "\"a\\u0000b\\u001f\"");
}

TEST_CASE("a row is one object, with its NULLs") {
  types::ColumnBuilder id{Type(TypeId::kInt8)}, name{Type(TypeId::kText)};
  id.append(std::int64_t{7});
  name.append_null();
  const std::vector<types::Field> fields = {{"id", TypeId::kInt8, false}, {"na\"me", TypeId::kText, true}};
  const types::Batch rows{{id.finish(), name.finish()}, {}, 1};
  std::string out;
  targets::http::append_row(fields, rows, 0, out);
  CHECK(out == R"({"id":7,"na\"me":null})");
}
