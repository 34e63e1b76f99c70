// Casts among integers, floats, numeric and boolean.
#include <cmath>
#include <cstdlib>
#include <limits>
#include <utility>

#include "operators/expressions/cast.h"

namespace offtake::expressions {
namespace {

using types::Numeric;
using types::TypeId;

template <class T>
constexpr const char* type_name() {
  return sizeof(T) == 4 ? "integer" : "bigint";
}

template <class T>
std::string out_of_range() {
  return std::string(type_name<T>()) + " out of range";
}

// Integers to wider integers and to floats, booleans to integers: never fails.
template <class From, class To>
types::ColumnPtr convert(const Invocation& call) {
  const Operand& operand = call.arguments[0];
  const From* values = operand.values<From>();
  return map_rows<To>(call, [&](std::size_t row) { return static_cast<To>(values[operand.at(row)]); });
}

types::ColumnPtr int_to_boolean(const Invocation& call) {
  const Operand& operand = call.arguments[0];
  const auto* values = operand.values<std::int32_t>();
  return map_rows<std::uint8_t>(call, [&](std::size_t row) { return values[operand.at(row)] != 0; });
}

types::ColumnPtr narrow(const Invocation& call) {
  const Operand& operand = call.arguments[0];
  const auto* values = operand.values<std::int64_t>();
  return map_valid_rows<std::int32_t>(call, [&](auto&, std::size_t row, std::int32_t& out) {
    const std::int64_t value = values[operand.at(row)];
    if (!std::in_range<std::int32_t>(value)) {
      call.fail(row, out_of_range<std::int32_t>());
      return false;
    }
    out = static_cast<std::int32_t>(value);
    return true;
  });
}

template <class From, class To>
types::ColumnPtr float_to_int(const Invocation& call) {
  const Operand& operand = call.arguments[0];
  const From* values = operand.values<From>();
  // Exact in every floating type: a power of two.
  constexpr From kEnd = -static_cast<From>(std::numeric_limits<To>::min());
  return map_valid_rows<To>(call, [&](auto&, std::size_t row, To& out) {
    const From value = std::rint(values[operand.at(row)]);
    if (!(value >= -kEnd && value < kEnd)) {
      call.fail(row, out_of_range<To>());
      return false;
    }
    out = static_cast<To>(value);
    return true;
  });
}

types::ColumnPtr narrow_float(const Invocation& call) {
  const Operand& operand = call.arguments[0];
  const double* values = operand.values<double>();
  return map_valid_rows<float>(call, [&](auto&, std::size_t row, float& out) {
    const double value = values[operand.at(row)];
    out = static_cast<float>(value);
    if (std::isinf(out) && !std::isinf(value)) {
      call.fail(row, "value out of range: overflow");
      return false;
    }
    if (out == 0 && value != 0) {
      call.fail(row, "value out of range: underflow");
      return false;
    }
    return true;
  });
}

// To numeric(precision, scale) where the result type has them.
bool finish(const Invocation& call, types::ColumnBuilder& builder, std::size_t row,
            base::Result<Numeric> made, Numeric& out) {
  if (made && call.result.precision > 0) {
    made = types::fit(*made, call.result.precision, call.result.scale, builder.arena());
  }
  if (!made) {
    call.fail(row, made.error().message);
    return false;
  }
  out = types::copy(*made, builder.arena());
  return true;
}

template <class From>
types::ColumnPtr int_to_numeric(const Invocation& call) {
  const Operand& operand = call.arguments[0];
  const From* values = operand.values<From>();
  return map_valid_rows<Numeric>(call, [&](types::ColumnBuilder& builder, std::size_t row, Numeric& out) {
    return finish(call, builder, row, Numeric::from_int(values[operand.at(row)]), out);
  });
}

// Of a float4 only 6 digits are meant.
base::Result<Numeric> to_numeric(float value, types::Arena& arena) {
  if (std::isnan(value)) return Numeric{0, 0, Numeric::Kind::kNaN, false};
  if (std::isinf(value)) {
    return Numeric{0, 0, value > 0 ? Numeric::Kind::kInfinity : Numeric::Kind::kMinusInfinity, false};
  }
  char text[64];
  std::snprintf(text, sizeof text, "%.6g", static_cast<double>(value));
  return types::parse_numeric(text, arena);
}
base::Result<Numeric> to_numeric(double value, types::Arena& arena) {
  return types::numeric_from_double(value, arena);
}

template <class From>
types::ColumnPtr float_to_numeric(const Invocation& call) {
  const Operand& operand = call.arguments[0];
  const From* values = operand.values<From>();
  return map_valid_rows<Numeric>(call, [&](types::ColumnBuilder& builder, std::size_t row, Numeric& out) {
    return finish(call, builder, row, to_numeric(values[operand.at(row)], builder.arena()), out);
  });
}

types::ColumnPtr numeric_to_numeric(const Invocation& call) {
  const Operand& operand = call.arguments[0];
  const auto* values = operand.values<Numeric>();
  return map_valid_rows<Numeric>(call, [&](types::ColumnBuilder& builder, std::size_t row, Numeric& out) {
    return finish(call, builder, row, values[operand.at(row)], out);
  });
}

template <class To>
types::ColumnPtr numeric_to_int(const Invocation& call) {
  const Operand& operand = call.arguments[0];
  const auto* values = operand.values<Numeric>();
  return map_valid_rows<To>(call, [&](auto&, std::size_t row, To& out) {
    const Numeric& value = values[operand.at(row)];
    if (value.kind != Numeric::Kind::kSmall && value.kind != Numeric::Kind::kBig) {
      const char* what = value.kind == Numeric::Kind::kNaN ? "NaN" : "infinity";
      call.fail(row, std::string("cannot convert ") + what + " to " + type_name<To>());
      return false;
    }
    const auto made = types::to_int8(value);
    if (!made || !std::in_range<To>(*made)) {
      call.fail(row, out_of_range<To>());
      return false;
    }
    out = static_cast<To>(*made);
    return true;
  });
}

template <class To>
types::ColumnPtr numeric_to_float(const Invocation& call) {
  const Operand& operand = call.arguments[0];
  const auto* values = operand.values<Numeric>();
  return map_valid_rows<To>(call, [&](auto&, std::size_t row, To& out) {
    const Numeric& value = values[operand.at(row)];
    if (value.kind != Numeric::Kind::kSmall && value.kind != Numeric::Kind::kBig) {
      out = static_cast<To>(types::to_double(value));
      return true;
    }
    const std::string text = types::to_string(value);
    if constexpr (sizeof(To) == 4) {
      out = std::strtof(text.c_str(), nullptr);
    } else {
      out = std::strtod(text.c_str(), nullptr);
    }
    if (std::isinf(out) || (out == 0 && !types::is_zero(value))) {
      call.fail(row, "\"" + text + "\" is out of range for type " +
                         (sizeof(To) == 4 ? "real" : "double precision"));
      return false;
    }
    return true;
  });
}

}  // namespace

Kernel find_number_cast(TypeId from, TypeId to) {
  using enum TypeId;
  struct Row {
    TypeId from, to;
    Kernel kernel;
  };
  static const Row kRows[] = {
      {kInt4, kInt8, convert<std::int32_t, std::int64_t>},
      {kInt4, kFloat4, convert<std::int32_t, float>},
      {kInt4, kFloat8, convert<std::int32_t, double>},
      {kInt8, kFloat4, convert<std::int64_t, float>},
      {kInt8, kFloat8, convert<std::int64_t, double>},
      {kFloat4, kFloat8, convert<float, double>},
      {kBoolean, kInt4, convert<std::uint8_t, std::int32_t>},
      {kInt4, kBoolean, int_to_boolean},
      {kInt8, kInt4, narrow},
      {kFloat8, kFloat4, narrow_float},
      {kFloat4, kInt4, float_to_int<float, std::int32_t>},
      {kFloat4, kInt8, float_to_int<float, std::int64_t>},
      {kFloat8, kInt4, float_to_int<double, std::int32_t>},
      {kFloat8, kInt8, float_to_int<double, std::int64_t>},
      {kInt4, kNumeric, int_to_numeric<std::int32_t>},
      {kInt8, kNumeric, int_to_numeric<std::int64_t>},
      {kFloat4, kNumeric, float_to_numeric<float>},
      {kFloat8, kNumeric, float_to_numeric<double>},
      {kNumeric, kNumeric, numeric_to_numeric},
      {kNumeric, kInt4, numeric_to_int<std::int32_t>},
      {kNumeric, kInt8, numeric_to_int<std::int64_t>},
      {kNumeric, kFloat4, numeric_to_float<float>},
      {kNumeric, kFloat8, numeric_to_float<double>},
  };
  for (const Row& row : kRows) {
    if (row.from == from && row.to == to) return row.kernel;
  }
  return nullptr;
}

}  // namespace offtake::expressions
