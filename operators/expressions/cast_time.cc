// Casts among date, time, timestamp and interval; the time zone is UTC.
#include "operators/expressions/calendar.h"
#include "operators/expressions/cast.h"

namespace offtake::expressions {
namespace {

using types::Interval;
using types::TypeId;

types::ColumnPtr date_to_timestamp(const Invocation& call) {
  const Operand& operand = call.arguments[0];
  const auto* values = operand.values<std::int32_t>();
  return map_valid_rows<std::int64_t>(call, [&](auto&, std::size_t row, std::int64_t& out) {
    const std::int32_t days = values[operand.at(row)];
    if (!__builtin_mul_overflow(std::int64_t{days}, kMicrosPerDay, &out)) return true;
    call.fail(row, "date out of range for timestamp");
    return false;
  });
}

types::ColumnPtr timestamp_to_date(const Invocation& call) {
  const Operand& operand = call.arguments[0];
  const auto* values = operand.values<std::int64_t>();
  return map_rows<std::int32_t>(call, [&](std::size_t row) {
    const std::int64_t value = values[operand.at(row)];
    return static_cast<std::int32_t>(floor_divide(value, kMicrosPerDay));
  });
}

types::ColumnPtr same_micros(const Invocation& call) {
  const Operand& operand = call.arguments[0];
  const auto* values = operand.values<std::int64_t>();
  return map_rows<std::int64_t>(call, [&](std::size_t row) { return values[operand.at(row)]; });
}

types::ColumnPtr timestamp_to_time(const Invocation& call) {
  const Operand& operand = call.arguments[0];
  const auto* values = operand.values<std::int64_t>();
  return map_rows<std::int64_t>(
      call, [&](std::size_t row) { return floor_modulo(values[operand.at(row)], kMicrosPerDay); });
}

types::ColumnPtr time_to_interval(const Invocation& call) {
  const Operand& operand = call.arguments[0];
  const auto* values = operand.values<std::int64_t>();
  return map_rows<Interval>(call, [&](std::size_t row) { return Interval{0, 0, values[operand.at(row)]}; });
}

types::ColumnPtr interval_to_time(const Invocation& call) {
  const Operand& operand = call.arguments[0];
  const auto* values = operand.values<Interval>();
  return map_rows<std::int64_t>(
      call, [&](std::size_t row) { return floor_modulo(values[operand.at(row)].micros, kMicrosPerDay); });
}

}  // namespace

Kernel find_time_cast(TypeId from, TypeId to) {
  using enum TypeId;
  if (from == kDate && (to == kTimestamp || to == kTimestampTz)) return date_to_timestamp;
  const bool is_timestamp = from == kTimestamp || from == kTimestampTz;
  if (is_timestamp && to == kDate) return timestamp_to_date;
  if (is_timestamp && to == kTime) return timestamp_to_time;
  if (is_timestamp && (to == kTimestamp || to == kTimestampTz)) return same_micros;
  if (from == kTime && to == kInterval) return time_to_interval;
  if (from == kInterval && to == kTime) return interval_to_time;
  return nullptr;
}

}  // namespace offtake::expressions
