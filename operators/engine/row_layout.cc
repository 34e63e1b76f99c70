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

NumberForm form_of(const Numeric& value) {
  switch (value.kind) {
    case Numeric::Kind::kSmall:
      return value.coefficient >= INT64_MIN && value.coefficient <= INT64_MAX ? NumberForm::k64
                                                                              : NumberForm::k128;
    case Numeric::Kind::kBig:
      return NumberForm::kBig;
    case Numeric::Kind::kNaN:
      return NumberForm::kNaN;
    case Numeric::Kind::kInfinity:
      return NumberForm::kInfinity;
    case Numeric::Kind::kMinusInfinity:
      return NumberForm::kMinusInfinity;
  }
  return NumberForm::kNaN;
}

constexpr std::size_t kNumberHead = 3;  // form and scale

std::size_t number_bytes(const Numeric& value) {
  switch (form_of(value)) {
    case NumberForm::k64:
      return kNumberHead + sizeof(std::int64_t);
    case NumberForm::k128:
      return kNumberHead + sizeof(__int128);
    case NumberForm::kBig:
      return kNumberHead + 1 + big_magnitude(value).size();
    default:
      return kNumberHead;
  }
}

// REQUIRES: room for number_bytes(value).
void write_number(const Numeric& value, char* to) {
  const NumberForm form = form_of(value);
  const auto scale = static_cast<std::uint16_t>(value.scale);
  to[0] = static_cast<char>(form);
  std::memcpy(to + 1, &scale, sizeof scale);
  if (form == NumberForm::k64) {
    const auto coefficient = static_cast<std::int64_t>(value.coefficient);
    std::memcpy(to + kNumberHead, &coefficient, sizeof coefficient);
  } else if (form == NumberForm::k128) {
    std::memcpy(to + kNumberHead, &value.coefficient, sizeof value.coefficient);
  } else if (form == NumberForm::kBig) {
    to[kNumberHead] = value.negative ? '\1' : '\0';
    const std::string_view digits = big_magnitude(value);
    std::memcpy(to + kNumberHead + 1, digits.data(), digits.size());
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

// Values that are equal and yet have other bytes.
bool may_differ_in_spelling(const types::Type& type) {
  switch (types::physical(type.id)) {
    case Physical::kNumeric:
    case Physical::kFloat32:
    case Physical::kFloat64:
    case Physical::kInterval:
      return true;
    default:
      return types::is_nested(type.id);
  }
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
      const Numeric& number = column.values<Numeric>()[row];
      const std::size_t at = out.size();
      out.resize(at + number_bytes(number));
      write_number(number, out.data() + at);
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

void RowLayout::packed_bytes(std::span<const types::ColumnPtr> columns,
                             std::span<std::uint32_t> bytes) const {
  std::fill(bytes.begin(), bytes.end(), fixed_bytes_);
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    const types::Column& column = *columns[i];
    if (slots_[i].physical == Physical::kString) {
      const auto* values = column.values<types::StringRef>().data();  // empty where NULL
      for (std::size_t row = 0; row < bytes.size(); ++row) bytes[row] += values[row].size();
    } else if (slots_[i].physical == Physical::kNumeric) {
      const auto* values = column.values<Numeric>().data();
      for (std::size_t row = 0; row < bytes.size(); ++row) {
        if (!column.is_null(row)) bytes[row] += static_cast<std::uint32_t>(number_bytes(values[row]));
      }
    }
  }
}

template <class T>
void RowLayout::pack_fixed(const types::Column& column, std::size_t at, std::span<char* const> to) const {
  const T* values = column.values<T>().data();
  const std::uint32_t offset = slots_[at].offset;
  for (std::size_t row = 0; row < to.size(); ++row) std::memcpy(to[row] + offset, &values[row], sizeof(T));
}

void RowLayout::pack_rows(std::span<const types::ColumnPtr> columns, std::span<char* const> to) const {
  const std::size_t bitmap = (slots_.size() + 7) / 8;
  for (char* row : to) {
    for (std::size_t i = 0; i < bitmap; ++i) row[i] = 0;
  }
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    const types::Column& column = *columns[i];
    const Slot& slot = slots_[i];
    if (column.may_have_nulls()) {
      for (std::size_t row = 0; row < to.size(); ++row) {
        to[row][i >> 3] = static_cast<char>(to[row][i >> 3] | (column.is_null(row) ? 1 << (i & 7) : 0));
      }
    }
    if (is_variable(slot.physical)) {
      for (std::size_t row = 0; row < to.size(); ++row) {
        std::uint32_t end = slot.previous < 0 ? 0 : read<std::uint32_t>(to[row] + slot.previous);
        char* place = to[row] + fixed_bytes_ + end;
        if (!column.is_null(row) && slot.physical == Physical::kString) {
          const std::string_view value = column.text(row);
          std::memcpy(place, value.data(), value.size());
          end += static_cast<std::uint32_t>(value.size());
        } else if (!column.is_null(row)) {
          const Numeric& number = column.values<Numeric>()[row];
          write_number(number, place);
          end += static_cast<std::uint32_t>(number_bytes(number));
        }
        std::memcpy(to[row] + slot.offset, &end, sizeof end);
      }
      continue;
    }
    switch (slot.width) {  // a NULL's value is zero
      case 1:
        pack_fixed<std::uint8_t>(column, i, to);
        break;
      case 4:
        pack_fixed<std::uint32_t>(column, i, to);
        break;
      case 8:
        pack_fixed<std::uint64_t>(column, i, to);
        break;
      default:
        pack_fixed<types::Uuid>(column, i, to);
        break;
    }
  }
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

bool RowLayout::equal_packed(const char* a, const char* b, std::span<const int> columns) const {
  for (const int number : columns) {
    const auto column = static_cast<std::size_t>(number);
    if (is_null(a, column) != is_null(b, column)) return false;
    const Slot& slot = slots_[column];
    const bool same_bytes = is_variable(slot.physical) ? variable(a, column) == variable(b, column)
                            : slot.width == 8
                                ? read<std::uint64_t>(a + slot.offset) == read<std::uint64_t>(b + slot.offset)
                                : std::memcmp(a + slot.offset, b + slot.offset, slot.width) == 0;
    if (same_bytes) continue;
    if (!may_differ_in_spelling(types_[column])) return false;
    types::ColumnBuilder builder(types_[column]);
    gather(std::span(&b, 1), column, builder);
    if (!equal_at(a, column, *builder.finish(), 0)) return false;
  }
  return true;
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
  char nulls = 0;
  for (const char* row : rows) nulls = static_cast<char>(nulls | row[column >> 3]);
  if ((nulls >> (column & 7) & 1) == 0) return;
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
