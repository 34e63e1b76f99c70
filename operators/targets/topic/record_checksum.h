// Counts and hashes records as the rows they are, from the bytes that are there.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "operators/targets/target.h"
#include "schemas/avro/decoder.h"

namespace offtake::targets::topic {

class RecordChecksum {
 public:
  static base::Result<std::unique_ptr<RecordChecksum>> make(const TableSpec& table);
  // Code RecordNotDecoded (terminal): something else wrote it.
  base::Status add(std::string_view value);
  base::Result<types::Checksum> finish();

 private:
  RecordChecksum(TableSpec table, avro::Decoder decoder)
      : table_(std::move(table)), decoder_(std::move(decoder)) {}
  base::Status count_in();
  const TableSpec table_;
  avro::Decoder decoder_;
  std::vector<std::string> values_;
  types::Checksum sum_;
};

}  // namespace offtake::targets::topic
