#include "operators/targets/postgres/binary_writer.h"

#include "operators/targets/postgres/array_binary.h"
#include "operators/targets/postgres/numeric_binary.h"
#include "operators/targets/postgres/value_limits.h"

namespace offtake::targets::postgres {
namespace {

using types::TypeId;

template <class Body>
void put_sized(ByteBuffer& out, const Body& body) {
  const std::size_t at = out.size();
  out.grow(4);
  body();
  out.set32(at, static_cast<std::uint32_t>(out.size() - at - 4));
}

void put_bool(const types::Column& column, std::size_t row, ByteBuffer& out) {
  out.put32(1);
  *out.grow(1) = static_cast<char>(column.values<std::uint8_t>()[row]);
}
void put_int4(const types::Column& column, std::size_t row, ByteBuffer& out) {
  out.put32(4);
  out.put32(static_cast<std::uint32_t>(column.values<std::int32_t>()[row]));
}
void put_int8(const types::Column& column, std::size_t row, ByteBuffer& out) {
  out.put32(8);
  out.put64(static_cast<std::uint64_t>(column.values<std::int64_t>()[row]));
}
void put_float4(const types::Column& column, std::size_t row, ByteBuffer& out) {
  out.put32(4);
  std::uint32_t bits;
  std::memcpy(&bits, &column.values<float>()[row], sizeof bits);
  out.put32(bits);
}
void put_float8(const types::Column& column, std::size_t row, ByteBuffer& out) {
  out.put32(8);
  std::uint64_t bits;
  std::memcpy(&bits, &column.values<double>()[row], sizeof bits);
  out.put64(bits);
}
void put_decimal(const types::Column& column, std::size_t row, ByteBuffer& out) {
  put_sized(out, [&] { put_numeric(column.values<types::Numeric>()[row], out); });
}
void put_text(const types::Column& column, std::size_t row, ByteBuffer& out) {
  const auto text = column.text(row);
  out.put32(static_cast<std::uint32_t>(text.size()));
  out.put_bytes(text);
}
void put_uuid(const types::Column& column, std::size_t row, ByteBuffer& out) {
  const auto& uuid = column.values<types::Uuid>()[row];
  out.put32(16);
  out.put_bytes({reinterpret_cast<const char*>(uuid.data()), uuid.size()});
}
void put_date(const types::Column& column, std::size_t row, ByteBuffer& out) {
  out.put32(4);
  out.put32(static_cast<std::uint32_t>(column.values<std::int32_t>()[row] - kEpochDays));
}
void put_timestamp(const types::Column& column, std::size_t row, ByteBuffer& out) {
  out.put32(8);
  out.put64(static_cast<std::uint64_t>(column.values<std::int64_t>()[row] - kEpochMicros));
}
void put_interval(const types::Column& column, std::size_t row, ByteBuffer& out) {
  const auto& interval = column.values<types::Interval>()[row];
  out.put32(16);
  out.put64(static_cast<std::uint64_t>(interval.micros));
  out.put32(static_cast<std::uint32_t>(interval.days));
  out.put32(static_cast<std::uint32_t>(interval.months));
}
// jsonb travels as text behind a version byte.
void put_jsonb(const types::Column& column, std::size_t row, ByteBuffer& out) {
  const auto text = column.text(row);
  out.put32(static_cast<std::uint32_t>(text.size() + 1));
  *out.grow(1) = 1;
  out.put_bytes(text);
}
void put_array_field(const types::Column& column, std::size_t row, ByteBuffer& out) {
  put_sized(out, [&] { put_array(column.type(), column.text(row), out); });
}

constexpr std::string_view kSignature{"PGCOPY\n\377\r\n\0", 11};

}  // namespace

bool is_native_array(const types::Type& type) {
  return type.id == TypeId::kArray && type.nested && !types::is_nested(type.nested->fields[0].type.id);
}

base::Result<std::string> column_type(const types::Type& type) {
  switch (type.id) {
    case TypeId::kNumeric:
      if (type.precision > kMaxPrecision) {
        return base::terminal("TypeNotSupported",
                              fmt::format("numeric({},{}): PostgreSQL takes up to {} digits", type.precision,
                                          type.scale, kMaxPrecision))
            .with_hint("cast it to numeric without a precision");
      }
      return types::to_string(type);
    case TypeId::kArray: {
      if (!is_native_array(type)) return std::string("jsonb");
      auto element = column_type(type.nested->fields[0].type);
      if (!element) return element;
      return *element + "[]";
    }
    case TypeId::kRecord:
    case TypeId::kMap:
      return std::string("jsonb");
    default:
      return types::to_string(type);
  }
}

FieldWriter field_writer(const types::Type& type) {
  switch (type.id) {
    case TypeId::kBoolean:
      return put_bool;
    case TypeId::kInt4:
      return put_int4;
    case TypeId::kInt8:
    case TypeId::kTime:
      return put_int8;
    case TypeId::kFloat4:
      return put_float4;
    case TypeId::kFloat8:
      return put_float8;
    case TypeId::kNumeric:
      return put_decimal;
    case TypeId::kText:
    case TypeId::kBytea:
      return put_text;
    case TypeId::kUuid:
      return put_uuid;
    case TypeId::kDate:
      return put_date;
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz:
      return put_timestamp;
    case TypeId::kInterval:
      return put_interval;
    case TypeId::kArray:
      return is_native_array(type) ? put_array_field : put_jsonb;
    case TypeId::kJsonb:
    case TypeId::kRecord:
    case TypeId::kMap:
      return put_jsonb;
  }
  return put_text;
}

void put_copy_header(ByteBuffer& out) {
  out.put_bytes(kSignature);
  out.put32(0);
  out.put32(0);
}

void put_copy_trailer(ByteBuffer& out) {
  out.put16(0xFFFF);
}

void put_copy_rows(const std::vector<types::ColumnPtr>& first, const std::vector<types::ColumnPtr>& second,
                   std::size_t from_row, std::size_t to_row, ByteBuffer& out) {
  struct Field {
    const types::Column* column;
    FieldWriter write;
  };
  std::vector<Field> fields;
  for (const auto* columns : {&first, &second}) {
    for (const auto& column : *columns) fields.push_back({column.get(), field_writer(column->type())});
  }
  const auto count = static_cast<std::uint16_t>(fields.size());
  for (std::size_t row = from_row; row < to_row; ++row) {
    out.put16(count);
    for (const Field& field : fields) {
      if (field.column->is_null(row)) {
        out.put32(0xFFFFFFFF);
      } else {
        field.write(*field.column, row, out);
      }
    }
  }
}

}  // namespace offtake::targets::postgres
