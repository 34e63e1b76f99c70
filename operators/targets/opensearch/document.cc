#include "operators/targets/opensearch/document.h"

#include "base/crypto/crypto.h"
#include "operators/targets/protocol/iso_text.h"
#include "operators/targets/protocol/json_value.h"
#include "operators/targets/protocol/raw_json.h"
#include "schemas/types/jsonb.h"
#include "schemas/types/value_text.h"

namespace offtake::targets::opensearch {
namespace {

using types::TypeId;

base::Error bad_value(std::string_view slice, const types::Type& type) {
  return base::terminal("BadStoredValue", fmt::format("a document holds {} where a {} was written",
                                                      slice.substr(0, 60), types::to_string(type)));
}

// Those whose elements are indexed like the element itself; the others are kept in the document only.
bool is_indexed_element(TypeId id) {
  switch (id) {
    case TypeId::kBoolean:
    case TypeId::kInt4:
    case TypeId::kInt8:
    case TypeId::kFloat4:
    case TypeId::kFloat8:
    case TypeId::kNumeric:
    case TypeId::kText:
    case TypeId::kUuid:
      return true;
    default:
      return false;
  }
}

json::Value typed(std::string_view type) {
  json::Value out = json::Value::object();
  out.set("type", type);
  return out;
}

// What the field cannot index (NaN, years before 1970 in date_nanos) stays in the document.
json::Value lenient(std::string_view type) {
  json::Value out = typed(type);
  out.set("ignore_malformed", true);
  return out;
}

template <class T>
base::Status append(types::ColumnBuilder& builder, base::Result<T> value) {
  if (!value) return std::move(value).error();
  builder.append(*value);
  return {};
}

bool has_own_canonical_text(TypeId id) {
  switch (id) {
    case TypeId::kBoolean:
    case TypeId::kInt4:
    case TypeId::kInt8:
    case TypeId::kText:
    case TypeId::kUuid:
    case TypeId::kDate:
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz:
      return true;
    default:
      return false;
  }
}

// Equal numbers have one text once the zeros at the end are off.
std::string shortest_numeric(const types::Numeric& value) {
  std::string text = types::to_string(value);
  if (text.find('.') == std::string::npos) return text;
  while (text.ends_with('0')) text.pop_back();
  if (text.ends_with('.')) text.pop_back();
  return text == "-0" ? "0" : text;
}

std::string key_text(const types::Column& column, std::size_t row) {
  const TypeId id = column.type().id;
  if (id == TypeId::kText) return std::string(column.text(row));
  if (id == TypeId::kNumeric) return shortest_numeric(column.values<types::Numeric>()[row]);
  if (has_own_canonical_text(id)) return types::value_text(column, row);
  std::string bytes;
  types::append_canonical(column, row, bytes);
  return crypto::hex(bytes);
}

}  // namespace

std::string field_type(const types::Type& type) {
  switch (type.id) {
    case TypeId::kBoolean:
      return "boolean";
    case TypeId::kInt4:
      return "integer";
    case TypeId::kInt8:
      return "long";
    case TypeId::kFloat4:
      return "float";
    case TypeId::kFloat8:
      return "double";
    case TypeId::kNumeric:
    case TypeId::kText:
    case TypeId::kUuid:
    case TypeId::kTime:
    case TypeId::kInterval:
      return "keyword";
    case TypeId::kBytea:
      return "binary";
    case TypeId::kDate:
      return "date";
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz:
      return "date_nanos";
    case TypeId::kArray: {
      const types::Type& element = type.nested->fields[0].type;
      return is_indexed_element(element.id) ? field_type(element) : "object";
    }
    default:
      return "object";
  }
}

json::Value field_mapping(const types::Type& type) {
  switch (type.id) {
    case TypeId::kFloat4:
    case TypeId::kFloat8:
      return lenient(field_type(type));
    case TypeId::kDate: {
      json::Value out = lenient("date");
      out.set("format", "strict_date");
      return out;
    }
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz: {
      json::Value out = lenient("date_nanos");
      out.set("format", "strict_date_optional_time_nanos||strict_date_optional_time");
      return out;
    }
    case TypeId::kText: {
      json::Value out = typed("keyword");
      json::Value fields = json::Value::object();
      fields.set("text", typed("text"));
      out.set("fields", std::move(fields));
      return out;
    }
    case TypeId::kArray: {
      const types::Type& element = type.nested->fields[0].type;
      if (!is_indexed_element(element.id)) break;
      json::Value out = field_mapping(element);
      // Of a single element that is too long; in characters, of up to three bytes each.
      if (element.id == TypeId::kText)
        out.set("ignore_above", static_cast<std::int64_t>(kMaxKeywordBytes / 3));
      return out;
    }
    case TypeId::kJsonb:
    case TypeId::kRecord:
    case TypeId::kMap:
      break;
    default:
      return typed(field_type(type));
  }
  // Whatever JSON it is: members of any name and type would make the mapping grow without end.
  json::Value out = typed("object");
  out.set("enabled", false);
  return out;
}

json::Value table_mapping(const TableSpec& table) {
  json::Value properties = json::Value::object();
  json::Value names = json::Value::array();
  for (const auto& column : table.columns) {
    properties.set(column.name, field_mapping(column.type));
    names.push_back(column.name);
  }
  properties.set(kDeletedField, typed("boolean"));
  properties.set(kDeletedAtField, typed("long"));
  json::Value meta = json::Value::object();
  json::Value ours = json::Value::object();
  ours.set("columns", std::move(names));
  meta.set("offtake", std::move(ours));
  json::Value out = json::Value::object();
  out.set("dynamic", "strict");
  out.set("_meta", std::move(meta));
  out.set("properties", std::move(properties));
  return out;
}

base::Status read_value(std::string_view slice, types::ColumnBuilder& builder) {
  const types::Type& type = builder.type();
  if (types::is_nested(type.id)) {
    builder.append_text(slice);
    return {};
  }
  std::string text(slice);
  if (slice.starts_with('"')) {
    auto read = protocol::read_string(slice);
    if (!read) return std::move(read).error();
    text = *std::move(read);
  }
  switch (type.id) {
    case TypeId::kBoolean:
      if (text != "true" && text != "false") return bad_value(slice, type);
      builder.append(static_cast<std::uint8_t>(text == "true"));
      return {};
    case TypeId::kNumeric:
      return append(builder, types::parse_numeric(text, builder.arena()));
    case TypeId::kText:
      builder.append_text(text);
      return {};
    case TypeId::kUuid:
      return append(builder, protocol::parse_uuid(text));
    case TypeId::kDate:
      return append(builder, protocol::parse_date(text));
    case TypeId::kTime:
      return append(builder, protocol::parse_time(text));
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz:
      return append(builder, protocol::parse_timestamp(text));
    case TypeId::kInterval:
      return append(builder, protocol::parse_interval(text));
    case TypeId::kBytea: {
      auto bytes = crypto::base64_decode(text);
      if (!bytes) return bad_value(slice, type);
      builder.append_text(*bytes);
      return {};
    }
    default:
      if (auto parsed = types::append_parsed(builder, text); !parsed) return bad_value(slice, type);
      return {};
  }
}

void append_document(const std::vector<types::Field>& columns, const types::Batch& rows, std::size_t row,
                     std::string& out) {
  char separator = '{';
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const types::Column& column = *rows.columns[i];
    // NULL is a member that is not there: `null` is what jsonb may hold.
    if (column.is_null(row)) continue;
    out += separator;
    separator = ',';
    types::append_json_string(columns[i].name, out);
    out += ':';
    protocol::append_json_value(column, row, out);
  }
  if (separator == '{') out += '{';
  out += '}';
}

std::string deleted_document(base::Micros at) {
  return fmt::format(R"({{"{}":true,"{}":{}}})", kDeletedField, kDeletedAtField, at / 1000);
}

DocumentReader::DocumentReader(const TableSpec& table) {
  for (const auto& column : table.columns) {
    std::string name;
    types::append_json_string(column.name, name);
    names_.push_back(name.substr(1, name.size() - 2));
    builders_.emplace_back(column.type);
  }
}

base::Status DocumentReader::add(std::string_view source) {
  std::size_t next = 0;  // members come in the order of the columns
  auto walked =
      protocol::each_member(source, [&](std::string_view name, std::string_view value) -> base::Status {
        while (next < names_.size() && names_[next] != name) builders_[next++].append_null();
        if (next == names_.size()) {
          return base::terminal("BadStoredValue",
                                fmt::format("a document has a member {} that no column wrote", name));
        }
        return read_value(value, builders_[next++]);
      });
  if (!walked) return walked;
  for (; next < names_.size(); ++next) builders_[next].append_null();
  ++rows_;
  return {};
}

types::Batch DocumentReader::finish() {
  types::Batch out;
  out.rows = std::exchange(rows_, 0);
  for (auto& builder : builders_) out.columns.push_back(builder.finish());
  return out;
}

std::string document_id(const types::Batch& rows, const std::vector<int>& columns, std::size_t row) {
  if (columns.empty()) return "\\t";  // the single row of a total
  std::string out;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (i > 0) out += '|';
    const types::Column& column = *rows.columns[static_cast<std::size_t>(columns[i])];
    if (column.is_null(row)) {
      out += "\\N";
      continue;
    }
    const std::string text = key_text(column, row);
    if (text.empty()) out += "\\e";
    for (const char c : text) {
      if (c == '\\' || c == '|') out += '\\';
      out += c;
    }
  }
  if (out.size() > kMaxIdBytes) return "\\h" + crypto::sha256_hex(out);
  return out;
}

}  // namespace offtake::targets::opensearch
