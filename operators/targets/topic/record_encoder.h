// Changes to records: Avro in Confluent's framing, the key in its own format (record_schemas.h). One thread.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "operators/targets/target.h"
#include "schemas/avro/encoder.h"

namespace offtake::targets::topic {

class RecordEncoder {
 public:
  // Schemas are registered under the ids that the table names. Code BadAvroSchema.
  static base::Result<std::unique_ptr<RecordEncoder>> make(const TableSpec& table);

  // The keys of rows with all columns, and of Changes::deletes.
  base::Result<std::string> key_of(const types::Batch& rows, std::size_t row) const;
  base::Result<std::string> key_of_deleted(const types::Batch& deletes, std::size_t row) const;
  base::Result<std::string> value_of(const types::Batch& rows, std::size_t row) const;

 private:
  RecordEncoder(TableSpec table, RecordSchemas schemas, avro::RowEncoder value,
                std::optional<avro::RowEncoder> key)
      : table_(std::move(table)),
        schemas_(std::move(schemas)),
        value_(std::move(value)),
        key_(std::move(key)) {}
  const TableSpec table_;
  const RecordSchemas schemas_;
  avro::RowEncoder value_;
  std::optional<avro::RowEncoder> key_;
};

}  // namespace offtake::targets::topic
