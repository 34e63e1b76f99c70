#include "schemas/types/value_text.h"

#include <charconv>
#include <cmath>

#include "schemas/types/batch.h"
#include "schemas/types/calendar.h"

namespace offtake::types {
namespace {

// PostgreSQL prints the shortest digits that read back, as 1.5e+20 where the exponent is below -4 or at least
// `fixed_digits`.
template <class Float>
void append_float(Float value, int fixed_digits, std::string& out) {
  if (std::isnan(value)) {
    out += "NaN";
    return;
  }
  if (std::isinf(value)) {
    out += value < 0 ? "-Infinity" : "Infinity";
    return;
  }
  char text[64];
  const auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::scientific).ptr;
  std::string_view rest(text, static_cast<std::size_t>(end - text));
  if (rest[0] == '-') {
    out += '-';
    rest.remove_prefix(1);
  }
  const std::size_t e = rest.find('e');
  int exponent = 0;
  const char* digits_of_exponent = rest.data() + e + (rest[e + 1] == '+' ? 2 : 1);
  std::from_chars(digits_of_exponent, end, exponent);
  std::string digits(1, rest[0]);
  if (e > 2) digits += rest.substr(2, e - 2);
  const int count = static_cast<int>(digits.size());
  if (value == 0) {
    out += '0';
  } else if (exponent < -4 || exponent >= fixed_digits) {
    out += digits[0];
    if (count > 1) out += '.' + digits.substr(1);
    out += fmt::format("e{}{:02}", exponent < 0 ? '-' : '+', std::abs(exponent));
  } else if (exponent < 0) {
    out += "0.";
    out.append(static_cast<std::size_t>(-exponent - 1), '0');
    out += digits;
  } else if (count <= exponent + 1) {
    out += digits;
    out.append(static_cast<std::size_t>(exponent + 1 - count), '0');
  } else {
    out += digits.substr(0, static_cast<std::size_t>(exponent) + 1) + '.' +
           digits.substr(static_cast<std::size_t>(exponent) + 1);
  }
}

void append_fraction(std::int64_t micros, std::string& out) {
  if (micros == 0) return;
  std::string digits = fmt::format(".{:06}", micros);
  digits.erase(digits.find_last_not_of('0') + 1);
  out += digits;
}

void append_year_month_day(std::int64_t days, std::string& out) {
  const CivilDate date = civil_from_days(days);
  const std::int64_t shown = date.year > 0 ? date.year : 1 - date.year;
  out += fmt::format("{:04}-{:02}-{:02}", shown, date.month, date.day);
}
bool before_christ(std::int64_t days) {
  return civil_from_days(days).year <= 0;
}

}  // namespace

void append_float8(double value, std::string& out) {
  append_float(value, 15, out);
}
void append_float4(float value, std::string& out) {
  append_float(value, 6, out);
}

void append_date(std::int32_t days, std::string& out) {
  append_year_month_day(days, out);
  if (before_christ(days)) out += " BC";
}

void append_time(std::int64_t micros, std::string& out) {
  const std::int64_t seconds = micros / kMicrosPerSecond;
  out += fmt::format("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
  append_fraction(micros % kMicrosPerSecond, out);
}

void append_timestamp(std::int64_t micros, bool with_zone, std::string& out) {
  append_year_month_day(day_of(micros), out);
  out += ' ';
  append_time(micros_of_day(micros), out);
  if (with_zone) out += "+00";
  if (before_christ(day_of(micros))) out += " BC";
}

void append_interval(const Interval& value, std::string& out) {
  bool nothing_yet = true;
  bool after_negative = false;
  const auto part = [&](std::int64_t amount, std::string_view unit) {
    if (amount == 0) return;
    out += fmt::format("{}{}{} {}{}", nothing_yet ? "" : " ", after_negative && amount > 0 ? "+" : "", amount,
                       unit, amount == 1 ? "" : "s");
    after_negative = amount < 0;
    nothing_yet = false;
  };
  part(value.months / 12, "year");
  part(value.months % 12, "mon");
  part(value.days, "day");
  if (value.micros == 0 && !nothing_yet) return;
  if (!nothing_yet) out += ' ';
  if (value.micros < 0) {
    out += '-';
  } else if (after_negative) {
    out += '+';
  }
  const std::uint64_t micros = value.micros < 0 ? 0 - static_cast<std::uint64_t>(value.micros)
                                                : static_cast<std::uint64_t>(value.micros);
  const std::uint64_t seconds = micros / kMicrosPerSecond;
  out += fmt::format("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
  append_fraction(static_cast<std::int64_t>(micros % kMicrosPerSecond), out);
}

void append_uuid(const Uuid& value, std::string& out) {
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    out += fmt::format("{:02x}", value[i]);
  }
}

void append_bytea(std::string_view bytes, std::string& out) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += "\\x";
  for (const char byte : bytes) {
    out += kHex[static_cast<unsigned char>(byte) >> 4];
    out += kHex[static_cast<unsigned char>(byte) & 15];
  }
}

std::string value_text(const Column& column, std::size_t row) {
  if (column.is_null(row)) return "NULL";
  std::string out;
  switch (column.type().id) {
    case TypeId::kBoolean:
      return column.values<std::uint8_t>()[row] != 0 ? "t" : "f";
    case TypeId::kInt4:
      return std::to_string(column.values<std::int32_t>()[row]);
    case TypeId::kInt8:
      return std::to_string(column.values<std::int64_t>()[row]);
    case TypeId::kFloat4:
      append_float4(column.values<float>()[row], out);
      break;
    case TypeId::kFloat8:
      append_float8(column.values<double>()[row], out);
      break;
    case TypeId::kNumeric:
      return to_string(column.values<Numeric>()[row]);
    case TypeId::kText:
    case TypeId::kJsonb:
    case TypeId::kRecord:
    case TypeId::kMap:
      return std::string(column.text(row));
    case TypeId::kArray:
      append_array(column.type(), column.text(row), out);
      break;
    case TypeId::kBytea:
      append_bytea(column.text(row), out);
      break;
    case TypeId::kUuid:
      append_uuid(column.values<Uuid>()[row], out);
      break;
    case TypeId::kDate:
      append_date(column.values<std::int32_t>()[row], out);
      break;
    case TypeId::kTime:
      append_time(column.values<std::int64_t>()[row], out);
      break;
    case TypeId::kTimestamp:
      append_timestamp(column.values<std::int64_t>()[row], false, out);
      break;
    case TypeId::kTimestampTz:
      append_timestamp(column.values<std::int64_t>()[row], true, out);
      break;
    case TypeId::kInterval:
      append_interval(column.values<Interval>()[row], out);
      break;
  }
  return out;
}

}  // namespace offtake::types
