// Dates, timestamps and intervals added and subtracted, in UTC.
#include <algorithm>

#include "operators/expressions/calendar.h"
#include "operators/expressions/kernel.h"

namespace offtake::expressions {
namespace {

using types::Interval;
using types::TypeId;

constexpr const char* kTimestampRange = "timestamp out of range";
constexpr const char* kIntervalRange = "interval out of range";

bool fail(const Invocation& call, std::size_t row, const char* message) {
  call.fail(row, message);
  return false;
}

// Months first, then days, then the time; the last day of a month stays within its month.
const char* add(std::int64_t timestamp, const Interval& interval, std::int64_t& out) {
  out = timestamp;
  std::int64_t days = floor_divide(timestamp, kMicrosPerDay);
  const std::int64_t micros = timestamp - days * kMicrosPerDay;
  if (interval.months != 0) {
    CivilDate civil = civil_from_days(days);
    const std::int64_t month = civil.year * 12 + civil.month - 1 + interval.months;
    civil.year = floor_divide(month, 12);
    civil.month = static_cast<int>(floor_modulo(month, 12)) + 1;
    civil.day = std::min(civil.day, types::days_in_month(civil.year, civil.month));
    days = days_from_civil(civil);
  }
  days += interval.days;
  std::int64_t sum = 0;
  if (__builtin_mul_overflow(days, kMicrosPerDay, &sum) || __builtin_add_overflow(sum, micros, &sum) ||
      __builtin_add_overflow(sum, interval.micros, &sum) || sum < kFirstTimestamp) {
    return kTimestampRange;
  }
  out = sum;
  return nullptr;
}

bool negate(const Interval& value, Interval& out) {
  return !__builtin_sub_overflow(0, value.months, &out.months) &&
         !__builtin_sub_overflow(0, value.days, &out.days) &&
         !__builtin_sub_overflow(std::int64_t{0}, value.micros, &out.micros);
}

template <class T, bool subtract>
types::ColumnPtr shift(const Invocation& call) {
  const Operand& left = call.arguments[0];
  const Operand& right = call.arguments[1];
  const T* values = left.values<T>();
  const auto* intervals = right.values<Interval>();
  return map_valid_rows<std::int64_t>(call, [&](auto&, std::size_t row, std::int64_t& out) {
    Interval interval = intervals[right.at(row)];
    if (subtract && !negate(interval, interval)) return fail(call, row, kIntervalRange);
    std::int64_t timestamp = values[left.at(row)];
    if constexpr (sizeof(T) == 4) {
      if (__builtin_mul_overflow(timestamp, kMicrosPerDay, &timestamp)) {
        return fail(call, row, "date out of range for timestamp");
      }
    }
    const char* error = add(timestamp, interval, out);
    return error == nullptr || fail(call, row, error);
  });
}

template <bool subtract>
types::ColumnPtr shift_days(const Invocation& call) {
  const Operand& left = call.arguments[0];
  const Operand& right = call.arguments[1];
  const auto* dates = left.values<std::int32_t>();
  const auto* counts = right.values<std::int32_t>();
  return map_valid_rows<std::int32_t>(call, [&](auto&, std::size_t row, std::int32_t& out) {
    out = dates[left.at(row)];
    const std::int64_t count = counts[right.at(row)];
    const std::int64_t sum = subtract ? out - count : out + count;
    if (sum < types::kFirstDay || sum >= types::kEndDateDay) return fail(call, row, "date out of range");
    out = static_cast<std::int32_t>(sum);
    return true;
  });
}

types::ColumnPtr days_between(const Invocation& call) {
  const Operand& left = call.arguments[0];
  const Operand& right = call.arguments[1];
  const auto* a = left.values<std::int32_t>();
  const auto* b = right.values<std::int32_t>();
  return map_valid_rows<std::int32_t>(call, [&](auto&, std::size_t row, std::int32_t& out) {
    // The two ends of the range are further apart than 32 bits: PostgreSQL wraps, too.
    out = static_cast<std::int32_t>(static_cast<std::uint32_t>(a[left.at(row)]) -
                                    static_cast<std::uint32_t>(b[right.at(row)]));
    return true;
  });
}

types::ColumnPtr time_between(const Invocation& call) {
  const Operand& left = call.arguments[0];
  const Operand& right = call.arguments[1];
  const auto* a = left.values<std::int64_t>();
  const auto* b = right.values<std::int64_t>();
  return map_valid_rows<Interval>(call, [&](auto&, std::size_t row, Interval& out) {
    const std::int64_t from = b[right.at(row)], to = a[left.at(row)];
    std::int64_t micros = 0;
    if (__builtin_sub_overflow(to, from, &micros)) return fail(call, row, kIntervalRange);
    out.days = static_cast<std::int32_t>(micros / kMicrosPerDay);
    out.micros = micros % kMicrosPerDay;
    return true;
  });
}

template <bool subtract>
types::ColumnPtr combine(const Invocation& call) {
  const Operand& left = call.arguments[0];
  const Operand& right = call.arguments[1];
  const auto* a = left.values<Interval>();
  const auto* b = right.values<Interval>();
  return map_valid_rows<Interval>(call, [&](auto&, std::size_t row, Interval& out) {
    const Interval& x = a[left.at(row)];
    const Interval& y = b[right.at(row)];
    const auto overflow = [](auto p, auto q, auto& sum) {
      return subtract ? __builtin_sub_overflow(p, q, &sum) : __builtin_add_overflow(p, q, &sum);
    };
    if (overflow(x.months, y.months, out.months) || overflow(x.days, y.days, out.days) ||
        overflow(x.micros, y.micros, out.micros)) {
      return fail(call, row, kIntervalRange);
    }
    return true;
  });
}

types::ColumnPtr negate_interval(const Invocation& call) {
  const Operand& operand = call.arguments[0];
  const auto* values = operand.values<Interval>();
  return map_valid_rows<Interval>(call, [&](auto&, std::size_t row, Interval& out) {
    return negate(values[operand.at(row)], out) || fail(call, row, kIntervalRange);
  });
}

}  // namespace

void add_time_arithmetic(KernelTable& table) {
  using enum TypeId;
  table.add("+", {kDate, kInt4}, shift_days<false>);
  table.add("-", {kDate, kInt4}, shift_days<true>);
  table.add("-", {kDate, kDate}, days_between);
  table.add("+", {kDate, kInterval}, shift<std::int32_t, false>);
  table.add("-", {kDate, kInterval}, shift<std::int32_t, true>);
  for (TypeId type : {kTimestamp, kTimestampTz}) {
    table.add("+", {type, kInterval}, shift<std::int64_t, false>);
    table.add("-", {type, kInterval}, shift<std::int64_t, true>);
    table.add("-", {type, type}, time_between);
  }
  table.add("+", {kInterval, kInterval}, combine<false>);
  table.add("-", {kInterval, kInterval}, combine<true>);
  table.add("-", {kInterval}, negate_interval);
}

}  // namespace offtake::expressions
