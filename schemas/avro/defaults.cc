#include "schemas/avro/defaults.h"

#include <algorithm>
#include <limits>

namespace offtake::avro {

bool is_valid_default(const Node& node, const json::Value& value) {
  switch (node.kind) {
    case Kind::kNull:
      return value.is_null();
    case Kind::kBoolean:
      return value.is_bool();
    case Kind::kInt:
      return value.is_int() && value.as_int() >= std::numeric_limits<std::int32_t>::min() &&
             value.as_int() <= std::numeric_limits<std::int32_t>::max();
    case Kind::kLong:
      return value.is_int();
    case Kind::kFloat:
    case Kind::kDouble:
      return value.is_number();
    case Kind::kBytes:
    case Kind::kString:
    case Kind::kEnum:
    case Kind::kFixed:
      return value.is_string();
    case Kind::kArray:
      return value.is_array() &&
             std::all_of(value.as_array().begin(), value.as_array().end(),
                         [&](const auto& item) { return is_valid_default(node.items(), item); });
    case Kind::kMap:
      return value.is_object() &&
             std::all_of(value.as_object().begin(), value.as_object().end(),
                         [&](const auto& member) { return is_valid_default(node.items(), member.second); });
    case Kind::kUnion:
      return default_branch(node, value) != nullptr;
    case Kind::kRecord:
      // A field without a value must have a default of its own, which was checked where it is declared.
      return value.is_object() &&
             std::all_of(node.fields.begin(), node.fields.end(), [&](const Field& field) {
               const json::Value* given = value.find(field.name);
               return given != nullptr ? is_valid_default(*field.type, *given)
                                       : field.default_value.has_value();
             });
  }
  return false;
}

const Node* default_branch(const Node& union_node, const json::Value& value) {
  for (const Node* branch : union_node.branches) {
    if (is_valid_default(*branch, value)) return branch;
  }
  return nullptr;
}

std::optional<std::string> bytes_of_default(std::string_view utf8) {
  std::string bytes;
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const auto lead = static_cast<unsigned char>(utf8[i]);
    if (lead < 0x80) {
      bytes += utf8[i];
    } else if ((lead == 0xC2 || lead == 0xC3) && i + 1 < utf8.size()) {
      const auto tail = static_cast<unsigned char>(utf8[++i]);
      bytes += static_cast<char>((lead & 0x03U) << 6 | (tail & 0x3FU));
    } else {
      return std::nullopt;
    }
  }
  return bytes;
}

}  // namespace offtake::avro
