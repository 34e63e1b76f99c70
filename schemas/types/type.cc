#include "schemas/types/type.h"

#include <cctype>
#include <charconv>

namespace offtake::types {
namespace {

struct Name {
  std::string_view text;
  TypeId id;
};
// The first name of a type is the one that is printed.
constexpr Name kNames[] = {
    {"boolean", TypeId::kBoolean},
    {"bool", TypeId::kBoolean},
    {"integer", TypeId::kInt4},
    {"int", TypeId::kInt4},
    {"int4", TypeId::kInt4},
    {"bigint", TypeId::kInt8},
    {"int8", TypeId::kInt8},
    {"real", TypeId::kFloat4},
    {"float4", TypeId::kFloat4},
    {"double precision", TypeId::kFloat8},
    {"float8", TypeId::kFloat8},
    {"float", TypeId::kFloat8},
    {"numeric", TypeId::kNumeric},
    {"decimal", TypeId::kNumeric},
    {"text", TypeId::kText},
    {"varchar", TypeId::kText},
    {"character varying", TypeId::kText},
    {"string", TypeId::kText},
    {"bytea", TypeId::kBytea},
    {"uuid", TypeId::kUuid},
    {"date", TypeId::kDate},
    {"time", TypeId::kTime},
    {"time without time zone", TypeId::kTime},
    {"timestamp", TypeId::kTimestamp},
    {"timestamp without time zone", TypeId::kTimestamp},
    {"timestamp with time zone", TypeId::kTimestampTz},
    {"timestamptz", TypeId::kTimestampTz},
    {"interval", TypeId::kInterval},
    {"jsonb", TypeId::kJsonb},
    {"json", TypeId::kJsonb},
};

std::string_view name_of(TypeId id) {
  if (id == TypeId::kTimestamp) return "timestamp without time zone";
  if (id == TypeId::kTime) return "time without time zone";
  for (const Name& name : kNames) {
    if (name.id == id) return name.text;
  }
  return "unknown";
}

// Recursive descent over the text of a type.
class TypeParser {
 public:
  explicit TypeParser(std::string_view text) : text_(text) {}

  base::Result<Type> all() {
    auto type = one();
    if (!type) return type;
    skip_spaces();
    if (at_ != text_.size()) return bad();
    return type;
  }

 private:
  base::Error bad() const {
    return base::terminal("BadType", fmt::format("type \"{}\" is not supported", text_))
        .with_hint(
            "boolean, integer, bigint, real, double precision, numeric(p,s), text, bytea, uuid, date, time, "
            "timestamp, timestamptz, interval, jsonb, an array of one of them (text[]), record(name type, …) "
            "or map(text, type)");
  }

  void skip_spaces() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
  }
  bool take(char c) {
    skip_spaces();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  std::string word() {
    skip_spaces();
    std::string out;
    if (at_ < text_.size() && text_[at_] == '"') {
      for (++at_; at_ < text_.size(); ++at_) {
        if (text_[at_] != '"') {
          out += text_[at_];
        } else if (at_ + 1 < text_.size() && text_[at_ + 1] == '"') {
          out += text_[++at_];
        } else {
          ++at_;
          break;
        }
      }
      return out;
    }
    while (at_ < text_.size() &&
           (std::isalnum(static_cast<unsigned char>(text_[at_])) || text_[at_] == '_')) {
      out += text_[at_++];
    }
    return out;
  }
  bool take_not_null() {
    skip_spaces();
    constexpr std::string_view kNotNull = "not null";
    if (text_.substr(at_, kNotNull.size()) != kNotNull) return false;
    at_ += kNotNull.size();
    return true;
  }
  base::Result<int> number() {
    skip_spaces();
    int value = 0;
    auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), value);
    if (error != std::errc()) return bad();
    at_ = static_cast<std::size_t>(end - text_.data());
    return value;
  }

  base::Result<Type> one() {
    auto scalar = base_type();
    if (!scalar) return scalar;
    Type type = std::move(scalar).value();
    while (true) {
      const std::size_t before = at_;
      const bool not_null = take_not_null();
      if (!take('[')) {
        at_ = before;
        return type;
      }
      if (!take(']')) return bad();
      type = Type::array(std::move(type), !not_null);
    }
  }

  base::Result<Type> base_type() {
    std::string name = word();
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (name == "record") return record();
    if (name == "map") return map();
    if (name.empty()) return bad();
    // Names of several words: "double precision", "timestamp with time zone".
    for (std::size_t before = at_;; before = at_) {
      std::string next = word();
      const std::string longer = name + " " + next;
      bool known = false;
      for (const Name& candidate : kNames) {
        known = known || (!next.empty() && candidate.text.substr(0, longer.size()) == longer);
      }
      if (!known) {
        at_ = before;
        break;
      }
      name = longer;
    }
    for (const Name& candidate : kNames) {
      if (candidate.text == name) return modifiers(candidate.id);
    }
    return bad();
  }

  base::Result<Type> modifiers(TypeId id) {
    if (id != TypeId::kNumeric || !take('(')) return Type(id);
    auto precision = number();
    if (!precision) return precision.error();
    int scale = 0;
    if (take(',')) {
      auto parsed = number();
      if (!parsed) return parsed.error();
      scale = *parsed;
    }
    if (!take(')')) return bad();
    if (*precision < 1 || *precision > 1000 || scale < 0 || scale > *precision) {
      return base::terminal("BadType",
                            fmt::format("NUMERIC precision {}, scale {} is not supported", *precision, scale))
          .with_hint("precision is between 1 and 1000, scale between 0 and the precision");
    }
    return Type::numeric(*precision, scale);
  }

  base::Result<Type> record() {
    std::vector<Field> fields;
    if (!take('(')) return bad();
    while (!take(')')) {
      Field field;
      field.name = word();
      if (field.name.empty()) return bad();
      auto type = one();
      if (!type) return type;
      field.type = std::move(type).value();
      field.nullable = !take_not_null();
      fields.push_back(std::move(field));
      if (!take(',')) {
        if (!take(')')) return bad();
        break;
      }
    }
    return Type::record(std::move(fields));
  }

  base::Result<Type> map() {
    if (!take('(')) return bad();
    auto key = one();
    if (!key) return key;
    if (key->id != TypeId::kText || !take(',')) return bad();
    auto value = one();
    if (!value) return value;
    const bool nullable = !take_not_null();
    if (!take(')')) return bad();
    return Type::map(std::move(value).value(), nullable);
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

std::string quoted_name(std::string_view name) {
  bool plain = !name.empty();
  for (char c : name) plain = plain && (std::isalnum(static_cast<unsigned char>(c)) || c == '_');
  if (plain) return std::string(name);
  std::string out = "\"";
  for (char c : name) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

}  // namespace

Type Type::numeric(int precision, int scale) {
  Type type(TypeId::kNumeric);
  type.precision = precision;
  type.scale = scale;
  return type;
}

Type Type::array(Type element, bool nullable_elements) {
  Type type(TypeId::kArray);
  type.nested = std::make_shared<const Nested>(Nested{{Field{"", std::move(element), nullable_elements}}});
  return type;
}

Type Type::map(Type value, bool nullable_values) {
  Type type(TypeId::kMap);
  type.nested = std::make_shared<const Nested>(Nested{{Field{"", std::move(value), nullable_values}}});
  return type;
}

Type Type::record(std::vector<Field> fields) {
  Type type(TypeId::kRecord);
  type.nested = std::make_shared<const Nested>(Nested{std::move(fields)});
  return type;
}

bool operator==(const Type& a, const Type& b) {
  if (a.id != b.id || a.precision != b.precision || a.scale != b.scale) return false;
  if (a.nested == b.nested) return true;
  return a.nested && b.nested && *a.nested == *b.nested;
}

Physical physical(TypeId id) {
  switch (id) {
    case TypeId::kBoolean:
      return Physical::kBool;
    case TypeId::kInt4:
    case TypeId::kDate:
      return Physical::kInt32;
    case TypeId::kInt8:
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz:
      return Physical::kInt64;
    case TypeId::kFloat4:
      return Physical::kFloat32;
    case TypeId::kFloat8:
      return Physical::kFloat64;
    case TypeId::kNumeric:
      return Physical::kNumeric;
    case TypeId::kInterval:
      return Physical::kInterval;
    case TypeId::kUuid:
      return Physical::kUuid;
    case TypeId::kText:
    case TypeId::kBytea:
    case TypeId::kJsonb:
    case TypeId::kArray:
    case TypeId::kRecord:
    case TypeId::kMap:
      return Physical::kString;
  }
  return Physical::kString;
}

std::size_t width(Physical physical) {
  switch (physical) {
    case Physical::kBool:
      return 1;
    case Physical::kInt32:
    case Physical::kFloat32:
      return 4;
    case Physical::kInt64:
    case Physical::kFloat64:
      return 8;
    case Physical::kNumeric:
      return 32;
    case Physical::kInterval:
    case Physical::kUuid:
    case Physical::kString:
      return 16;
  }
  return 0;
}

std::string to_string(const Type& type) {
  const auto nested_field = [&](std::size_t index) {
    const Field& field = type.nested->fields[index];
    return to_string(field.type) + (field.nullable ? "" : " not null");
  };
  switch (type.id) {
    case TypeId::kNumeric:
      return type.precision == 0 ? "numeric" : fmt::format("numeric({},{})", type.precision, type.scale);
    case TypeId::kArray:
      return type.nested ? nested_field(0) + "[]" : "unknown[]";
    case TypeId::kMap:
      return type.nested ? "map(text, " + nested_field(0) + ")" : "map";
    case TypeId::kRecord: {
      if (!type.nested) return "record";
      std::string out = "record(";
      for (std::size_t i = 0; i < type.nested->fields.size(); ++i) {
        if (i > 0) out += ", ";
        out += quoted_name(type.nested->fields[i].name) + " " + nested_field(i);
      }
      return out + ")";
    }
    default:
      return std::string(name_of(type.id));
  }
}

base::Result<Type> parse_type(std::string_view text) {
  return TypeParser(text).all();
}

bool is_integer(TypeId id) {
  return id == TypeId::kInt4 || id == TypeId::kInt8;
}

bool is_numeric(TypeId id) {
  return is_integer(id) || id == TypeId::kFloat4 || id == TypeId::kFloat8 || id == TypeId::kNumeric;
}

bool is_nested(TypeId id) {
  return id == TypeId::kJsonb || id == TypeId::kArray || id == TypeId::kRecord || id == TypeId::kMap;
}

}  // namespace offtake::types
