// PostgreSQL's binary form of values, straight from columns: what COPY … (FORMAT BINARY) takes. One growing
// buffer; the caller flushes it.
#pragma once
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "operators/targets/target.h"

namespace offtake::targets::postgres {

// Big-endian bytes at the end of a buffer that only grows.
class ByteBuffer {
 public:
  void clear() { size_ = 0; }
  std::size_t size() const { return size_; }
  std::string_view view() const { return {bytes_.data(), size_}; }
  char* grow(std::size_t count) {
    if (size_ + count > bytes_.size()) bytes_.resize(std::max(bytes_.size() * 2, size_ + count));
    char* const place = bytes_.data() + size_;
    size_ += count;
    return place;
  }
  void put16(std::uint16_t value) { put(__builtin_bswap16(value)); }
  void put32(std::uint32_t value) { put(__builtin_bswap32(value)); }
  void put64(std::uint64_t value) { put(__builtin_bswap64(value)); }
  void put_bytes(std::string_view bytes) { std::memcpy(grow(bytes.size()), bytes.data(), bytes.size()); }
  void set32(std::size_t at, std::uint32_t value) {
    value = __builtin_bswap32(value);
    std::memcpy(bytes_.data() + at, &value, sizeof value);
  }

 private:
  template <class T>
  void put(T value) {
    std::memcpy(grow(sizeof value), &value, sizeof value);
  }
  std::vector<char> bytes_ = std::vector<char>(64 << 10);
  std::size_t size_ = 0;
};

// "bigint", "numeric(10,2)", "text[]", "jsonb". Arrays of scalars are native, records, maps and arrays of
// nested values jsonb. Terminal error for what PostgreSQL has no column for.
base::Result<std::string> column_type(const types::Type& type);
bool is_native_array(const types::Type& type);

// Appends length and bytes of one value (or -1 for NULL).
using FieldWriter = void (*)(const types::Column& column, std::size_t row, ByteBuffer& out);
FieldWriter field_writer(const types::Type& type);

void put_copy_header(ByteBuffer& out);
void put_copy_trailer(ByteBuffer& out);
// Appends the rows as COPY tuples: columns of `first`, then of `second`.
void put_copy_rows(const std::vector<types::ColumnPtr>& first, const std::vector<types::ColumnPtr>& second,
                   std::size_t from_row, std::size_t to_row, ByteBuffer& out);

}  // namespace offtake::targets::postgres
