// How a row lies packed in state: a bitmap of NULLs, a slot per column, then the bytes of variable ones.
// Packed bytes are equal exactly where the rows are, spelling included (1.0 and 1.00 differ).
// Immutable; thread-safe.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "schemas/types/batch.h"

namespace offtake::engine {

class RowLayout {
 public:
  explicit RowLayout(std::vector<types::Type> types);

  const std::vector<types::Type>& types() const { return types_; }
  // Replaces `out` by the packed row.
  void pack(std::span<const types::ColumnPtr> columns, std::size_t row, std::string& out) const;
  bool is_null(const char* packed, std::size_t column) const {
    return (packed[column >> 3] >> (column & 7) & 1) != 0;
  }
  // The fixed slot's bytes, read unaligned. REQUIRES: T is the physical type, of fixed width.
  template <class T>
  T value(const char* packed, std::size_t column) const {
    T out;
    std::memcpy(&out, packed + slots_[column].offset, sizeof out);
    return out;
  }
  std::string_view text(const char* packed, std::size_t column) const;  // kString
  types::Numeric number(const char* packed, std::size_t column) const;  // big digits stay in the row

  // Equality as SQL's keys have it: NULL equals NULL, 1.0 equals 1.00.
  bool equal_at(const char* packed, std::size_t column, const types::Column& other, std::size_t row) const;
  // Appends that column of each row.
  void gather(std::span<const char* const> rows, std::size_t column, types::ColumnBuilder& out) const;
  // All columns of the rows; strings are copied.
  std::vector<types::ColumnPtr> gather(std::span<const char* const> rows) const;

 private:
  struct Slot {
    types::Physical physical;
    std::uint32_t offset;
    std::uint32_t width;    // 4 where variable: the end of its bytes, from the first variable byte
    std::int32_t previous;  // offset of the variable slot before it; -1: none
  };
  std::string_view variable(const char* packed, std::size_t column) const;
  template <class T>
  void gather_fixed(std::span<const char* const> rows, std::size_t column, types::ColumnBuilder& out) const;

  std::vector<types::Type> types_;
  std::vector<Slot> slots_;
  std::uint32_t fixed_bytes_ = 0;  // bitmap and slots
};

}  // namespace offtake::engine
