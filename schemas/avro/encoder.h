// Values to Avro's binary form.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/json/value.h"
#include "schemas/avro/schema.h"
#include "schemas/types/batch.h"

namespace offtake::avro {

// Appends a field's default, as schema documents write it. Code BadAvroSchema.
base::Status encode_default(const Node& node, const json::Value& value, std::string& out);

// Appends a value that a person or a program wrote as plain JSON:
//   bytes, fixed       PostgreSQL's text ("\x00ff"), else text whose characters stand for bytes (U+0000 to
//                      U+00FF), as in Avro's JSON encoding
//   decimal            a number or text ("12.50"), exactly within precision and scale
//   uuid               text
//   date, time, timestamps, duration: PostgreSQL's or ISO text, or the raw number
//   unions             the plain value (the first branch that takes it), or {"branch name": value}
// A missing field takes its default, or null where its type allows it. Unknown members are refused.
// Row error ValueNotEncoded that names the field.
base::Status encode_json(const Node& node, const json::Value& value, std::string& out);

// Rows to records of one schema. Not thread-safe.
class RowEncoder {
 public:
  // `columns` are matched to the schema's fields by name; fields without a column take their default. Code
  // SchemaNotResolvable when a field has neither, or a column's type is not the one columns_of gives the
  // field.
  static base::Result<RowEncoder> compile(const Schema& schema, std::span<const types::Field> columns);
  // Appends one record. REQUIRES: the batch has the compiled columns. Row error ValueNotEncoded (a NULL in a
  // field that takes none, a number that does not fit).
  base::Status encode(const types::Batch& batch, std::size_t row, std::string& out) const;

 private:
  struct Target {
    const Field* field = nullptr;
    int column = -1;  // -1: `constant`
    std::string constant;
    int value_branch = -1;  // of a union: the branch of the column's type
    int null_branch = -1;
  };
  RowEncoder(Schema schema, std::vector<Target> targets)
      : schema_(std::move(schema)), targets_(std::move(targets)) {}
  Schema schema_;
  std::vector<Target> targets_;
};

// Avro's zigzag varint.
void append_long(std::int64_t value, std::string& out);
void append_sized(std::string_view bytes, std::string& out);

}  // namespace offtake::avro
