// Comparison: = <> < <= > >= for every type that has an order. Collation C; NaN equals itself and is greater
// than all else; numeric, interval and jsonb by value.
#include <cmath>
#include <functional>

#include "operators/expressions/kernel.h"

namespace offtake::expressions {
namespace {

using types::TypeId;

template <class T>
struct Plain {
  static bool equal(const T& a, const T& b) { return a == b; }
  static bool less(const T& a, const T& b) { return a < b; }
};

template <class T>
struct Float {
  static bool equal(T a, T b) { return std::isnan(a) ? std::isnan(b) : a == b; }
  static bool less(T a, T b) { return std::isnan(b) ? !std::isnan(a) : a < b; }
};

template <class T>
struct ByCompare {
  static bool equal(const T& a, const T& b) { return types::compare(a, b) == 0; }
  static bool less(const T& a, const T& b) { return types::compare(a, b) < 0; }
};

struct Text {
  static bool equal(const types::StringRef& a, const types::StringRef& b) { return a == b; }
  static bool less(const types::StringRef& a, const types::StringRef& b) { return a.view() < b.view(); }
};

template <class T, class Order>
struct Compare {
  struct Equal {
    static bool test(const T& a, const T& b) { return Order::equal(a, b); }
  };
  struct NotEqual {
    static bool test(const T& a, const T& b) { return !Order::equal(a, b); }
  };
  struct Less {
    static bool test(const T& a, const T& b) { return Order::less(a, b); }
  };
  struct LessEqual {
    static bool test(const T& a, const T& b) { return !Order::less(b, a); }
  };
  struct Greater {
    static bool test(const T& a, const T& b) { return Order::less(b, a); }
  };
  struct GreaterEqual {
    static bool test(const T& a, const T& b) { return !Order::less(a, b); }
  };

  // A loop each for two columns and for a column with a constant, so that the compiler can make vectors of
  // it.
  template <class Test>
  static types::ColumnPtr run(const Invocation& call) {
    const T* a = call.arguments[0].values<T>();
    const T* b = call.arguments[1].values<T>();
    if (call.arguments[1].constant && !call.arguments[0].constant) {
      return map_rows<std::uint8_t>(call,
                                    [a, &right = *b](std::size_t i) { return Test::test(a[i], right); });
    }
    if (call.arguments[0].constant && !call.arguments[1].constant) {
      return map_rows<std::uint8_t>(call, [&left = *a, b](std::size_t i) { return Test::test(left, b[i]); });
    }
    return map_rows<std::uint8_t>(call, [&](std::size_t i) {
      return Test::test(a[call.arguments[0].at(i)], b[call.arguments[1].at(i)]);
    });
  }
};

template <class T, class Order>
void add_order(KernelTable& table, TypeId type) {
  using Kernels = Compare<T, Order>;
  table.add("=", {type, type}, Kernels::template run<typename Kernels::Equal>);
  table.add("<>", {type, type}, Kernels::template run<typename Kernels::NotEqual>);
  table.add("<", {type, type}, Kernels::template run<typename Kernels::Less>);
  table.add("<=", {type, type}, Kernels::template run<typename Kernels::LessEqual>);
  table.add(">", {type, type}, Kernels::template run<typename Kernels::Greater>);
  table.add(">=", {type, type}, Kernels::template run<typename Kernels::GreaterEqual>);
}

bool jsonb_equal(const Invocation& call, std::size_t row) {
  const Operand& a = call.arguments[0];
  const Operand& b = call.arguments[1];
  return types::equal_values(*a.column, a.at(row), *b.column, b.at(row));
}

types::ColumnPtr equal_jsonb(const Invocation& call) {
  return map_valid_rows<std::uint8_t>(call, [&](auto&, std::size_t row, std::uint8_t& value) {
    value = jsonb_equal(call, row);
    return true;
  });
}

types::ColumnPtr unequal_jsonb(const Invocation& call) {
  return map_valid_rows<std::uint8_t>(call, [&](auto&, std::size_t row, std::uint8_t& value) {
    value = !jsonb_equal(call, row);
    return true;
  });
}

}  // namespace

void add_comparison(KernelTable& table) {
  using enum TypeId;
  add_order<std::uint8_t, Plain<std::uint8_t>>(table, kBoolean);
  add_order<std::int32_t, Plain<std::int32_t>>(table, kInt4);
  add_order<std::int32_t, Plain<std::int32_t>>(table, kDate);
  for (TypeId type : {kInt8, kTime, kTimestamp, kTimestampTz}) {
    add_order<std::int64_t, Plain<std::int64_t>>(table, type);
  }
  add_order<float, Float<float>>(table, kFloat4);
  add_order<double, Float<double>>(table, kFloat8);
  add_order<types::Numeric, ByCompare<types::Numeric>>(table, kNumeric);
  add_order<types::Interval, ByCompare<types::Interval>>(table, kInterval);
  add_order<types::Uuid, Plain<types::Uuid>>(table, kUuid);
  add_order<types::StringRef, Text>(table, kText);
  add_order<types::StringRef, Text>(table, kBytea);
  table.add("=", {kJsonb, kJsonb}, equal_jsonb);
  table.add("<>", {kJsonb, kJsonb}, unequal_jsonb);
}

}  // namespace offtake::expressions
