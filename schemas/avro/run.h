// Runs a decoder's program over one record. Internal to this folder.
#pragma once
#include "schemas/avro/program.h"

namespace offtake::avro {

inline constexpr int kMaxDepth = 512;  // of nested subroutines: recursive types
inline constexpr std::uint32_t kNoField = 0xFFFFFFFF;

// Where a column's values go.
struct ColumnOut {
  char* values = nullptr;          // of the first row of this call
  std::uint64_t* nulls = nullptr;  // a bit a row, set for NULL
  types::Arena* arena = nullptr;   // takes long strings; null: strings point into the record
  types::Arena* digits = nullptr;  // takes big digits
  char* room = nullptr;            // a piece of `arena`
  std::size_t room_left = 0;
  std::size_t room_bytes = 256;  // of the next piece

  std::string_view copy(std::string_view text);
};

struct Run {
  const Program& program;
  ColumnOut* columns;
  std::size_t row = 0;
  std::uint32_t failed = kNoField;  // paths index, after a fault
  std::string json;                 // scratch

  // From `address` to kEnd. The cursor is behind the last value read.
  Fault run(std::int32_t address, Cursor& cursor, int depth = 0);

 private:
  Fault read_value(const Instruction& instruction, Cursor& cursor, int depth);
  Fault skip_blocks(std::int32_t address, const Instruction& instruction, Cursor& cursor, int depth);
  template <class T>
  void put(const Instruction& instruction, const T& value) {
    reinterpret_cast<T*>(columns[instruction.column].values)[row] = value;
  }
  void put_text(const Instruction& instruction, std::string_view text);
  void put_null(std::uint16_t column);
};

// The block header of an array or map: how many items follow (0 at the end), and for a negative count in the
// data their bytes, else kVariableWidth.
Fault read_block(Cursor& cursor, std::int64_t& count, std::int64_t& bytes);

}  // namespace offtake::avro
