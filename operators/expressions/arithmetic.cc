// Arithmetic on integers and floats, with PostgreSQL's checks and messages.
#include <cmath>
#include <limits>

#include "operators/expressions/kernel.h"

namespace offtake::expressions {
namespace {

using types::TypeId;

constexpr const char* kDivisionByZero = "division by zero";
constexpr const char* kOverflow = "value out of range: overflow";
constexpr const char* kUnderflow = "value out of range: underflow";

template <class T>
constexpr const char* out_of_range() {
  return sizeof(T) == 4 ? "integer out of range" : "bigint out of range";
}

// Each operation gives a message where it fails, else null and the value.
template <class T>
struct Add {
  static const char* apply(T a, T b, T& out) {
    return __builtin_add_overflow(a, b, &out) ? out_of_range<T>() : nullptr;
  }
};
template <class T>
struct Subtract {
  static const char* apply(T a, T b, T& out) {
    return __builtin_sub_overflow(a, b, &out) ? out_of_range<T>() : nullptr;
  }
};
template <class T>
struct Multiply {
  static const char* apply(T a, T b, T& out) {
    return __builtin_mul_overflow(a, b, &out) ? out_of_range<T>() : nullptr;
  }
};
template <class T>
struct Divide {
  static const char* apply(T a, T b, T& out) {
    if (b == 0) return kDivisionByZero;
    if (b == -1) return __builtin_sub_overflow(T{0}, a, &out) ? out_of_range<T>() : nullptr;
    out = a / b;
    return nullptr;
  }
};
template <class T>
struct Modulo {
  static const char* apply(T a, T b, T& out) {
    if (b == 0) return kDivisionByZero;
    out = b == -1 ? 0 : a % b;
    return nullptr;
  }
};

template <class T>
const char* check_overflow(T a, T b, T out) {
  return std::isinf(out) && !std::isinf(a) && !std::isinf(b) ? kOverflow : nullptr;
}
template <class T>
struct AddFloat {
  static const char* apply(T a, T b, T& out) {
    out = a + b;
    return check_overflow(a, b, out);
  }
};
template <class T>
struct SubtractFloat {
  static const char* apply(T a, T b, T& out) {
    out = a - b;
    return check_overflow(a, b, out);
  }
};
template <class T>
struct MultiplyFloat {
  static const char* apply(T a, T b, T& out) {
    out = a * b;
    if (out == 0 && a != 0 && b != 0) return kUnderflow;
    return check_overflow(a, b, out);
  }
};
template <class T>
struct DivideFloat {
  static const char* apply(T a, T b, T& out) {
    if (b == 0 && !std::isnan(a)) return kDivisionByZero;
    out = a / b;
    if (std::isinf(out) && !std::isinf(a)) return kOverflow;
    return out == 0 && a != 0 && !std::isinf(b) ? kUnderflow : nullptr;
  }
};

template <class T, class Operation>
types::ColumnPtr binary(const Invocation& call) {
  const Operand& left = call.arguments[0];
  const Operand& right = call.arguments[1];
  const T* a = left.values<T>();
  const T* b = right.values<T>();
  std::vector<std::size_t> failed;
  types::ColumnBuilder builder(call.result);
  T* out = builder.grow<T>(call.size());
  for (std::size_t row = 0; row < call.size(); ++row) {
    const char* error = Operation::apply(a[left.at(row)], b[right.at(row)], out[row]);
    if (error == nullptr) [[likely]]
      continue;
    out[row] = 0;
    if (call.any_null(row)) continue;
    failed.push_back(row);
    call.fail(row, error);
  }
  for (std::size_t row : failed) builder.set_null(row);
  set_nulls(call, builder);
  return builder.finish();
}

template <class T>
types::ColumnPtr negate(const Invocation& call) {
  const T* a = call.arguments[0].values<T>();
  const Operand& operand = call.arguments[0];
  if constexpr (std::is_floating_point_v<T>) {
    return map_rows<T>(call, [&](std::size_t row) { return -a[operand.at(row)]; });
  } else {
    return map_valid_rows<T>(call, [&](auto&, std::size_t row, T& out) {
      if (!__builtin_sub_overflow(T{0}, a[operand.at(row)], &out)) return true;
      call.fail(row, out_of_range<T>());
      return false;
    });
  }
}

template <class T>
types::ColumnPtr absolute(const Invocation& call) {
  const T* a = call.arguments[0].values<T>();
  const Operand& operand = call.arguments[0];
  if constexpr (std::is_floating_point_v<T>) {
    return map_rows<T>(call, [&](std::size_t row) { return std::fabs(a[operand.at(row)]); });
  } else {
    return map_valid_rows<T>(call, [&](auto&, std::size_t row, T& out) {
      const T value = a[operand.at(row)];
      if (value == std::numeric_limits<T>::min()) {
        call.fail(row, out_of_range<T>());
        return false;
      }
      out = value < 0 ? -value : value;
      return true;
    });
  }
}

// Half to even, unlike numeric.
types::ColumnPtr round_float(const Invocation& call) {
  const double* a = call.arguments[0].values<double>();
  return map_rows<double>(call, [&](std::size_t row) { return std::rint(a[call.arguments[0].at(row)]); });
}

template <class T>
void add_integer(KernelTable& table, TypeId type) {
  table.add("+", {type, type}, binary<T, Add<T>>);
  table.add("-", {type, type}, binary<T, Subtract<T>>);
  table.add("*", {type, type}, binary<T, Multiply<T>>);
  table.add("/", {type, type}, binary<T, Divide<T>>);
  table.add("%", {type, type}, binary<T, Modulo<T>>);
  table.add("-", {type}, negate<T>);
  table.add("abs", {type}, absolute<T>);
}

template <class T>
void add_float(KernelTable& table, TypeId type) {
  table.add("+", {type, type}, binary<T, AddFloat<T>>);
  table.add("-", {type, type}, binary<T, SubtractFloat<T>>);
  table.add("*", {type, type}, binary<T, MultiplyFloat<T>>);
  table.add("/", {type, type}, binary<T, DivideFloat<T>>);
  table.add("-", {type}, negate<T>);
  table.add("abs", {type}, absolute<T>);
}

}  // namespace

void add_arithmetic(KernelTable& table) {
  add_integer<std::int32_t>(table, TypeId::kInt4);
  add_integer<std::int64_t>(table, TypeId::kInt8);
  add_float<float>(table, TypeId::kFloat4);
  add_float<double>(table, TypeId::kFloat8);
  table.add("round", {TypeId::kFloat8}, round_float);
}

}  // namespace offtake::expressions
