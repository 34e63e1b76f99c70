#include "operators/targets/topic/record_checksum.h"

#include "operators/targets/topic/record_schemas.h"
#include "schemas/avro/framing.h"

namespace offtake::targets::topic {
namespace {

constexpr std::size_t kBatchRecords = 4096;

base::Error foreign(std::string why) {
  return base::terminal("RecordNotDecoded",
                        fmt::format("a record of the topic is not this product's: {}", why))
      .with_hint("something else wrote to the topic");
}

}  // namespace

base::Result<std::unique_ptr<RecordChecksum>> RecordChecksum::make(const TableSpec& table) {
  auto schemas = record_schemas(table);
  if (!schemas) return std::move(schemas).error();
  auto schema = avro::parse(schemas->value);
  if (!schema) return std::move(schema).error();
  auto decoder = avro::Decoder::compile(*schema, table.columns);
  if (!decoder) return std::move(decoder).error();
  return std::unique_ptr<RecordChecksum>(new RecordChecksum(table, *std::move(decoder)));
}

base::Status RecordChecksum::add(std::string_view value) {
  auto framed = avro::split_frame(value);
  if (!framed) return foreign(framed.error().message);
  if (framed->schema_id != static_cast<std::uint32_t>(table_.schema_ids.value)) {
    return foreign(fmt::format("it has schema {}", framed->schema_id));
  }
  values_.emplace_back(framed->payload);
  return values_.size() < kBatchRecords ? base::Status() : count_in();
}

base::Status RecordChecksum::count_in() {
  std::vector<types::ColumnBuilder> builders;
  for (const auto& column : table_.columns) builders.emplace_back(column.type);
  const std::vector<std::string_view> records(values_.begin(), values_.end());
  std::vector<avro::DecodeFailure> failures;
  decoder_.decode(records, builders, failures);
  if (!failures.empty()) return foreign(failures.front().error.message);
  types::Batch batch;
  batch.rows = records.size();
  for (auto& builder : builders) batch.columns.push_back(builder.finish());
  types::add_to(sum_, batch);
  values_.clear();
  return {};
}

base::Result<types::Checksum> RecordChecksum::finish() {
  if (auto counted = count_in(); !counted) return std::move(counted).error();
  return sum_;
}

}  // namespace offtake::targets::topic
