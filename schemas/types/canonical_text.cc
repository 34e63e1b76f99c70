#include "schemas/types/canonical_text.h"

#include <fmt/format.h>

#include <cstring>

#include "schemas/types/batch.h"

namespace offtake::types {
namespace {

template <class T>
bool take(std::string_view& bytes, T& value) {
  if (bytes.size() < sizeof value) return false;
  std::memcpy(&value, bytes.data(), sizeof value);
  bytes.remove_prefix(sizeof value);
  return true;
}

template <class T>
bool take_fixed(std::string_view& bytes, ColumnBuilder& out) {
  T value;
  if (!take(bytes, value)) return false;
  out.append(value);
  return true;
}

bool take_text(std::string_view& bytes, ColumnBuilder& out) {
  std::uint32_t size = 0;
  if (!take(bytes, size) || bytes.size() < size) return false;
  out.append_text(bytes.substr(0, size));
  bytes.remove_prefix(size);
  return true;
}

// One value from the front of `bytes`.
bool take_value(std::string_view& bytes, const Type& type, ColumnBuilder& out) {
  std::uint8_t there = 0;
  if (!take(bytes, there)) return false;
  if (there == 0) {
    out.append_null();
    return true;
  }
  double number = 0;
  std::int64_t micros = 0;
  switch (physical(type.id)) {
    case Physical::kBool:
      return take_fixed<std::uint8_t>(bytes, out);
    case Physical::kInt32:
      return take_fixed<std::int32_t>(bytes, out);
    case Physical::kInt64:
      return take_fixed<std::int64_t>(bytes, out);
    case Physical::kUuid:
      return take_fixed<Uuid>(bytes, out);
    case Physical::kFloat32:
      if (!take(bytes, number)) return false;
      out.append(static_cast<float>(number));
      return true;
    case Physical::kFloat64:
      return take_fixed<double>(bytes, out);
    case Physical::kInterval:
      if (!take(bytes, micros)) return false;
      out.append(Interval{0, 0, micros});
      return true;
    case Physical::kString:
      return take_text(bytes, out);
    case Physical::kNumeric:  // its digits are not worth a reader of their own
      break;
  }
  return false;
}

}  // namespace

std::string canonical_text(std::string_view canonical, std::span<const Type> types) {
  std::string out;
  std::string_view rest = canonical;
  bool read = !types.empty();
  for (std::size_t i = 0; i < types.size() && read; ++i) {
    ColumnBuilder builder(types[i]);
    read = take_value(rest, types[i], builder);
    if (read) out += (i == 0 ? "" : ", ") + value_text(*builder.finish(), 0);
  }
  if (read && rest.empty()) return out;
  out = "0x";
  for (const char c : canonical) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return out;
}

}  // namespace offtake::types
