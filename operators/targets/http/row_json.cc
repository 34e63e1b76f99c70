#include "operators/targets/http/row_json.h"

#include <cmath>

#include "base/crypto/crypto.h"
#include "operators/targets/http/structured.h"
#include "operators/targets/protocol/iso_text.h"
#include "schemas/types/value_text.h"

namespace offtake::targets::http {
namespace {

using types::TypeId;

template <class T>
void append_float(T value, std::string& out) {
  // JSON has no word for these.
  if (std::isnan(value)) {
    out += "\"NaN\"";
  } else if (std::isinf(value)) {
    out += value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
  } else if constexpr (sizeof(T) == sizeof(float)) {
    types::append_float4(value, out);
  } else {
    types::append_float8(value, out);
  }
}

void append_quoted(std::string_view text, std::string& out) {
  out += '"';
  out += text;
  out += '"';
}

}  // namespace

void append_value(const types::Column& column, std::size_t row, std::string& out) {
  if (column.is_null(row)) {
    out += "null";
    return;
  }
  switch (column.type().id) {
    case TypeId::kBoolean:
      out += column.values<std::uint8_t>()[row] != 0 ? "true" : "false";
      return;
    case TypeId::kInt4:
      fmt::format_to(std::back_inserter(out), "{}", column.values<std::int32_t>()[row]);
      return;
    case TypeId::kInt8:
      fmt::format_to(std::back_inserter(out), "{}", column.values<std::int64_t>()[row]);
      return;
    case TypeId::kFloat4:
      return append_float(column.values<float>()[row], out);
    case TypeId::kFloat8:
      return append_float(column.values<double>()[row], out);
    case TypeId::kNumeric:
      return append_quoted(types::to_string(column.values<types::Numeric>()[row]), out);
    case TypeId::kText:
      return append_json_text(column.text(row), out);
    case TypeId::kBytea:
      return append_quoted(crypto::base64(column.text(row)), out);
    case TypeId::kUuid:
      return append_quoted(protocol::uuid_text(column.values<types::Uuid>()[row]), out);
    case TypeId::kDate:
      return append_quoted(protocol::date_text(column.values<std::int32_t>()[row]), out);
    case TypeId::kTime:
      return append_quoted(protocol::time_text(column.values<std::int64_t>()[row]), out);
    case TypeId::kTimestamp:
      return append_quoted(protocol::timestamp_text(column.values<std::int64_t>()[row], false), out);
    case TypeId::kTimestampTz:
      return append_quoted(protocol::timestamp_text(column.values<std::int64_t>()[row], true), out);
    case TypeId::kInterval:
      return append_quoted(protocol::interval_text(column.values<types::Interval>()[row]), out);
    case TypeId::kJsonb:
    case TypeId::kArray:
    case TypeId::kRecord:
    case TypeId::kMap:
      out += column.text(row);  // held as JSON text
      return;
  }
}

void append_row(const std::vector<types::Field>& fields, const types::Batch& rows, std::size_t row,
                std::string& out) {
  out += '{';
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) out += ',';
    append_json_text(fields[i].name, out);
    out += ':';
    append_value(*rows.columns[i], row, out);
  }
  out += '}';
}

std::vector<TypeNote> type_notes() {
  return {
      {"boolean", "boolean", "true or false", ""},
      {"integer, bigint", "number", "every digit, also beyond 2^53: read it as an integer, not as a double",
       ""},
      {"real, double precision", "number", "the shortest that reads back; NaN, Infinity, -Infinity as text",
       ""},
      {"numeric(p,s), numeric", "string", "exact decimal text with its scale", "more than p digits"},
      {"text", "string", "as it is", ""},
      {"bytea", "string", "base64 with padding", ""},
      {"uuid", "string", "8-4-4-4-12 lower-case digits", ""},
      {"date", "string", "2026-11-23; a sign before years outside 0000..9999", ""},
      {"time", "string", "09:02:11.250000", ""},
      {"timestamp", "string", "2026-11-23T09:02:11.250000", ""},
      {"timestamptz", "string", "2026-11-23T09:02:11.250000Z, always UTC", ""},
      {"interval", "string", "P1M2DT3.500000S", ""},
      {"jsonb, array, record, map", "the JSON value", "as it is; numbers in it keep every digit", ""},
  };
}

}  // namespace offtake::targets::http
