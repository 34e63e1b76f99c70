#include "operators/engine/row_layout.h"

namespace offtake::engine {
namespace {

using types::Numeric;
using types::Physical;

enum class NumberForm : std::uint8_t { k64, k128, kBig, kNaN, kInfinity, kMinusInfinity };

bool is_variable(Physical physical) {
  return physical == Physical::kString || physical == Physical::kNumeric;
}

template <class T>
void append_bytes(const T& value, std::string& out) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}
template <class T>
T read(const char* from) {
  T out;
  std::memcpy(&out, from, sizeof out);
  return out;
}

std::string_view big_magnitude(const Numeric& value) {
  const auto bits = static_cast<unsigned __int128>(value.coefficient);
  return {reinterpret_cast<const char*>(static_cast<std::uint64_t>(bits)),
          static_cast<std::size_t>(bits >> 64)};
}

void append_number(const Numeric& value, std::string& out) {
  const auto scale = static_cast<std::uint16_t>(value.scale);
  const auto start = [&](NumberForm form) {
    out += static_cast<char>(form);
    append_bytes(scale, out);
  };
  switch (value.kind) {
    case Numeric::Kind::kSmall:
      if (value.coefficient >= INT64_MIN && value.coefficient <= INT64_MAX) {
        start(NumberForm::k64);
        append_bytes(static_cast<std::int64_t>(value.coefficient), out);
      } else {
        start(NumberForm::k128);
        append_bytes(value.coefficient, out);
      }
      return;
    case Numeric::Kind::kBig:
      start(NumberForm::kBig);
      out += value.negative ? '\1' : '\0';
      out += big_magnitude(value);
      return;
    case Numeric::Kind::kNaN:
      return start(NumberForm::kNaN);
    case Numeric::Kind::kInfinity:
      return start(NumberForm::kInfinity);
    case Numeric::Kind::kMinusInfinity:
      return start(NumberForm::kMinusInfinity);
  }
}

Numeric read_number(std::string_view bytes) {
  Numeric out;
  if (bytes.empty()) return out;
  out.scale = read<std::uint16_t>(bytes.data() + 1);
  switch (static_cast<NumberForm>(bytes[0])) {
    case NumberForm::k64:
      out.coefficient = read<std::int64_t>(bytes.data() + 3);
      break;
    case NumberForm::k128:
      out.coefficient = read<__int128>(bytes.data() + 3);
      break;
    case NumberForm::kBig:
      out.kind = Numeric::Kind::kBig;
      out.negative = bytes[3] != 0;
      out.coefficient = static_cast<__int128>(static_cast<unsigned __int128>(bytes.size() - 4) << 64 |
                                              reinterpret_cast<std::uintptr_t>(bytes.data() + 4));
      break;
    case NumberForm::kNaN:
      out.kind = Numeric::Kind::kNaN;
      break;
    case NumberForm::kInfinity:
      out.kind = Numeric::Kind::kInfinity;
      break;
    case NumberForm::kMinusInfinity:
      out.kind = Numeric::Kind::kMinusInfinity;
      break;
  }
  return out;
}

template <class T>
bool equal_floats(T a, T b) {
  return a == b || (a != a && b != b);
}

}  // namespace

RowLayout::RowLayout(std::vector<types::Type> types) : types_(std::move(types)) {
  auto offset = static_cast<std::uint32_t>((types_.size() + 7) / 8);
  std::int32_t previous = -1;
  for (const types::Type& type : types_) {
    const Physical physical = types::physical(type.id);
    const bool variable = is_variable(physical);
    const auto width = static_cast<std::uint32_t>(variable ? 4 : types::width(physical));
    slots_.push_back({physical, offset, width, previous});
    if (variable) previous = static_cast<std::int32_t>(offset);
    offset += width;
  }
  fixed_bytes_ = offset;
}

void RowLayout::pack(std::span<const types::ColumnPtr> columns, std::size_t row, std::string& out) const {
  out.assign(fixed_bytes_, '\0');
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    const types::Column& column = *columns[i];
    const Slot& slot = slots_[i];
    if (column.is_null(row)) {
      out[i >> 3] = static_cast<char>(out[i >> 3] | 1 << (i & 7));
    } else if (slot.physical == Physical::kString) {
      out += column.text(row);
    } else if (slot.physical == Physical::kNumeric) {
      append_number(column.values<Numeric>()[row], out);
    } else {
      std::memcpy(out.data() + slot.offset, column.raw(row), slot.width);
      continue;
    }
    if (is_variable(slot.physical)) {
      const auto end = static_cast<std::uint32_t>(out.size() - fixed_bytes_);
      std::memcpy(out.data() + slot.offset, &end, sizeof end);
    }
  }
}

std::string_view RowLayout::variable(const char* packed, std::size_t column) const {
  const Slot& slot = slots_[column];
  const std::uint32_t start = slot.previous < 0 ? 0 : read<std::uint32_t>(packed + slot.previous);
  const std::uint32_t end = read<std::uint32_t>(packed + slot.offset);
  return {packed + fixed_bytes_ + start, end - start};
}

std::string_view RowLayout::text(const char* packed, std::size_t column) const {
  return variable(packed, column);
}

Numeric RowLayout::number(const char* packed, std::size_t column) const {
  return read_number(variable(packed, column));
}

bool RowLayout::equal_at(const char* packed, std::size_t column, const types::Column& other,
                         std::size_t row) const {
  const bool null = is_null(packed, column);
  if (null || other.is_null(row)) return null && other.is_null(row);
  switch (slots_[column].physical) {
    case Physical::kBool:
      return value<std::uint8_t>(packed, column) == other.values<std::uint8_t>()[row];
    case Physical::kInt32:
      return value<std::int32_t>(packed, column) == other.values<std::int32_t>()[row];
    case Physical::kInt64:
      return value<std::int64_t>(packed, column) == other.values<std::int64_t>()[row];
    case Physical::kFloat32:
      return equal_floats(value<float>(packed, column), other.values<float>()[row]);
    case Physical::kFloat64:
      return equal_floats(value<double>(packed, column), other.values<double>()[row]);
    case Physical::kNumeric:
      return types::compare(number(packed, column), other.values<Numeric>()[row]) == 0;
    case Physical::kInterval:
      return types::compare(value<types::Interval>(packed, column), other.values<types::Interval>()[row]) ==
             0;
    case Physical::kUuid:
      return std::memcmp(packed + slots_[column].offset, other.raw(row), sizeof(types::Uuid)) == 0;
    case Physical::kString: {
      if (!types::is_nested(types_[column].id)) return text(packed, column) == other.text(row);
      types::ColumnBuilder builder(types_[column]);
      builder.append_shared(text(packed, column));
      return types::equal_values(*builder.finish(), 0, other, row);
    }
  }
  return false;
}

template <class T>
void RowLayout::gather_fixed(std::span<const char* const> rows, std::size_t column,
                             types::ColumnBuilder& out) const {
  T* to = out.grow<T>(rows.size());
  const std::uint32_t offset = slots_[column].offset;
  for (const char* row : rows) std::memcpy(to++, row + offset, sizeof(T));
}

void RowLayout::gather(std::span<const char* const> rows, std::size_t column,
                       types::ColumnBuilder& out) const {
  const std::size_t first = out.size();
  switch (slots_[column].physical) {
    case Physical::kBool:
      gather_fixed<std::uint8_t>(rows, column, out);
      break;
    case Physical::kInt32:
    case Physical::kFloat32:
      gather_fixed<std::int32_t>(rows, column, out);
      break;
    case Physical::kInt64:
    case Physical::kFloat64:
      gather_fixed<std::int64_t>(rows, column, out);
      break;
    case Physical::kInterval:
    case Physical::kUuid:
      gather_fixed<types::Uuid>(rows, column, out);
      break;
    case Physical::kString:
      for (const char* row : rows) out.append_text(text(row, column));
      break;
    case Physical::kNumeric:
      for (const char* row : rows) out.append_numeric(number(row, column));
      break;
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (is_null(rows[i], column)) out.set_null(first + i);
  }
}

std::vector<types::ColumnPtr> RowLayout::gather(std::span<const char* const> rows) const {
  std::vector<types::ColumnPtr> out;
  out.reserve(types_.size());
  for (std::size_t i = 0; i < types_.size(); ++i) {
    types::ColumnBuilder builder(types_[i]);
    builder.reserve(rows.size());
    gather(rows, i, builder);
    out.push_back(builder.finish());
  }
  return out;
}

}  // namespace offtake::engine
