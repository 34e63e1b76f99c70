#include "schemas/types/batch.h"

#include <doctest/doctest.h>

#include <random>

#include "schemas/types/datum.h"
#include "schemas/types/xxh64.h"

namespace offtake::types {
namespace {

ColumnPtr column_of(const char* type, const std::vector<const char*>& values) {
  ColumnBuilder builder(*parse_type(type));
  for (const char* value : values) {
    if (value == nullptr) {
      builder.append_null();
    } else {
      REQUIRE(append_parsed(builder, value).ok());
    }
  }
  return builder.finish();
}

Batch batch_of(std::vector<ColumnPtr> columns) {
  Batch batch;
  batch.rows = columns[0]->size();
  batch.columns = std::move(columns);
  return batch;
}

std::string canonical(const Column& column, std::size_t row) {
  std::string out;
  append_canonical(column, row, out);
  return out;
}

}  // namespace

TEST_CASE("the hash is XXH64") {
  CHECK(xxh64::hash("", 0) == 0xEF46DB3751D8E999);
  CHECK(xxh64::hash("a", 0) == 0xD24EC4F1A98C6E5B);
  CHECK(xxh64::hash("abc", 0) == 0x44BC2CF5AD770999);
  const std::string text(100, 'x');
  std::uint64_t words[2] = {7, 9};
  const std::string_view bytes(reinterpret_cast<const char*>(words), 16);
  CHECK(xxh64::word(7, 5) == xxh64::hash(bytes.substr(0, 8), 5));
  CHECK(xxh64::words(7, 9, 5) == xxh64::hash(bytes, 5));
  CHECK(xxh64::nothing(5) == xxh64::hash("", 5));
}

TEST_CASE("stored hashes never change") {
  const Batch batch =
      batch_of({column_of("bigint", {"1", nullptr, "-5"}), column_of("text", {"a", "", nullptr}),
                column_of("numeric", {"1.50", "0", "-12345678901234567890123456789012345678901"})});
  Checksum checksum;
  add_to(checksum, batch);
  CHECK(checksum.rows == 3);
  CHECK(checksum.sum == 10961729574986939031U);
  CHECK(hash128_rows(batch)[0].high == 13915771432122445854U);
}

TEST_CASE("values that SQL calls equal have one canonical form and one hash, others do not") {
  struct Case {
    const char* type;
    std::vector<std::vector<const char*>> classes;  // each: spellings of one value
  };
  const std::vector<Case> cases = {
      {"numeric",
       {{"1", "1.0", "1.000"},
        {"0", "-0", "0.00"},
        {"10", "10.0"},
        {"NaN"},
        {"Infinity"},
        {"-Infinity"},
        {"123456789012345678901234567890123456789012", "123456789012345678901234567890123456789012.0"},
        {"-1"},
        {"0.1", "0.10"}}},
      {"double precision", {{"0", "-0"}, {"NaN", "nan"}, {"1"}, {"Infinity"}, {"-1"}}},
      {"real", {{"0", "-0"}, {"NaN"}, {"0.1"}}},
      {"interval",
       {{"1 mon", "30 days", "720 hours"}, {"1 day", "24:00:00"}, {"1 year", "360 days"}, {"-1 day"}}},
      {"jsonb",
       {{"1", "1.0", "1e0"},
        {"{\"a\":1,\"b\":[1.50]}", "{\"b\":[1.5],\"a\":1.0}"},
        {"\"1.0\""},
        {"\"1\""},
        {"null"},
        {"10"},
        {"0.10", "0.1"}}},
      {"text", {{""}, {"a"}, {"A"}, {"a "}, {"a longer text than twelve"}}},
      {"uuid",
       {{"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"},
        {"00000000-0000-0000-0000-000000000000"}}},
      {"date", {{"2026-01-01"}, {"1969-12-31"}}},
      {"boolean", {{"t", "true"}, {"f"}}},
  };
  for (const Case& one : cases) {
    CAPTURE(one.type);
    std::vector<const char*> values;
    std::vector<std::size_t> class_of;
    for (std::size_t i = 0; i < one.classes.size(); ++i) {
      for (const char* value : one.classes[i]) {
        values.push_back(value);
        class_of.push_back(i);
      }
    }
    values.push_back(nullptr);
    class_of.push_back(one.classes.size());
    const Batch batch = batch_of({column_of(one.type, values)});
    const auto hashes = hash_rows(batch);
    for (std::size_t a = 0; a < values.size(); ++a) {
      for (std::size_t b = 0; b < values.size(); ++b) {
        const bool same = class_of[a] == class_of[b];
        CAPTURE(a);
        CAPTURE(b);
        CHECK((canonical(*batch.columns[0], a) == canonical(*batch.columns[0], b)) == same);
        CHECK((hashes[a] == hashes[b]) == same);
        CHECK(equal_values(*batch.columns[0], a, *batch.columns[0], b) == same);
      }
    }
  }
}

TEST_CASE("order: numbers by value, text by bytes, NaN greatest, NULL last") {
  const auto ordered = [](const char* type, const std::vector<const char*>& values) {
    const ColumnPtr column = column_of(type, values);
    for (std::size_t a = 0; a < values.size(); ++a) {
      for (std::size_t b = 0; b < values.size(); ++b) {
        const int expected = a < b ? -1 : a > b ? 1 : 0;
        CHECK(compare_values(*column, a, *column, b) == expected);
      }
    }
  };
  ordered("numeric", {"-Infinity", "-100000000000000000000000000000000000000000", "-1.5", "0", "0.1", "1",
                      "99999999999999999999999999999999999999999999", "Infinity", "NaN", nullptr});
  ordered("double precision", {"-Infinity", "-1", "0", "1e-300", "2", "Infinity", "NaN", nullptr});
  ordered("text", {"", "A", "B", "a", "aa", "b", "\xc3\xa9", nullptr});
  ordered("interval", {"-1 day", "0", "29 days", "1 mon", "31 days", nullptr});
  ordered("timestamp",
          {"0044-03-15 00:00:00 BC", "1969-12-31 23:59:59.999999", "1970-01-01", "2026-01-01", nullptr});
  ordered("boolean", {"f", "t", nullptr});
  ordered("bytea", {"\\x", "\\x00", "\\x01", "\\xff", nullptr});
}

TEST_CASE("columns take, concatenate and repeat") {
  std::mt19937_64 random(1);
  for (const char* type : {"boolean", "integer", "bigint", "numeric", "text", "interval", "uuid"}) {
    CAPTURE(type);
    std::vector<ColumnPtr> parts;
    std::vector<std::string> expected;
    for (int part = 0; part < 4; ++part) {
      ColumnBuilder builder(*parse_type(type));
      for (std::size_t i = random() % 150; i > 0; --i) {
        const std::string number = std::to_string(random() % 2);
        const std::string value = std::string(type) == "uuid"   ? "0000000000000000000000000000000" + number
                                  : std::string(type) == "text" ? "a text that is long " + number
                                                                : number;
        if (part != 2 && random() % 3 == 0) {
          builder.append_null();
          expected.emplace_back("NULL");
        } else {
          REQUIRE(append_parsed(builder, value).ok());
          expected.push_back(Datum::parse(*parse_type(type), value)->to_text());
        }
      }
      parts.push_back(builder.finish());
    }
    const ColumnPtr all = Column::concatenate(parts);
    REQUIRE(all->size() == expected.size());
    std::vector<std::uint32_t> picked;
    for (std::size_t row = 0; row < expected.size(); ++row) {
      CHECK(value_text(*all, row) == expected[row]);
      if (random() % 2) picked.push_back(static_cast<std::uint32_t>(row));
    }
    const ColumnPtr some = all->take(picked);
    for (std::size_t i = 0; i < picked.size(); ++i) CHECK(value_text(*some, i) == expected[picked[i]]);
    CHECK(value_text(*all->repeat(0, 70), 69) == expected[0]);
  }
}

TEST_CASE("empty text may come without an address") {
  ColumnBuilder builder{Type(TypeId::kText)};
  builder.append_text({});
  builder.append_shared({});
  Arena arena;
  builder.append_text(arena.copy({}));
  const ColumnPtr column = builder.finish();
  for (std::size_t row = 0; row < 3; ++row) {
    CHECK_FALSE(column->is_null(row));
    CHECK(column->text(row).empty());
  }
}

TEST_CASE("a builder forgets rows, starts again, and marks grown rows NULL") {
  ColumnBuilder builder{Type(TypeId::kInt8)};
  std::int64_t* values = builder.grow<std::int64_t>(100);
  for (int i = 0; i < 100; ++i) values[i] = i;
  builder.set_null(70);
  builder.set_null(3);
  builder.truncate(70);
  builder.append<std::int64_t>(7);
  ColumnPtr column = builder.finish();
  CHECK(column->size() == 71);
  CHECK(column->is_null(3));
  CHECK_FALSE(column->is_null(70));
  CHECK(column->values<std::int64_t>()[70] == 7);
  CHECK(column->values<std::int64_t>()[3] == 0);
  builder.append_null();
  builder.truncate(0);
  builder.append<std::int64_t>(1);
  column = builder.finish();
  CHECK(column->size() == 1);
  CHECK_FALSE(column->may_have_nulls());
}

}  // namespace offtake::types
