#include "operators/targets/postgres/value_steps.h"

#include "operators/targets/postgres/value_limits.h"

namespace offtake::targets::postgres {
namespace {

using protocol::Refusals;
using types::ColumnPtr;
using types::TypeId;

// Applies `problem(row)` to every value; what it names is refused.
template <class Problem>
ColumnPtr checked(const ColumnPtr& column, Refusals& refused, const Problem& problem) {
  for (std::size_t row = 0; row < column->size(); ++row) {
    if (column->is_null(row)) continue;
    if (const char* message = problem(row)) refused.push_back({static_cast<std::uint32_t>(row), message});
  }
  return protocol::without_refused(column, refused);
}

constexpr const char* kZeroCharacter = "PostgreSQL's text holds no character U+0000";

base::Result<ColumnPtr> check_text(const types::Field&, const ColumnPtr& column, Refusals& refused) {
  const auto texts = column->values<types::StringRef>();
  return checked(column, refused, [&](std::size_t row) -> const char* {
    const types::StringRef& text = texts[row];
    return text.size() > 0 && std::memchr(text.data(), 0, text.size()) != nullptr ? kZeroCharacter : nullptr;
  });
}

bool has_escaped_zero(std::string_view json) {
  constexpr std::string_view kEscape = "\\u0000";
  for (auto at = json.find(kEscape); at != std::string_view::npos; at = json.find(kEscape, at + 1)) {
    std::size_t backslashes = 0;
    while (backslashes < at && json[at - 1 - backslashes] == '\\') ++backslashes;
    if (backslashes % 2 == 0) return true;
  }
  return false;
}

base::Result<ColumnPtr> check_json(const types::Field&, const ColumnPtr& column, Refusals& refused) {
  return checked(column, refused, [&](std::size_t row) -> const char* {
    const std::string_view json = column->text(row);
    const bool zero = json.find('\0') != std::string_view::npos || has_escaped_zero(json);
    return zero ? kZeroCharacter : nullptr;
  });
}

base::Result<ColumnPtr> check_date(const types::Field&, const ColumnPtr& column, Refusals& refused) {
  const auto days = column->values<std::int32_t>();
  return checked(column, refused, [&](std::size_t row) -> const char* {
    return days[row] < kFirstDate || days[row] > kLastDate ? "date out of range" : nullptr;
  });
}

base::Result<ColumnPtr> check_timestamp(const types::Field&, const ColumnPtr& column, Refusals& refused) {
  const auto micros = column->values<std::int64_t>();
  return checked(column, refused, [&](std::size_t row) -> const char* {
    return micros[row] < kFirstTimestamp ? "timestamp out of range" : nullptr;
  });
}

base::Result<ColumnPtr> check_time(const types::Field&, const ColumnPtr& column, Refusals& refused) {
  constexpr std::int64_t kDay = 86'400'000'000;
  const auto micros = column->values<std::int64_t>();
  return checked(column, refused, [&](std::size_t row) -> const char* {
    return micros[row] < 0 || micros[row] > kDay ? "time out of range" : nullptr;
  });
}

base::Result<ColumnPtr> check_numeric(const types::Field& field, const ColumnPtr& column, Refusals& refused) {
  if (field.type.precision > 0) return protocol::fit_numeric(field, column, refused);
  const auto values = column->values<types::Numeric>();
  return checked(column, refused, [&](std::size_t row) -> const char* {
    const types::Numeric& value = values[row];
    constexpr const char* kOverflow = "value overflows numeric format";
    if (value.scale > kMaxNumericScale) return kOverflow;
    if (value.kind != types::Numeric::Kind::kBig) return nullptr;
    const auto digits = static_cast<std::int64_t>(types::to_string(value).size()) - value.scale;
    return digits > kMaxNumericWeight + 2 ? kOverflow : nullptr;
  });
}

}  // namespace

protocol::ColumnStep step_for(const types::Type& type) {
  switch (type.id) {
    case TypeId::kText:
      return check_text;
    case TypeId::kJsonb:
    case TypeId::kArray:
    case TypeId::kRecord:
    case TypeId::kMap:
      return check_json;
    case TypeId::kDate:
      return check_date;
    case TypeId::kTime:
      return check_time;
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz:
      return check_timestamp;
    case TypeId::kNumeric:
      return check_numeric;
    default:
      return nullptr;
  }
}

}  // namespace offtake::targets::postgres
