// Order and equality of values. jsonb, arrays, records and maps are ordered by the bytes of their canonical
// text; PostgreSQL has an order of its own for them, which only matters to ties.
#include "schemas/types/batch.h"
#include "schemas/types/canonical_value.h"
#include "schemas/types/jsonb.h"

namespace offtake::types {
namespace {

template <class T>
int order(const T& a, const T& b) {
  return a < b ? -1 : b < a ? 1 : 0;
}

template <class T>
int order_floats(T a, T b) {
  if (std::isnan(a) || std::isnan(b)) return order(std::isnan(a), std::isnan(b));
  return order(a, b);
}

int order_text(std::string_view a, std::string_view b) {
  return order(a.compare(b), 0);
}

template <class T>
int order_at(const Column& a, std::size_t row_a, const Column& b, std::size_t row_b) {
  return order(a.values<T>()[row_a], b.values<T>()[row_b]);
}

}  // namespace

int compare(const Interval& a, const Interval& b) {
  return order(total_micros(a), total_micros(b));
}

int compare_values(const Column& a, std::size_t row_a, const Column& b, std::size_t row_b) {
  const bool null_a = a.is_null(row_a);
  const bool null_b = b.is_null(row_b);
  if (null_a || null_b) return order(null_a, null_b);
  switch (a.physical()) {
    case Physical::kBool:
      return order_at<std::uint8_t>(a, row_a, b, row_b);
    case Physical::kInt32:
      return order_at<std::int32_t>(a, row_a, b, row_b);
    case Physical::kInt64:
      return order_at<std::int64_t>(a, row_a, b, row_b);
    case Physical::kFloat32:
      return order_floats(a.values<float>()[row_a], b.values<float>()[row_b]);
    case Physical::kFloat64:
      return order_floats(a.values<double>()[row_a], b.values<double>()[row_b]);
    case Physical::kNumeric:
      return compare(a.values<Numeric>()[row_a], b.values<Numeric>()[row_b]);
    case Physical::kInterval:
      return compare(a.values<Interval>()[row_a], b.values<Interval>()[row_b]);
    case Physical::kUuid:
      return order(std::memcmp(a.raw(row_a), b.raw(row_b), sizeof(Uuid)), 0);
    case Physical::kString: {
      if (!is_nested(a.type().id)) return order_text(a.text(row_a), b.text(row_b));
      std::string scratch_a;
      std::string scratch_b;
      return order_text(jsonb_key(a.text(row_a), scratch_a), jsonb_key(b.text(row_b), scratch_b));
    }
  }
  return 0;
}

bool equal_values(const Column& a, std::size_t row_a, const Column& b, std::size_t row_b) {
  return compare_values(a, row_a, b, row_b) == 0;
}

}  // namespace offtake::types
