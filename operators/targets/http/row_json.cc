#include "operators/targets/http/row_json.h"

#include "operators/targets/protocol/json_value.h"
#include "schemas/types/jsonb.h"

namespace offtake::targets::http {
void append_value(const types::Column& column, std::size_t row, std::string& out) {
  if (column.is_null(row)) {
    out += "null";
  } else {
    protocol::append_json_value(column, row, out);
  }
}

void append_row(const std::vector<types::Field>& fields, const types::Batch& rows, std::size_t row,
                std::string& out) {
  out += '{';
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) out += ',';
    types::append_json_string(fields[i].name, out);
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
