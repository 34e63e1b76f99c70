// Avro records to columns. A decoder is compiled once for a (writer schema, wanted columns, reader schema)
// into a flat program of read and skip instructions that ends after the last needed field; nothing else of a
// record is looked at (damage there goes unseen).
#pragma once
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "schemas/avro/schema.h"
#include "schemas/types/column.h"

namespace offtake::avro {

struct Program;  // program.h

// A record that could not be decoded; code RecordNotDecoded, a row error that names the field.
struct DecodeFailure {
  std::size_t record = 0;  // its index in the call's `records`
  base::Error error;
};

// Not thread-safe (it keeps scratch space): one for each thread, made by fork().
class Decoder {
 public:
  // `wanted`: name = path in the reader schema ("amount", "address.city", "" for a schema that is no record),
  // type = the one columns_of gives it. A path may pass through nullable records. Writer and reader are
  // matched by the specification's rules: names, reader aliases, defaults, promotions, enum defaults, unions.
  // Errors (terminal): SchemaNotResolvable where a wanted field is in neither and has no default, or its
  // types do not promote; the message names the field and both types.
  static base::Result<Decoder> compile(const Schema& writer, std::span<const types::Field> wanted,
                                       const Schema& reader);
  // The writer's own schema is the reader's.
  static base::Result<Decoder> compile(const Schema& writer, std::span<const types::Field> wanted) {
    return compile(writer, wanted, writer);
  }

  // kShare: long strings point into the records, which the caller keeps alive as long as the columns.
  enum class Strings { kCopy, kShare };

  // Appends one row for each good record to every builder, in order; a bad one appends nothing and one entry
  // to `failures`. `records` are Avro data without framing. REQUIRES: as many builders as wanted columns, of
  // their types.
  void decode(std::span<const std::string_view> records, std::span<types::ColumnBuilder> out,
              std::vector<DecodeFailure>& failures, Strings strings = Strings::kCopy);

  // Wanted columns that the writer does not have: they are filled from the reader's defaults.
  const std::vector<std::string>& defaulted() const;
  std::string explain() const;  // the program, one instruction a line

  // A decoder of the same program for another thread.
  Decoder fork() const;
  Decoder(Decoder&& other) noexcept;
  Decoder& operator=(Decoder&& other) noexcept;
  ~Decoder();

 private:
  struct Scratch;
  explicit Decoder(std::shared_ptr<const Program> program);
  std::shared_ptr<const Program> program_;
  std::unique_ptr<Scratch> scratch_;
};

}  // namespace offtake::avro
