// Exact decimal arithmetic; the rules are in schemas/types/numeric.h.
#include <algorithm>

#include "operators/expressions/kernel.h"

namespace offtake::expressions {
namespace {

using types::Numeric;
using types::TypeId;

using Operation = base::Result<Numeric> (*)(const Numeric&, const Numeric&, types::Arena&);

template <Operation apply>
types::ColumnPtr binary(const Invocation& call) {
  const Operand& left = call.arguments[0];
  const Operand& right = call.arguments[1];
  const Numeric* a = left.values<Numeric>();
  const Numeric* b = right.values<Numeric>();
  return map_valid_rows<Numeric>(call, [&](types::ColumnBuilder& builder, std::size_t row, Numeric& out) {
    auto made = apply(a[left.at(row)], b[right.at(row)], builder.arena());
    if (!made) {
      call.fail(row, made.error().message);
      return false;
    }
    // A result may be one of the arguments itself.
    out = made->kind == Numeric::Kind::kBig ? types::copy(*made, builder.arena()) : *made;
    return true;
  });
}

template <Numeric (*apply)(const Numeric&)>
types::ColumnPtr unary(const Invocation& call) {
  const Operand& operand = call.arguments[0];
  const Numeric* a = operand.values<Numeric>();
  return map_valid_rows<Numeric>(call, [&](types::ColumnBuilder& builder, std::size_t row, Numeric& out) {
    out = types::copy(apply(a[operand.at(row)]), builder.arena());
    return true;
  });
}

constexpr int kMaxRoundingDigits = 2000;  // PostgreSQL's bound on the second argument

types::ColumnPtr round_to(const Invocation& call) {
  const Operand& operand = call.arguments[0];
  const Numeric* a = operand.values<Numeric>();
  const bool has_scale = call.arguments.size() > 1;
  return map_valid_rows<Numeric>(call, [&](types::ColumnBuilder& builder, std::size_t row, Numeric& out) {
    int scale = 0;
    if (has_scale) {
      const Operand& digits = call.arguments[1];
      scale =
          std::clamp(digits.values<std::int32_t>()[digits.at(row)], -kMaxRoundingDigits, kMaxRoundingDigits);
    }
    auto made = types::round(a[operand.at(row)], scale, builder.arena());
    if (!made) {
      call.fail(row, made.error().message);
      return false;
    }
    out = types::copy(*made, builder.arena());
    return true;
  });
}

}  // namespace

void add_numeric(KernelTable& table) {
  const TypeId type = TypeId::kNumeric;
  table.add("+", {type, type}, binary<types::add>);
  table.add("-", {type, type}, binary<types::subtract>);
  table.add("*", {type, type}, binary<types::multiply>);
  table.add("/", {type, type}, binary<types::divide>);
  table.add("%", {type, type}, binary<types::modulo>);
  table.add("-", {type}, unary<types::negate>);
  table.add("abs", {type}, unary<types::absolute>);
  table.add("round", {type}, round_to);
  table.add("round", {type, TypeId::kInt4}, round_to);
}

}  // namespace offtake::expressions
