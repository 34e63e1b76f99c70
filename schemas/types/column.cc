#include "schemas/types/column.h"

#include <algorithm>
#include <cstdlib>
#include <new>

namespace offtake::types {
namespace {

constexpr std::size_t kAlignment = 64;

std::size_t words(std::size_t rows) {
  return (rows + 63) / 64;
}

template <std::size_t kWidth>
void gather(const char* from, std::span<const std::uint32_t> rows, char* to) {
  for (std::uint32_t row : rows) {
    std::memcpy(to, from + row * kWidth, kWidth);
    to += kWidth;
  }
}

void gather(std::size_t width, const char* from, std::span<const std::uint32_t> rows, char* to) {
  switch (width) {
    case 1:
      return gather<1>(from, rows, to);
    case 4:
      return gather<4>(from, rows, to);
    case 8:
      return gather<8>(from, rows, to);
    case 16:
      return gather<16>(from, rows, to);
    default:
      return gather<32>(from, rows, to);
  }
}

void add_arena(std::vector<std::shared_ptr<const Arena>>& arenas, const std::shared_ptr<const Arena>& arena) {
  if (std::find(arenas.begin(), arenas.end(), arena) == arenas.end()) arenas.push_back(arena);
}

bool points_outside(Physical physical) {
  return physical == Physical::kString || physical == Physical::kNumeric;
}

}  // namespace

char* Arena::allocate(std::size_t bytes, std::size_t alignment) {
  std::size_t pad = (alignment - reinterpret_cast<std::uintptr_t>(next_) % alignment) % alignment;
  if (next_ == nullptr || left_ < bytes + pad) {
    // Chunks double up to chunk_bytes_, so that a column of one row stays small.
    const std::size_t wanted = std::min(chunk_bytes_, std::max<std::size_t>(512, bytes_));
    const std::size_t size = std::max(wanted, bytes + alignment);
    chunks_.push_back(std::unique_ptr<char[]>(new char[size]));
    next_ = chunks_.back().get();
    left_ = size;
    bytes_ += size;
    pad = (alignment - reinterpret_cast<std::uintptr_t>(next_) % alignment) % alignment;
  }
  char* result = next_ + pad;
  next_ += pad + bytes;
  left_ -= pad + bytes;
  return result;
}

std::string_view Arena::copy(std::string_view text) {
  char* to = allocate(text.size());
  text.copy(to, text.size());
  return {to, text.size()};
}

Buffer::Buffer(Buffer&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), capacity_(std::exchange(other.capacity_, 0)) {}

Buffer& Buffer::operator=(Buffer&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(capacity_, other.capacity_);
  return *this;
}

Buffer::~Buffer() {
  std::free(data_);
}

void Buffer::reserve(std::size_t bytes) {
  if (bytes <= capacity_) return;
  std::size_t capacity = std::max(bytes, capacity_ * 2);
  capacity = (capacity + kAlignment - 1) / kAlignment * kAlignment;
  char* grown = static_cast<char*>(std::aligned_alloc(kAlignment, capacity));
  if (grown == nullptr) throw std::bad_alloc();
  if (capacity_ > 0) std::memcpy(grown, data_, capacity_);
  std::free(data_);
  data_ = grown;
  capacity_ = capacity;
}

std::size_t Column::bytes() const {
  return size_ * width_ + validity_.size() * sizeof(std::uint64_t);
}

ColumnPtr Column::take(std::span<const std::uint32_t> rows) const {
  auto out = std::make_shared<Column>();
  out->type_ = type_;
  out->physical_ = physical_;
  out->width_ = width_;
  out->size_ = rows.size();
  out->data_.reserve(rows.size() * width_);
  gather(width_, data_.data(), rows, out->data_.data());
  if (!validity_.empty()) {
    out->validity_.assign(words(rows.size()), 0);
    std::size_t nulls = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const std::uint64_t valid = validity_[rows[i] >> 6] >> (rows[i] & 63) & 1;
      out->validity_[i >> 6] |= valid << (i & 63);
      nulls += 1 - valid;
    }
    if (nulls == 0) out->validity_.clear();
  }
  out->arenas_ = arenas_;
  return out;
}

ColumnPtr Column::repeat(std::size_t row, std::size_t size) const {
  const std::vector<std::uint32_t> rows(size, static_cast<std::uint32_t>(row));
  return take(rows);
}

ColumnPtr Column::nulls(const Type& type, std::size_t size) {
  auto out = std::make_shared<Column>();
  out->type_ = type;
  out->physical_ = types::physical(type.id);
  out->width_ = width(out->physical_);
  out->size_ = size;
  out->data_.reserve(size * out->width_);
  if (size > 0) std::memset(out->data_.data(), 0, size * out->width_);
  out->validity_.assign(words(size), 0);
  return out;
}

ColumnPtr Column::concatenate(std::span<const ColumnPtr> columns) {
  if (columns.size() == 1) return columns[0];
  auto out = std::make_shared<Column>();
  bool nulls = false;
  for (const ColumnPtr& column : columns) {
    out->size_ += column->size_;
    nulls = nulls || column->may_have_nulls();
    for (const auto& arena : column->arenas_) add_arena(out->arenas_, arena);
  }
  out->type_ = columns[0]->type_;
  out->physical_ = columns[0]->physical_;
  out->width_ = columns[0]->width_;
  out->data_.reserve(out->size_ * out->width_);
  if (nulls) out->validity_.assign(words(out->size_), 0);
  std::size_t at = 0;
  for (const ColumnPtr& column : columns) {
    if (column->size_ == 0) continue;
    std::memcpy(out->data_.data() + at * out->width_, column->data_.data(), column->size_ * out->width_);
    if (nulls) {
      for (std::size_t row = 0; row < column->size_; ++row) {
        const std::uint64_t valid = column->is_null(row) ? 0 : 1;
        out->validity_[(at + row) >> 6] |= valid << ((at + row) & 63);
      }
    }
    at += column->size_;
  }
  return out;
}

ColumnBuilder::ColumnBuilder(Type type, ArenaPtr arena)
    : type_(std::move(type)),
      width_(width(physical(type_.id))),
      arena_(std::move(arena)),
      own_arena_(arena_ == nullptr),
      arena_used_(!own_arena_) {}

Arena& ColumnBuilder::arena() {
  if (!arena_) arena_ = std::make_shared<Arena>();
  arena_used_ = true;
  return *arena_;
}

void ColumnBuilder::reserve(std::size_t rows) {
  data_.reserve(rows * width_);
}

void ColumnBuilder::track_validity() {
  if (!validity_.empty()) return;
  validity_.reserve(words(std::max<std::size_t>(size_, data_.capacity() / width_)));
  validity_.assign(std::max<std::size_t>(1, words(size_)), 0);
  mark_valid(0, size_);
}

void ColumnBuilder::mark_valid(std::size_t from, std::size_t rows) {
  if (words(from + rows) > validity_.size()) validity_.resize(words(from + rows), 0);
  for (std::size_t row = from; row < from + rows; ++row) {
    if ((row & 63) == 0 && row + 64 <= from + rows) {
      validity_[row >> 6] = ~std::uint64_t{0};
      row += 63;
    } else {
      validity_[row >> 6] |= std::uint64_t{1} << (row & 63);
    }
  }
}

void ColumnBuilder::append_null() {
  place(1);
  set_null(size_ - 1);
}

void ColumnBuilder::set_null(std::size_t row) {
  track_validity();
  validity_[row >> 6] &= ~(std::uint64_t{1} << (row & 63));
  std::memset(data_.data() + row * width_, 0, width_);
}

void ColumnBuilder::append_text(std::string_view text) {
  if (text.size() > StringRef::kInline) text = arena().copy(text);
  new (grow<StringRef>(1)) StringRef(text);
}

void ColumnBuilder::append_shared(std::string_view text) {
  new (grow<StringRef>(1)) StringRef(text);
}

void ColumnBuilder::append_numeric(const Numeric& value) {
  append(value.kind == Numeric::Kind::kBig ? copy(value, arena()) : value);
}

void ColumnBuilder::append_from(const Column& column, std::size_t row) {
  assert(width(column.physical()) == width_);
  if (column.is_null(row)) return append_null();
  if (column.physical() == Physical::kString) return append_text(column.text(row));
  if (column.physical() == Physical::kNumeric) return append_numeric(column.values<Numeric>()[row]);
  std::memcpy(place(1), column.raw(row), width_);
}

void ColumnBuilder::keep_alive(std::shared_ptr<const Arena> arena) {
  add_arena(kept_, arena);
}

void ColumnBuilder::truncate(std::size_t rows) {
  if (rows >= size_) return;
  size_ = rows;
  if (validity_.empty()) return;
  validity_.resize(std::max<std::size_t>(1, words(rows)));
  if (rows == 0) validity_[0] = 0;
  if (rows & 63) validity_.back() &= (std::uint64_t{1} << (rows & 63)) - 1;
}

ColumnPtr ColumnBuilder::finish() {
  auto out = std::make_shared<Column>();
  out->type_ = type_;
  out->physical_ = physical(type_.id);
  out->width_ = width_;
  out->size_ = size_;
  out->data_ = std::move(data_);
  bool all_valid = true;
  for (std::size_t row = 0; row < size_ && !validity_.empty() && all_valid; row += 64) {
    const std::size_t bits = std::min<std::size_t>(64, size_ - row);
    const std::uint64_t full = bits == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1;
    all_valid = (validity_[row >> 6] & full) == full;
  }
  if (!all_valid) out->validity_ = std::move(validity_);
  validity_.clear();
  if (points_outside(out->physical_)) {
    out->arenas_ = std::move(kept_);
    if (arena_ && arena_used_) add_arena(out->arenas_, arena_);
  }
  kept_.clear();
  if (own_arena_ && arena_used_) {
    arena_.reset();
    arena_used_ = false;
  }
  size_ = 0;
  data_ = Buffer();
  return out;
}

}  // namespace offtake::types
