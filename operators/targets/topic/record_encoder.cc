#include "operators/targets/topic/record_encoder.h"

#include "operators/targets/protocol/table_layout.h"
#include "operators/targets/topic/record_schemas.h"
#include "schemas/avro/framing.h"

namespace offtake::targets::topic {
namespace {

template <class T>
std::string big_endian(T value) {
  std::string out(sizeof(T), '\0');
  auto bits = static_cast<std::make_unsigned_t<T>>(value);
  for (std::size_t i = sizeof(T); i-- > 0; bits >>= 8) out[i] = static_cast<char>(bits & 0xff);
  return out;
}

}  // namespace

base::Result<std::unique_ptr<RecordEncoder>> RecordEncoder::make(const TableSpec& table) {
  auto schemas = record_schemas(table);
  if (!schemas) return std::move(schemas).error();
  auto schema = avro::parse(schemas->value);
  if (!schema) return std::move(schema).error();
  auto value = avro::RowEncoder::compile(*schema, table.columns);
  if (!value) return std::move(value).error();
  std::optional<avro::RowEncoder> key;
  if (!schemas->key.empty()) {
    auto key_schema = avro::parse(schemas->key);
    if (!key_schema) return std::move(key_schema).error();
    auto made = avro::RowEncoder::compile(*key_schema, protocol::identity_columns(table));
    if (!made) return std::move(made).error();
    key.emplace(*std::move(made));
  }
  return std::unique_ptr<RecordEncoder>(
      new RecordEncoder(table, *std::move(schemas), *std::move(value), std::move(key)));
}

base::Result<std::string> RecordEncoder::key_of(const types::Batch& rows, std::size_t row) const {
  types::Batch key;
  key.rows = rows.rows;
  for (const int column : table_.identity.key) {
    key.columns.push_back(rows.columns[static_cast<std::size_t>(column)]);
  }
  return key_of_deleted(key, row);
}

base::Result<std::string> RecordEncoder::key_of_deleted(const types::Batch& deletes, std::size_t row) const {
  std::string out;
  if (key_) {
    avro::append_frame(static_cast<std::uint32_t>(table_.schema_ids.key), out);
    if (auto encoded = key_->encode(deletes, row, out); !encoded) return std::move(encoded).error();
    return out;
  }
  const types::Column& column = *deletes.columns[0];
  if (column.is_null(row)) return base::row_error("ValueNotEncoded", "the key is NULL");
  switch (column.type().id) {
    case types::TypeId::kInt4:
      return big_endian(column.values<std::int32_t>()[row]);
    case types::TypeId::kInt8:
      return big_endian(column.values<std::int64_t>()[row]);
    case types::TypeId::kUuid:
      return types::value_text(column, row);
    default:
      return std::string(column.text(row));
  }
}

base::Result<std::string> RecordEncoder::value_of(const types::Batch& rows, std::size_t row) const {
  std::string out;
  avro::append_frame(static_cast<std::uint32_t>(table_.schema_ids.value), out);
  if (auto encoded = value_.encode(rows, row, out); !encoded) return std::move(encoded).error();
  return out;
}

}  // namespace offtake::targets::topic
