// Columnar data: typed columns with validity, strings as views into arenas. No variant and no allocation
// per value. A column is immutable once built and shared by pointer; building is single-threaded, reading
// is thread-safe.
#pragma once
#include <array>
#include <cassert>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "schemas/types/numeric.h"
#include "schemas/types/type.h"

namespace offtake::types {

// Bump allocation in chunks; everything is freed together. Not thread-safe while growing.
class Arena {
 public:
  explicit Arena(std::size_t chunk_bytes = 64 << 10) : chunk_bytes_(chunk_bytes) {}
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  char* allocate(std::size_t bytes, std::size_t alignment = 1);
  std::string_view copy(std::string_view text);
  std::size_t bytes() const { return bytes_; }  // allocated from the system

 private:
  std::size_t chunk_bytes_;
  std::vector<std::unique_ptr<char[]>> chunks_;
  char* next_ = nullptr;
  std::size_t left_ = 0;
  std::size_t bytes_ = 0;
};
using ArenaPtr = std::shared_ptr<Arena>;

// Growing bytes whose start is aligned to 64, so that a Numeric (16) and vector loads may lie in them.
class Buffer {
 public:
  Buffer() = default;
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  Buffer(Buffer&& other) noexcept;
  Buffer& operator=(Buffer&& other) noexcept;
  ~Buffer();
  char* data() { return data_; }
  const char* data() const { return data_; }
  std::size_t capacity() const { return capacity_; }
  void reserve(std::size_t bytes);  // keeps the contents; new bytes are undefined

 private:
  char* data_ = nullptr;
  std::size_t capacity_ = 0;
};

// Up to 12 bytes inline, longer ones by pointer with their first 4 bytes beside the size.
class StringRef {
 public:
  static constexpr std::uint32_t kInline = 12;
  StringRef() = default;
  // Keeps a pointer to longer text: the caller keeps it alive (usually by an arena of the column).
  // Put together in registers: writing the parts one by one and reading the whole stalls the processor, as
  // does a copy right afterwards, so decoders construct it in its place.
  explicit StringRef(std::string_view text) {
    const auto size = static_cast<std::uint32_t>(text.size());
    const std::uint64_t low = size <= kInline ? first_bytes(text) : load<std::uint32_t>(text.data());
    std::uint64_t rest = low >> 32;
    if (size > kInline) {
      rest = reinterpret_cast<std::uintptr_t>(text.data());
    } else if (size > 8) {
      rest |= std::uint64_t{load<std::uint32_t>(text.data() + size - 4) >> (kInline - size) * 8} << 32;
    }
    const std::uint64_t words[] = {size | low << 32, rest};
    std::memcpy(static_cast<void*>(this), &words[0], 8);
    std::memcpy(reinterpret_cast<char*>(this) + 8, &words[1], 8);
  }
  std::uint32_t size() const { return size_; }
  bool is_inline() const { return size_ <= kInline; }
  const char* data() const {
    if (size_ <= kInline) return bytes_;
    const char* address;
    std::memcpy(&address, bytes_ + 4, sizeof address);
    return address;
  }
  std::string_view view() const { return {data(), size_}; }  // valid while this StringRef stays where it is
  friend bool operator==(const StringRef& a, const StringRef& b) { return a.view() == b.view(); }

 private:
  template <class T>
  static T load(const char* from) {
    T value;
    std::memcpy(&value, from, sizeof value);
    return value;
  }
  // Up to 8 of them, without reading beyond the text: from both ends, overlapping.
  static std::uint64_t first_bytes(std::string_view text) {
    const char* at = text.data();
    const std::size_t size = text.size();
    if (size >= 8) return load<std::uint64_t>(at);
    if (size >= 4) {
      return load<std::uint32_t>(at) | std::uint64_t{load<std::uint32_t>(at + size - 4)} << (size - 4) * 8;
    }
    if (size == 0) return 0;
    const auto byte = [&](std::size_t i) {
      return std::uint64_t{static_cast<unsigned char>(at[i])} << i * 8;
    };
    return byte(0) | byte(size / 2) | byte(size - 1);
  }

  std::uint32_t size_ = 0;
  char bytes_[12] = {};
};
static_assert(sizeof(StringRef) == 16);

struct Interval {
  std::int32_t months = 0;
  std::int32_t days = 0;
  std::int64_t micros = 0;
  friend bool operator==(const Interval&, const Interval&) = default;  // by fields; SQL equality: compare()
};
// PostgreSQL's rule: a month is 30 days, a day is 24 hours.
int compare(const Interval& a, const Interval& b);

using Uuid = std::array<std::uint8_t, 16>;

class Column;
using ColumnPtr = std::shared_ptr<const Column>;

class Column {
 public:
  const Type& type() const { return type_; }
  Physical physical() const { return physical_; }
  std::size_t size() const { return size_; }
  bool may_have_nulls() const { return !validity_.empty(); }
  bool is_null(std::size_t row) const {
    return !validity_.empty() && (validity_[row >> 6] >> (row & 63) & 1) == 0;
  }
  // One bit a row, 1 = has a value; empty when no row is NULL.
  std::span<const std::uint64_t> validity() const { return validity_; }
  // REQUIRES: T is the physical type. The value at a NULL is all zero bytes.
  template <class T>
  std::span<const T> values() const {
    return {reinterpret_cast<const T*>(data_.data()), size_};
  }
  // The value's bytes, width(physical()) of them.
  const char* raw(std::size_t row) const { return data_.data() + row * width_; }
  std::string_view raw_bytes() const { return {data_.data(), size_ * width_}; }
  std::string_view text(std::size_t row) const { return values<StringRef>()[row].view(); }
  std::size_t bytes() const;  // of values and validity, without arenas
  const std::vector<std::shared_ptr<const Arena>>& arenas() const { return arenas_; }

  // The rows named by `rows`, in that order, sharing the strings.
  ColumnPtr take(std::span<const std::uint32_t> rows) const;
  // A column of `size` times the value at `row`.
  ColumnPtr repeat(std::size_t row, std::size_t size) const;
  static ColumnPtr nulls(const Type& type, std::size_t size);
  // REQUIRES: equal types. Shares the strings.
  static ColumnPtr concatenate(std::span<const ColumnPtr> columns);

 private:
  friend class ColumnBuilder;
  Type type_;
  Physical physical_ = Physical::kString;
  std::size_t width_ = 0;
  std::size_t size_ = 0;
  Buffer data_;
  std::vector<std::uint64_t> validity_;
  std::vector<std::shared_ptr<const Arena>> arenas_;
};

// Builds one column row by row. Reusable after finish(): with an arena of its own, a new one then.
class ColumnBuilder {
 public:
  // `arena` takes copied strings and big digits; one is made when needed if it is null.
  explicit ColumnBuilder(Type type, ArenaPtr arena = nullptr);

  const Type& type() const { return type_; }
  void reserve(std::size_t rows);
  std::size_t size() const { return size_; }
  void append_null();
  // REQUIRES: T is the physical type. Big digits of a Numeric and longer text of a StringRef stay where they
  // are: see keep_alive.
  template <class T>
  void append(const T& value) {
    *grow<T>(1) = value;
  }
  void append_text(std::string_view text);                  // copies longer text into the arena
  void append_shared(std::string_view text);                // keeps the pointer: see keep_alive
  void append_numeric(const Numeric& value);                // copies big digits into the arena
  void append_from(const Column& column, std::size_t row);  // same physical type; copies strings
  void keep_alive(std::shared_ptr<const Arena> arena);      // for append_shared and append<StringRef/Numeric>
  Arena& arena();
  void truncate(std::size_t rows);  // forgets the rows from there on
  // Direct access for decoders: grows by `rows` valid rows and gives their place (undefined bytes).
  template <class T>
  T* grow(std::size_t rows) {
    assert(sizeof(T) == width_);
    return reinterpret_cast<T*>(place(rows));
  }
  void set_null(std::size_t row);

  ColumnPtr finish();

 private:
  char* place(std::size_t rows) {  // room for `rows` more values, which are valid
    if ((size_ + rows) * width_ > data_.capacity()) data_.reserve((size_ + rows) * width_);
    char* result = data_.data() + size_ * width_;
    size_ += rows;
    if (!validity_.empty()) mark_valid(size_ - rows, rows);
    return result;
  }
  void mark_valid(std::size_t from, std::size_t rows);
  void track_validity();

  Type type_;
  std::size_t width_ = 0;
  std::size_t size_ = 0;
  Buffer data_;
  std::vector<std::uint64_t> validity_;  // empty until there is a NULL
  ArenaPtr arena_;
  bool own_arena_ = true;
  bool arena_used_ = false;
  std::vector<std::shared_ptr<const Arena>> kept_;
};

}  // namespace offtake::types
