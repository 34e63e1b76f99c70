// Whatever the function table promises can be built.
#include <doctest/doctest.h>

#include "operators/expressions/evaluator.h"
#include "operators/expressions/kernel.h"

namespace offtake::test {
namespace {

constexpr int kTypes = static_cast<int>(types::TypeId::kMap) + 1;

bool has_no_casts(types::TypeId id) {
  return id == types::TypeId::kArray || id == types::TypeId::kRecord || id == types::TypeId::kMap;
}

}  // namespace

TEST_CASE("every signature has a kernel") {
  for (const plan::Signature& signature : plan::all_signatures()) {
    const bool found = expressions::find_kernel(signature.name, signature.arguments) != nullptr;
    CHECK_MESSAGE(found, signature.name);
    CHECK_MESSAGE(plan::find_signature(signature.name, signature.arguments) == &signature,
                  signature.name << " is in the table twice");
    CHECK_MESSAGE(signature.strict, signature.name << ": kernels are strict, and rewrites rely on it");
  }
}

TEST_CASE("every cast has a kernel") {
  for (int from = 0; from < kTypes; ++from) {
    for (int to = 0; to < kTypes; ++to) {
      const types::Type a(static_cast<types::TypeId>(from)), b(static_cast<types::TypeId>(to));
      if (has_no_casts(a.id) || has_no_casts(b.id)) continue;
      const bool allowed = plan::cast_kind(a, b) != plan::CastKind::kNone;
      CHECK_MESSAGE((expressions::find_cast(a, b) != nullptr) == allowed,
                    types::to_string(a) << " to " << types::to_string(b));
    }
  }
}

TEST_CASE("a job file of another version is refused") {
  const auto column = plan::column(0, types::Type(types::TypeId::kInt4), true);
  const auto call = std::make_shared<const plan::Expression>(
      plan::Expression{plan::Call{"frobnicate", {column}}, types::Type(types::TypeId::kInt4), true, -1});
  const auto built = expressions::Evaluator::build(call);
  REQUIRE(!built.ok());
  CHECK(built.error().code == "UnsupportedExpression");
}

TEST_CASE("select keeps the rows that are true") {
  types::ColumnBuilder builder{types::Type(types::TypeId::kInt4)};
  for (int value : {5, 0, 7}) builder.append<std::int32_t>(value);
  builder.append_null();
  const types::Batch batch{{builder.finish()}, {}, 4};
  // 10 / c > 1: true, raises, false, NULL.
  const types::Type int4(types::TypeId::kInt4), boolean(types::TypeId::kBoolean);
  const auto divide = std::make_shared<const plan::Expression>(plan::Expression{
      plan::Call{"/", {plan::literal(types::Datum::int4(10)), plan::column(0, int4, true)}}, int4, true, -1});
  const auto greater = std::make_shared<const plan::Expression>(
      plan::Expression{plan::Call{">", {divide, plan::literal(types::Datum::int4(1))}}, boolean, true, -1});
  auto evaluator = expressions::Evaluator::build(greater);
  REQUIRE(evaluator.ok());
  std::vector<std::uint32_t> rows;
  std::vector<expressions::RowError> errors;
  (*evaluator)->select(batch, rows, errors);
  CHECK(rows == std::vector<std::uint32_t>{0});
  REQUIRE(errors.size() == 1);
  CHECK(errors[0].row == 1);
  CHECK(errors[0].message == "division by zero");
}

}  // namespace offtake::test
