// date_trunc of timestamps and intervals.
#include "operators/expressions/calendar.h"
#include "operators/expressions/kernel.h"
#include "operators/expressions/time_unit.h"

namespace offtake::expressions {
namespace {

using types::Interval;
using types::TypeId;

// The first year of the decade, century or millennium, with PostgreSQL's counting of years before 1 AD.
std::int64_t first_year_of(TimeUnit unit, std::int64_t year) {
  switch (unit) {
    case TimeUnit::kDecade:
      return year > 0 ? year / 10 * 10 : -((8 - (year - 1)) / 10) * 10;
    case TimeUnit::kCentury:
      return year > 0 ? (year + 99) / 100 * 100 - 99 : -((99 - (year - 1)) / 100) * 100 + 1;
    case TimeUnit::kMillennium:
      return year > 0 ? (year + 999) / 1000 * 1000 - 999 : -((999 - (year - 1)) / 1000) * 1000 + 1;
    default:
      return year;
  }
}

std::int64_t trunc_days(TimeUnit unit, std::int64_t days) {
  const CivilDate civil = civil_from_days(days);
  switch (unit) {
    case TimeUnit::kDay:
      return days;
    case TimeUnit::kWeek:
      return days - floor_modulo(days + 3, 7);  // 1970-01-01 was a Thursday
    case TimeUnit::kMonth:
      return days_from_civil({civil.year, civil.month, 1});
    case TimeUnit::kQuarter:
      return days_from_civil({civil.year, (civil.month - 1) / 3 * 3 + 1, 1});
    default:
      return days_from_civil({first_year_of(unit, civil.year), 1, 1});
  }
}

std::int64_t micros_of(TimeUnit unit) {
  switch (unit) {
    case TimeUnit::kMicroseconds:
      return 1;
    case TimeUnit::kMilliseconds:
      return 1000;
    case TimeUnit::kSecond:
      return kMicrosPerSecond;
    case TimeUnit::kMinute:
      return kMicrosPerMinute;
    case TimeUnit::kHour:
      return kMicrosPerHour;
    default:
      return 0;
  }
}

bool is_zone(TimeUnit unit) {
  return unit == TimeUnit::kTimezone || unit == TimeUnit::kTimezoneHour || unit == TimeUnit::kTimezoneMinute;
}

// The unit of a row; nullopt after reporting.
std::optional<TimeUnit> unit_at(const Invocation& call, std::size_t row) {
  const std::string_view text = call.arguments[0].text(row);
  const types::Type& type = call.arguments[1].column->type();
  const auto unit = parse_trunc_unit(text);
  if (!unit) {
    call.fail(row, unit_not_recognized(text, type));
  } else if (is_zone(*unit) || (type.id == TypeId::kInterval && *unit == TimeUnit::kWeek)) {
    call.fail(row, unit_not_supported(text, type));
    return std::nullopt;
  }
  return unit;
}

// The unit is usually one literal: it is looked up once.
class Units {
 public:
  explicit Units(const Invocation& call) : call_(call) {}
  std::optional<TimeUnit> at(std::size_t row) {
    if (!call_.arguments[0].constant || !known_) known_ = unit_at(call_, row);
    return known_;
  }

 private:
  const Invocation& call_;
  std::optional<TimeUnit> known_;
};

types::ColumnPtr trunc_timestamp(const Invocation& call) {
  const Operand& operand = call.arguments[1];
  const auto* values = operand.values<std::int64_t>();
  Units units(call);
  return map_valid_rows<std::int64_t>(call, [&](auto&, std::size_t row, std::int64_t& out) {
    const auto unit = units.at(row);
    if (!unit) return false;
    const std::int64_t value = values[operand.at(row)];
    out = value;
    if (const std::int64_t micros = micros_of(*unit); micros > 0) {
      if (!__builtin_mul_overflow(floor_divide(value, micros), micros, &out)) return true;
      call.fail(row, "timestamp out of range");
      return false;
    }
    const std::int64_t days = trunc_days(*unit, floor_divide(value, kMicrosPerDay));
    if (days < types::kFirstDay) {
      call.fail(row, "timestamp out of range");
      return false;
    }
    out = days * kMicrosPerDay;
    return true;
  });
}

std::int32_t trunc_months(TimeUnit unit, std::int32_t months) {
  const auto to = [months](int size) { return months / size * size; };
  switch (unit) {
    case TimeUnit::kMillennium:
      return to(12'000);
    case TimeUnit::kCentury:
      return to(1200);
    case TimeUnit::kDecade:
      return to(120);
    case TimeUnit::kYear:
      return to(12);
    case TimeUnit::kQuarter:
      return to(3);
    default:
      return months;
  }
}

types::ColumnPtr trunc_interval(const Invocation& call) {
  const Operand& operand = call.arguments[1];
  const auto* values = operand.values<Interval>();
  Units units(call);
  return map_valid_rows<Interval>(call, [&](auto&, std::size_t row, Interval& out) {
    const auto unit = units.at(row);
    if (!unit) return false;
    out = values[operand.at(row)];
    if (const std::int64_t micros = micros_of(*unit); micros > 0) {
      out.micros = out.micros / micros * micros;
      return true;
    }
    out.micros = 0;
    if (*unit != TimeUnit::kDay) {
      out.days = 0;
      out.months = trunc_months(*unit, out.months);
    }
    return true;
  });
}

}  // namespace

void add_time(KernelTable& table) {
  table.add("date_trunc", {TypeId::kText, TypeId::kTimestamp}, trunc_timestamp);
  table.add("date_trunc", {TypeId::kText, TypeId::kTimestampTz}, trunc_timestamp);
  table.add("date_trunc", {TypeId::kText, TypeId::kInterval}, trunc_interval);
  add_extract(table);
}

}  // namespace offtake::expressions
