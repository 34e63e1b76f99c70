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

const std::vector<types::Field> kColumns = {{"id", types::Type(TypeId::kInt8), false},
                                            {"note", types::Type(TypeId::kText), true}};

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

TEST_CASE("without records the types tell") {
  const view::Widths widths = view::widths_of(kColumns);
  CHECK(widths.records == 0);
  CHECK(widths.columns.at("note") > widths.columns.at("id"));
  types::Batch none;
  CHECK(view::widths_of(kColumns, none).columns == widths.columns);
}

}  // namespace offtake::test
