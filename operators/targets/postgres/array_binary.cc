#include "operators/targets/postgres/array_binary.h"

#include "operators/targets/postgres/binary_reader.h"
#include "schemas/types/array_text.h"

namespace offtake::targets::postgres {
namespace {

using types::TypeId;

std::uint32_t element_oid(TypeId id) {
  switch (id) {
    case TypeId::kBoolean:
      return 16;
    case TypeId::kBytea:
      return 17;
    case TypeId::kInt8:
      return 20;
    case TypeId::kInt4:
      return 23;
    case TypeId::kText:
      return 25;
    case TypeId::kFloat4:
      return 700;
    case TypeId::kFloat8:
      return 701;
    case TypeId::kDate:
      return 1082;
    case TypeId::kTime:
      return 1083;
    case TypeId::kTimestamp:
      return 1114;
    case TypeId::kTimestampTz:
      return 1184;
    case TypeId::kInterval:
      return 1186;
    case TypeId::kNumeric:
      return 1700;
    case TypeId::kUuid:
      return 2950;
    default:
      return 3802;  // jsonb
  }
}

// The characters of a JSON string, from behind its opening quote; moves `at` behind the closing one.
// Canonical text escapes control characters, quote and backslash only.
std::string unescape(std::string_view json, std::size_t& at) {
  constexpr std::string_view kNames = "bfnrt";
  constexpr std::string_view kValues = "\b\f\n\r\t";
  std::string out;
  while (at < json.size() && json[at] != '"') {
    if (json[at] != '\\' || at + 1 >= json.size()) {
      out += json[at++];
      continue;
    }
    const char c = json[at + 1];
    at += 2;
    if (c == 'u' && at + 4 <= json.size()) {
      out += static_cast<char>(std::stoi(std::string(json.substr(at, 4)), nullptr, 16));
      at += 4;
    } else if (const auto named = kNames.find(c); named != std::string_view::npos) {
      out += kValues[named];
    } else {
      out += c;
    }
  }
  if (at < json.size()) ++at;
  return out;
}

}  // namespace

base::Result<types::ColumnPtr> array_elements(const types::Type& type, std::string_view json) {
  types::ColumnBuilder builder(type.nested->fields[0].type);
  std::size_t at = 1;
  while (at < json.size() && json[at] != ']') {
    if (json[at] == ',' || json[at] == ' ') {
      ++at;
      continue;
    }
    base::Status parsed;
    if (json[at] == '"') {
      parsed = types::append_parsed(builder, unescape(json, ++at));
    } else {
      const auto end = std::min(json.find_first_of(",]", at), json.size());
      const auto text = json.substr(at, end - at);
      at = end;
      if (text == "null") {
        builder.append_null();
      } else {
        parsed = types::append_parsed(builder, text);
      }
    }
    if (!parsed) return std::move(parsed).error();
  }
  return builder.finish();
}

void put_array(const types::Type& type, std::string_view json, ByteBuffer& out) {
  const types::Type& element = type.nested->fields[0].type;
  auto parsed = array_elements(type, json);
  const types::ColumnPtr elements = parsed.ok() ? *parsed : types::Column::nulls(element, 1);
  const std::size_t count = elements->size();
  out.put32(count == 0 ? 0 : 1);  // dimensions
  out.put32(elements->may_have_nulls() ? 1 : 0);
  out.put32(element_oid(element.id));
  if (count == 0) return;
  out.put32(static_cast<std::uint32_t>(count));
  out.put32(1);  // the first index
  const FieldWriter write = field_writer(element);
  for (std::size_t i = 0; i < count; ++i) {
    if (elements->is_null(i)) {
      out.put32(0xFFFFFFFF);
    } else {
      write(*elements, i, out);
    }
  }
}

base::Status read_array(std::string_view bytes, types::ColumnBuilder& builder) {
  ByteReader in(bytes);
  const std::uint32_t dimensions = in.take32();
  in.take32();
  in.take32();
  if (dimensions > 1)
    return base::terminal("BadStoredValue", "PostgreSQL sent an array of several dimensions");
  std::uint32_t count = 0;
  if (dimensions == 1) {
    count = in.take32();
    in.take32();
  }
  types::ColumnBuilder elements(builder.type().nested->fields[0].type);
  for (std::uint32_t i = 0; i < count; ++i) {
    if (auto read = read_field(in, elements); !read) return read;
  }
  const auto column = elements.finish();
  std::string json = "[";
  for (std::size_t i = 0; i < column->size(); ++i) {
    if (i > 0) json += ", ";
    types::append_json_value(*column, i, json);
  }
  builder.append_text(json + "]");
  return {};
}

}  // namespace offtake::targets::postgres
