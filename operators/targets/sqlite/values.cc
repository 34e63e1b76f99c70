#include "operators/targets/sqlite/values.h"

#include <cmath>
#include <limits>

#include "operators/targets/protocol/iso_text.h"

namespace offtake::targets::sqlite {
namespace {

using types::TypeId;

// SQLite stores NaN as NULL; as text it stays what it is.
constexpr std::string_view kNaN = "NaN";

void bind_real(db::Statement& statement, int parameter, double value) {
  if (std::isnan(value)) {
    statement.bind_in_place(parameter, kNaN);
  } else {
    statement.bind(parameter, value);
  }
}

double read_real(const db::Statement& statement, int column) {
  if (statement.type(column) == db::ColumnType::kText) return std::numeric_limits<double>::quiet_NaN();
  return statement.real(column);
}

// The text of types that are neither text nor numbers in SQLite.
std::string scalar_text(const types::Column& column, std::size_t row) {
  switch (column.type().id) {
    case TypeId::kNumeric:
      return types::to_string(column.values<types::Numeric>()[row]);
    case TypeId::kUuid:
      return protocol::uuid_text(column.values<types::Uuid>()[row]);
    case TypeId::kDate:
      return protocol::date_text(column.values<std::int32_t>()[row]);
    case TypeId::kTime:
      return protocol::time_text(column.values<std::int64_t>()[row]);
    case TypeId::kTimestamp:
      return protocol::timestamp_text(column.values<std::int64_t>()[row], false);
    case TypeId::kTimestampTz:
      return protocol::timestamp_text(column.values<std::int64_t>()[row], true);
    case TypeId::kInterval:
      return protocol::interval_text(column.values<types::Interval>()[row]);
    default:
      return std::string(column.text(row));
  }
}

template <class T>
base::Status append(types::ColumnBuilder& builder, base::Result<T> value) {
  if (!value) return std::move(value).error();
  builder.append(*value);
  return {};
}

}  // namespace

std::string_view declared_type(TypeId id) {
  switch (id) {
    case TypeId::kBoolean:
    case TypeId::kInt4:
    case TypeId::kInt8:
      return "INTEGER";
    case TypeId::kFloat4:
    case TypeId::kFloat8:
      return "REAL";
    case TypeId::kBytea:
      return "BLOB";
    default:
      return "TEXT";
  }
}

void bind_value(db::Statement& statement, int parameter, const types::Column& column, std::size_t row) {
  if (column.is_null(row)) return statement.bind(parameter, nullptr);
  switch (column.type().id) {
    case TypeId::kBoolean:
      return statement.bind(parameter, static_cast<int>(column.values<std::uint8_t>()[row]));
    case TypeId::kInt4:
      return statement.bind(parameter, column.values<std::int32_t>()[row]);
    case TypeId::kInt8:
      return statement.bind(parameter, column.values<std::int64_t>()[row]);
    case TypeId::kFloat4:
      return bind_real(statement, parameter, column.values<float>()[row]);
    case TypeId::kFloat8:
      return bind_real(statement, parameter, column.values<double>()[row]);
    case TypeId::kBytea:
      return statement.bind_in_place(parameter, db::Blob{column.text(row)});
    case TypeId::kText:
    case TypeId::kJsonb:
    case TypeId::kArray:
    case TypeId::kRecord:
    case TypeId::kMap:
      return statement.bind_in_place(parameter, column.text(row));
    default:
      return statement.bind(parameter, std::string_view(scalar_text(column, row)));
  }
}

base::Status read_value(const db::Statement& statement, int column, types::ColumnBuilder& builder) {
  if (statement.is_null(column)) {
    builder.append_null();
    return {};
  }
  switch (builder.type().id) {
    case TypeId::kBoolean:
      builder.append(static_cast<std::uint8_t>(statement.int64(column) != 0));
      return {};
    case TypeId::kInt4:
      builder.append(static_cast<std::int32_t>(statement.int64(column)));
      return {};
    case TypeId::kInt8:
      builder.append(statement.int64(column));
      return {};
    case TypeId::kFloat4:
      builder.append(static_cast<float>(read_real(statement, column)));
      return {};
    case TypeId::kFloat8:
      builder.append(read_real(statement, column));
      return {};
    case TypeId::kNumeric:
      return append(builder, types::parse_numeric(statement.text(column), builder.arena()));
    case TypeId::kUuid:
      return append(builder, protocol::parse_uuid(statement.text(column)));
    case TypeId::kDate:
      return append(builder, protocol::parse_date(statement.text(column)));
    case TypeId::kTime:
      return append(builder, protocol::parse_time(statement.text(column)));
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz:
      return append(builder, protocol::parse_timestamp(statement.text(column)));
    case TypeId::kInterval:
      return append(builder, protocol::parse_interval(statement.text(column)));
    case TypeId::kBytea:
      builder.append_text(statement.blob(column));
      return {};
    default:
      builder.append_text(statement.text(column));
      return {};
  }
}

std::string value_text(const types::Column& column, std::size_t row) {
  switch (column.type().id) {
    case TypeId::kBoolean:
      return column.values<std::uint8_t>()[row] != 0 ? "1" : "0";
    case TypeId::kInt4:
    case TypeId::kInt8:
    case TypeId::kFloat4:
    case TypeId::kFloat8:
    case TypeId::kBytea:
      return types::value_text(column, row);
    default:
      return scalar_text(column, row);
  }
}

}  // namespace offtake::targets::sqlite
