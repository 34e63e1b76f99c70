// Record keys to columns: by the dataset's key format, in canonical bytes where they are an entity's
// identity. The same key gives the same identity whatever schema id its frame carries. One thread.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "operators/sources/decode.h"
#include "operators/sources/writer_schemas.h"
#include "schemas/avro/decoder.h"
#include "schemas/types/batch.h"

namespace offtake::sources {

// A key that could not be read, and which of the asked ones.
struct KeyFailure {
  std::size_t record = 0;
  base::Error error;
};

class RecordKeyReader {
 public:
  // Codes BadKeyFormat, BadAvroSchema.
  static base::Result<std::unique_ptr<RecordKeyReader>> create(const DecodeSpec& spec,
                                                               WriterSchemas& schemas);
  virtual ~RecordKeyReader() = default;

  // What the keys are made of: one column named "" for all formats but Avro records. Empty where an Avro
  // key's schema is not known before the first record.
  virtual const std::vector<types::Field>& fields() const = 0;

  // One row for each key, NULL for an absent one. An unreadable key is in `failure`; errors are of the
  // schemas.
  virtual base::Result<std::vector<types::ColumnPtr>> read(
      std::span<const std::optional<std::string_view>> keys, std::optional<KeyFailure>& failure) = 0;
};

// The canonical bytes of each row, as a bytea column.
types::ColumnPtr identities(const std::vector<types::ColumnPtr>& columns, std::size_t rows);

// For messages: the text of a key, or its bytes in hexadecimal; cut at 64 characters.
std::string key_text(std::string_view key);

}  // namespace offtake::sources
