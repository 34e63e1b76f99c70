#include "controlplane/view/column_widths.h"

#include <doctest/doctest.h>

namespace offtake::test {
namespace {

using types::TypeId;

types::ColumnPtr texts(const std::vector<std::optional<std::string>>& values) {
  types::ColumnBuilder builder{types::Type(TypeId::kText)};
  for (const auto& value : values) {
    if (value) {
      builder.append_text(*value);
    } else {
      builder.append_null();
    }
  }
  return builder.finish();
}

types::ColumnPtr numbers(const std::vector<std::int64_t>& values) {
  types::ColumnBuilder builder{types::Type(TypeId::kInt8)};
  for (const std::int64_t value : values) builder.append<std::int64_t>(value);
  return builder.finish();
}

sql::DatasetSchema schema_of(std::vector<types::Field> columns) {
  sql::DatasetSchema out;
  out.columns = std::move(columns);
  return out;
}

const types::Field kNote = {"note", types::Type(TypeId::kText), true};
const sql::DatasetSchema kColumns = schema_of({{"id", types::Type(TypeId::kInt8), false}, kNote});
// address may be NULL; within it a record that may not.
const types::Type kGeo = types::Type::record({{"lat", types::Type(TypeId::kInt8), false}});
const sql::DatasetSchema kNested = schema_of(
    {{"id", types::Type(TypeId::kInt8), false},
     {"address", types::Type::record({{"city", types::Type(TypeId::kText), true}, {"geo", kGeo, false}}),
      true}});

}  // namespace

TEST_CASE("widths of records are those of Avro's encoding") {
  types::Batch rows;
  // Varints of 1, 2, 5 and 10 bytes; texts of 3 and 200 bytes with lengths of 1 and 2, and two NULLs.
  rows.columns = {numbers({1, -65, 4'000'000'000 / 8, INT64_MIN}),
                  texts({"abc", std::string(200, 'x'), {}, {}})};
  rows.rows = 4;
  const view::Widths widths = view::widths_of(kColumns, rows);
  CHECK(widths.records == 4);
  CHECK(widths.columns.at("id") == doctest::Approx((1 + 2 + 5 + 10) / 4.0));
  CHECK(widths.columns.at("note") == doctest::Approx((4 * 1 + 4 + 202) / 4.0));
  CHECK(widths.whole() == doctest::Approx(18 / 4.0 + 210 / 4.0));
}

TEST_CASE("a record takes what its fields take, and a query what it takes of them") {
  const auto measured = view::measured_columns(kNested);
  REQUIRE(measured.size() == 3);
  CHECK(measured[1].name == "address.city");
  CHECK(measured[2].name == "address.geo.lat");
  types::Batch rows;
  rows.columns = {numbers({1, 1}), texts({"abc", std::string(199, 'x')}), numbers({-65, 1})};
  rows.rows = 2;
  const view::Widths widths = view::widths_of(kNested, rows);
  CHECK(widths.columns.at("address.city") == doctest::Approx(1 + (4 + 201) / 2.0));
  CHECK(widths.columns.at("address.geo") == doctest::Approx(1.5));
  CHECK(widths.columns.at("address") == doctest::Approx(1 + 1 + 205 / 2.0 + 1.5));
  CHECK(widths.whole() == doctest::Approx(1 + widths.columns.at("address")));
  CHECK(widths.of({"address.geo.lat"}) == doctest::Approx(1.5));
  CHECK(widths.of({"id", "address.city", "address.geo.lat"}) < widths.whole());
  // What lies within something else that is read is not counted again.
  CHECK(widths.of({"address.geo.lat", "id", "address", "address.geo"}) == doctest::Approx(widths.whole()));
}

TEST_CASE("a record of the record key is measured whole") {
  sql::DatasetSchema schema = kNested;
  schema.key = {"address"};
  schema.key_in_value = false;
  CHECK(view::measured_columns(schema).size() == 2);
  CHECK_FALSE(view::widths_of(schema).columns.contains("address.city"));
}

TEST_CASE("without records the types tell") {
  const view::Widths widths = view::widths_of(kColumns);
  CHECK(widths.records == 0);
  CHECK(widths.columns.at("note") > widths.columns.at("id"));
  types::Batch none;
  CHECK(view::widths_of(kColumns, none).columns == widths.columns);
}

}  // namespace offtake::test
