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
  // The same for rows 0 .. n-1 at once, column by column: how many bytes each takes, then row i to to[i].
  void packed_bytes(std::span<const types::ColumnPtr> columns, std::span<std::uint32_t> bytes) const;
  void pack_rows(std::span<const types::ColumnPtr> columns, std::span<char* const> to) const;
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
  std::string_view text(const char* packed, std::size_t column) const {  // kString
    return variable(packed, column);
  }
  types::Numeric number(const char* packed, std::size_t column) const;  // big digits stay in the row

  // Equality as SQL's keys have it: NULL equals NULL, 1.0 equals 1.00.
  bool equal_at(const char* packed, std::size_t column, const types::Column& other, std::size_t row) const;
  // The same of two packed rows, over several columns.
  bool equal_packed(const char* a, const char* b, std::span<const int> columns) const;
  // Calls visit(same), where same(packed, row) is equal_at over several columns, made for their types once.
  template <class Visit>
  void with_equality(std::span<const int> packed_columns, std::span<const types::ColumnPtr> columns,
                     std::span<const int> key_columns, Visit visit) const;
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
  std::string_view variable(const char* packed, std::size_t column) const {
    const Slot& slot = slots_[column];
    std::uint32_t start = 0;
    std::uint32_t end;
    if (slot.previous >= 0) std::memcpy(&start, packed + slot.previous, sizeof start);
    std::memcpy(&end, packed + slot.offset, sizeof end);
    return {packed + fixed_bytes_ + start, end - start};
  }
  template <class T>
  void pack_fixed(const types::Column& column, std::size_t at, std::span<char* const> to) const;
  template <class T>
  void gather_fixed(std::span<const char* const> rows, std::size_t column, types::ColumnBuilder& out) const;

  std::vector<types::Type> types_;
  std::vector<Slot> slots_;
  std::uint32_t fixed_bytes_ = 0;  // bitmap and slots
};

template <class Visit>
void RowLayout::with_equality(std::span<const int> packed_columns, std::span<const types::ColumnPtr> columns,
                              std::span<const int> key_columns, Visit visit) const {
  if (packed_columns.size() == 1) {
    const auto at = static_cast<std::size_t>(packed_columns[0]);
    const types::Column& column = *columns[static_cast<std::size_t>(key_columns[0])];
    // A NULL's value is zero on both sides, so the values can be compared first.
    const auto of_values = [&]<class T>(const T* values) {
      visit([this, at, &column, values](const char* packed, std::size_t row) {
        return value<T>(packed, at) == values[row] && is_null(packed, at) == column.is_null(row);
      });
    };
    if (column.physical() == types::Physical::kInt64) return of_values(column.values<std::int64_t>().data());
    if (column.physical() == types::Physical::kInt32) return of_values(column.values<std::int32_t>().data());
    if (column.physical() == types::Physical::kString && !types::is_nested(types_[at].id)) {
      return visit([this, at, &column](const char* packed, std::size_t row) {
        return text(packed, at) == column.text(row) && is_null(packed, at) == column.is_null(row);
      });
    }
  }
  visit([&](const char* packed, std::size_t row) {
    for (std::size_t i = 0; i < packed_columns.size(); ++i) {
      if (!equal_at(packed, static_cast<std::size_t>(packed_columns[i]),
                    *columns[static_cast<std::size_t>(key_columns[i])], row)) {
        return false;
      }
    }
    return true;
  });
}

}  // namespace offtake::engine
