#include "operators/targets/protocol/json_value.h"

#include <cmath>

#include "base/crypto/crypto.h"
#include "operators/targets/protocol/iso_text.h"
#include "schemas/types/jsonb.h"
#include "schemas/types/value_text.h"

namespace offtake::targets::protocol {
namespace {

using types::TypeId;

// JSON has no word for NaN and infinity: they are text.
void append_float(double value, bool is_float4, std::string& out) {
  const bool quoted = !std::isfinite(value);
  if (quoted) out += '"';
  if (is_float4) {
    types::append_float4(static_cast<float>(value), out);
  } else {
    types::append_float8(value, out);
  }
  if (quoted) out += '"';
}

// REQUIRES: nothing in it needs an escape.
void append_quoted(std::string_view text, std::string& out) {
  out += '"';
  out += text;
  out += '"';
}

}  // namespace

void append_json_value(const types::Column& column, std::size_t row, std::string& out) {
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
      return append_float(column.values<float>()[row], true, out);
    case TypeId::kFloat8:
      return append_float(column.values<double>()[row], false, out);
    case TypeId::kNumeric:
      return append_quoted(types::to_string(column.values<types::Numeric>()[row]), out);
    case TypeId::kUuid:
      return append_quoted(uuid_text(column.values<types::Uuid>()[row]), out);
    case TypeId::kDate:
      return append_quoted(date_text(column.values<std::int32_t>()[row]), out);
    case TypeId::kTime:
      return append_quoted(time_text(column.values<std::int64_t>()[row]), out);
    case TypeId::kTimestamp:
      return append_quoted(timestamp_text(column.values<std::int64_t>()[row], false), out);
    case TypeId::kTimestampTz:
      return append_quoted(timestamp_text(column.values<std::int64_t>()[row], true), out);
    case TypeId::kInterval:
      return append_quoted(interval_text(column.values<types::Interval>()[row]), out);
    case TypeId::kBytea:
      return append_quoted(crypto::base64(column.text(row)), out);
    case TypeId::kText:
      return types::append_json_string(column.text(row), out);
    case TypeId::kJsonb:
    case TypeId::kArray:
    case TypeId::kRecord:
    case TypeId::kMap:
      out += column.text(row);  // JSON
      return;
  }
}

}  // namespace offtake::targets::protocol
