// extract(unit from date, time, timestamp, interval): numeric, with PostgreSQL 15's scales.
#include "operators/expressions/calendar.h"
#include "operators/expressions/kernel.h"
#include "operators/expressions/time_unit.h"

namespace offtake::expressions {
namespace {

using types::Interval;
using types::Numeric;
using types::TypeId;

constexpr std::int64_t kJulianOfEpoch = 2'440'588;

// A value, or nothing where the type has no such unit.
struct Extracted {
  bool supported = false;
  Numeric value;

  static Extracted number(std::int64_t value, int scale = 0) {
    return {true, Numeric{value, scale, Numeric::Kind::kSmall, false}};
  }
};

// ISO 8601: the week that has the year's first Thursday is its first.
struct IsoWeek {
  std::int64_t year;
  int week;
};
IsoWeek iso_week(std::int64_t days) {
  const std::int64_t thursday = days - floor_modulo(days + 3, 7) + 3;
  const std::int64_t year = civil_from_days(thursday).year;
  return {year, static_cast<int>((thursday - days_from_civil({year, 1, 1})) / 7 + 1)};
}

// There is no year 0.
std::int64_t shown_year(std::int64_t year) {
  return year > 0 ? year : year - 1;
}

Extracted from_days(TimeUnit unit, std::int64_t days) {
  const CivilDate civil = civil_from_days(days);
  const std::int64_t year = civil.year;
  switch (unit) {
    case TimeUnit::kDay:
      return Extracted::number(civil.day);
    case TimeUnit::kMonth:
      return Extracted::number(civil.month);
    case TimeUnit::kQuarter:
      return Extracted::number((civil.month - 1) / 3 + 1);
    case TimeUnit::kWeek:
      return Extracted::number(iso_week(days).week);
    case TimeUnit::kYear:
      return Extracted::number(shown_year(year));
    case TimeUnit::kIsoYear:
      return Extracted::number(shown_year(iso_week(days).year));
    case TimeUnit::kDecade:
      return Extracted::number(year >= 0 ? year / 10 : -((8 - (year - 1)) / 10));
    case TimeUnit::kCentury:
      return Extracted::number(year > 0 ? (year + 99) / 100 : -((99 - (year - 1)) / 100));
    case TimeUnit::kMillennium:
      return Extracted::number(year > 0 ? (year + 999) / 1000 : -((999 - (year - 1)) / 1000));
    case TimeUnit::kDayOfWeek:
      return Extracted::number(floor_modulo(days + 4, 7));
    case TimeUnit::kIsoDayOfWeek:
      return Extracted::number(floor_modulo(days + 3, 7) + 1);
    case TimeUnit::kDayOfYear:
      return Extracted::number(days - days_from_civil({year, 1, 1}) + 1);
    default:
      return {};
  }
}

Extracted from_micros_of_day(TimeUnit unit, std::int64_t micros) {
  switch (unit) {
    case TimeUnit::kMicroseconds:
      return Extracted::number(micros % kMicrosPerMinute);
    case TimeUnit::kMilliseconds:
      return Extracted::number(micros % kMicrosPerMinute, 3);
    case TimeUnit::kSecond:
      return Extracted::number(micros % kMicrosPerMinute, 6);
    case TimeUnit::kMinute:
      return Extracted::number(micros / kMicrosPerMinute % 60);
    case TimeUnit::kHour:
      return Extracted::number(micros / kMicrosPerHour);
    default:
      return {};
  }
}

Extracted from_date(TimeUnit unit, std::int32_t days) {
  if (unit == TimeUnit::kEpoch) return Extracted::number(days * (kMicrosPerDay / kMicrosPerSecond));
  if (unit == TimeUnit::kJulian) return Extracted::number(days + kJulianOfEpoch);
  return from_days(unit, days);
}

Extracted from_timestamp(TimeUnit unit, std::int64_t value, TypeId type, types::Arena& arena) {
  const std::int64_t days = floor_divide(value, kMicrosPerDay);
  const std::int64_t micros = value - days * kMicrosPerDay;
  switch (unit) {
    case TimeUnit::kEpoch:
      return Extracted::number(value, 6);
    case TimeUnit::kJulian: {
      auto part = types::divide(Numeric::from_int(micros), Numeric::from_int(kMicrosPerDay), arena);
      if (!part) return {};
      auto sum = types::add(Numeric::from_int(days + kJulianOfEpoch), *part, arena);
      if (!sum) return {};
      return {true, *sum};
    }
    case TimeUnit::kTimezone:
    case TimeUnit::kTimezoneHour:
    case TimeUnit::kTimezoneMinute:
      return type == TypeId::kTimestampTz ? Extracted::number(0) : Extracted{};
    case TimeUnit::kMicroseconds:
    case TimeUnit::kMilliseconds:
    case TimeUnit::kSecond:
    case TimeUnit::kMinute:
    case TimeUnit::kHour:
      return from_micros_of_day(unit, micros);
    default:
      return from_days(unit, days);
  }
}

Extracted from_time(TimeUnit unit, std::int64_t micros) {
  if (unit == TimeUnit::kEpoch) return Extracted::number(micros, 6);
  return from_micros_of_day(unit, micros);
}

Extracted from_interval(TimeUnit unit, const Interval& value) {
  const std::int64_t year = value.months / 12;
  switch (unit) {
    case TimeUnit::kMicroseconds:
    case TimeUnit::kMilliseconds:
    case TimeUnit::kSecond:
    case TimeUnit::kMinute:
    case TimeUnit::kHour:
      return from_micros_of_day(unit, value.micros);
    case TimeUnit::kDay:
      return Extracted::number(value.days);
    case TimeUnit::kMonth:
      return Extracted::number(value.months % 12);
    case TimeUnit::kQuarter:
      return Extracted::number(value.months % 12 / 3 + 1);
    case TimeUnit::kYear:
      return Extracted::number(year);
    case TimeUnit::kDecade:
      return Extracted::number(year / 10);
    case TimeUnit::kCentury:
      return Extracted::number(year / 100);
    case TimeUnit::kMillennium:
      return Extracted::number(year / 1000);
    case TimeUnit::kEpoch: {
      // A year has 365.25 days here; quarters of a day keep it exact.
      const std::int64_t quarter_days =
          std::int64_t{1461} * year + std::int64_t{120} * (value.months % 12) + std::int64_t{4} * value.days;
      const __int128 micros = static_cast<__int128>(quarter_days) * (kMicrosPerDay / 4) + value.micros;
      return {true, Numeric{micros, 6, Numeric::Kind::kSmall, false}};
    }
    default:
      return {};
  }
}

template <class T, class From>
types::ColumnPtr extract(const Invocation& call, From from) {
  const Operand& operand = call.arguments[1];
  const T* values = operand.values<T>();
  std::optional<TimeUnit> constant;
  if (call.arguments[0].constant && !call.arguments[0].is_null(0)) {
    constant = parse_extract_unit(call.arguments[0].text(0));
  }
  return map_valid_rows<Numeric>(call, [&](types::ColumnBuilder& builder, std::size_t row, Numeric& out) {
    const std::string_view text = call.arguments[0].text(row);
    const auto unit = constant ? constant : parse_extract_unit(text);
    if (!unit) {
      call.fail(row, unit_not_recognized(text, operand.column->type()));
      return false;
    }
    const Extracted made = from(*unit, values[operand.at(row)], builder.arena());
    if (!made.supported) {
      call.fail(row, unit_not_supported(text, operand.column->type()));
    }
    out = made.value;
    return made.supported;
  });
}

types::ColumnPtr extract_date(const Invocation& call) {
  return extract<std::int32_t>(
      call, [](TimeUnit unit, std::int32_t value, types::Arena&) { return from_date(unit, value); });
}

types::ColumnPtr extract_time(const Invocation& call) {
  return extract<std::int64_t>(
      call, [](TimeUnit unit, std::int64_t value, types::Arena&) { return from_time(unit, value); });
}

template <TypeId type>
types::ColumnPtr extract_timestamp(const Invocation& call) {
  return extract<std::int64_t>(call, [](TimeUnit unit, std::int64_t value, types::Arena& arena) {
    return from_timestamp(unit, value, type, arena);
  });
}

types::ColumnPtr extract_interval(const Invocation& call) {
  return extract<Interval>(
      call, [](TimeUnit unit, const Interval& value, types::Arena&) { return from_interval(unit, value); });
}

}  // namespace

void add_extract(KernelTable& table) {
  using enum TypeId;
  table.add("extract", {kText, kDate}, extract_date);
  table.add("extract", {kText, kTime}, extract_time);
  table.add("extract", {kText, kTimestamp}, extract_timestamp<kTimestamp>);
  table.add("extract", {kText, kTimestampTz}, extract_timestamp<kTimestampTz>);
  table.add("extract", {kText, kInterval}, extract_interval);
}

}  // namespace offtake::expressions
