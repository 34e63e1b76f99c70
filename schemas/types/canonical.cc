// The canonical key form: a byte 0 for NULL, else 1 and the value; longer ones with their size before them.
#include "schemas/types/batch.h"
#include "schemas/types/canonical_value.h"
#include "schemas/types/jsonb.h"

namespace offtake::types {
namespace {

template <class T>
void append_bytes(const T& value, std::string& out) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void append_sized(std::string_view text, std::string& out) {
  append_bytes(static_cast<std::uint32_t>(text.size()), out);
  out += text;
}

}  // namespace

void append_canonical(const Column& column, std::size_t row, std::string& out) {
  if (column.is_null(row)) {
    out += '\0';
    return;
  }
  out += '\1';
  switch (column.physical()) {
    case Physical::kBool:
    case Physical::kInt32:
    case Physical::kInt64:
    case Physical::kUuid:
      out.append(column.raw(row), width(column.physical()));
      return;
    case Physical::kFloat32:
      return append_bytes(canonical_float(static_cast<double>(column.values<float>()[row])), out);
    case Physical::kFloat64:
      return append_bytes(canonical_float(column.values<double>()[row]), out);
    case Physical::kNumeric:
      return append_canonical(column.values<Numeric>()[row], out);
    case Physical::kInterval:
      return append_bytes(total_micros(column.values<Interval>()[row]), out);
    case Physical::kString: {
      if (!is_nested(column.type().id)) return append_sized(column.text(row), out);
      std::string scratch;
      return append_sized(jsonb_key(column.text(row), scratch), out);
    }
  }
}

void append_canonical_row(const Batch& batch, std::span<const int> columns, std::size_t row,
                          std::string& out) {
  for (int column : columns) append_canonical(*batch.columns[static_cast<std::size_t>(column)], row, out);
}

}  // namespace offtake::types
