#include <charconv>
#include <cmath>
#include <cstdlib>

#include "schemas/types/array_text.h"
#include "schemas/types/batch.h"
#include "schemas/types/jsonb.h"
#include "schemas/types/time_text.h"

namespace offtake::types {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front()))) text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.remove_suffix(1);
  return text;
}

base::Error bad_syntax(const Type& type, std::string_view text) {
  Type plain = type;
  plain.precision = 0;  // PostgreSQL names the type without its modifiers
  const std::string name = type.id == TypeId::kJsonb ? "json" : to_string(plain);
  return base::row_error("InvalidText", fmt::format("invalid input syntax for type {}: \"{}\"", name, text));
}

template <class T>
base::Status parse_integer(ColumnBuilder& builder, std::string_view text) {
  std::string_view rest = trimmed(text);
  if (!rest.empty() && rest[0] == '+' && rest.size() > 1 && rest[1] != '-') rest.remove_prefix(1);
  T value = 0;
  auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
  if (rest.empty() || end != rest.data() + rest.size() || error == std::errc::invalid_argument) {
    return bad_syntax(builder.type(), text);
  }
  if (error != std::errc()) {
    return base::row_error("NumericValueOutOfRange", fmt::format("value \"{}\" is out of range for type {}",
                                                                 text, to_string(builder.type())));
  }
  builder.append(value);
  return {};
}

template <class T>
base::Status parse_float(ColumnBuilder& builder, std::string_view text) {
  std::string copy(trimmed(text));
  for (char& c : copy) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  const std::string_view word = !copy.empty() && (copy[0] == '-' || copy[0] == '+')
                                    ? std::string_view(copy).substr(1)
                                    : std::string_view(copy);
  const bool named = word == "inf" || word == "infinity" || copy == "nan";
  char* end = nullptr;
  T value;
  if constexpr (std::is_same_v<T, float>) {
    value = std::strtof(copy.c_str(), &end);
  } else {
    value = std::strtod(copy.c_str(), &end);
  }
  if (copy.empty() || end != copy.c_str() + copy.size()) return bad_syntax(builder.type(), text);
  const bool lost = value == 0 && copy.find_first_of("123456789") < copy.find('e');
  if ((std::isinf(value) && !named) || lost) {
    return base::row_error("NumericValueOutOfRange", fmt::format("\"{}\" is out of range for type {}",
                                                                 trimmed(text), to_string(builder.type())));
  }
  builder.append(value);
  return {};
}

base::Status parse_boolean(ColumnBuilder& builder, std::string_view text) {
  std::string word(trimmed(text));
  for (char& c : word) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  const auto prefix_of = [&](std::string_view full, std::size_t least) {
    return word.size() >= least && full.substr(0, word.size()) == word;
  };
  const bool yes = prefix_of("true", 1) || prefix_of("yes", 1) || word == "on" || word == "1";
  const bool no = prefix_of("false", 1) || prefix_of("no", 1) || prefix_of("off", 2) || word == "0";
  if (!yes && !no) return bad_syntax(builder.type(), text);
  builder.append(static_cast<std::uint8_t>(yes ? 1 : 0));
  return {};
}

int hex_digit(char c) {
  return c >= '0' && c <= '9'   ? c - '0'
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                : -1;
}

base::Status parse_bytea(ColumnBuilder& builder, std::string_view text) {
  std::string bytes;
  if (text.substr(0, 2) == "\\x") {
    int high = -1;
    for (const char c : text.substr(2)) {
      if (high < 0 && std::isspace(static_cast<unsigned char>(c))) continue;
      const int digit = hex_digit(c);
      if (digit < 0) {
        return base::row_error("InvalidText", fmt::format("invalid hexadecimal digit: \"{}\"", c));
      }
      if (high < 0) {
        high = digit;
      } else {
        bytes += static_cast<char>(high * 16 + digit);
        high = -1;
      }
    }
    if (high >= 0) {
      return base::row_error("InvalidText", "invalid hexadecimal data: odd number of digits");
    }
  } else {
    for (std::size_t at = 0; at < text.size(); ++at) {
      if (text[at] != '\\') {
        bytes += text[at];
        continue;
      }
      const auto octal = [&](std::size_t i, char most) {
        return at + i < text.size() && text[at + i] >= '0' && text[at + i] <= most;
      };
      if (at + 1 < text.size() && text[at + 1] == '\\') {
        bytes += '\\';
        ++at;
      } else if (octal(1, '3') && octal(2, '7') && octal(3, '7')) {
        bytes += static_cast<char>((text[at + 1] - '0') * 64 + (text[at + 2] - '0') * 8 + text[at + 3] - '0');
        at += 3;
      } else {
        return base::row_error("InvalidText", "invalid input syntax for type bytea");
      }
    }
  }
  builder.append_text(bytes);
  return {};
}

base::Status parse_uuid(ColumnBuilder& builder, std::string_view text) {
  std::string_view rest = text;
  if (rest.size() > 2 && rest.front() == '{' && rest.back() == '}') rest = rest.substr(1, rest.size() - 2);
  Uuid value{};
  std::size_t at = 0;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (i > 0 && i % 2 == 0 && at < rest.size() && rest[at] == '-') ++at;
    if (at + 1 >= rest.size() || hex_digit(rest[at]) < 0 || hex_digit(rest[at + 1]) < 0) {
      return bad_syntax(builder.type(), text);
    }
    value[i] = static_cast<std::uint8_t>(hex_digit(rest[at]) * 16 + hex_digit(rest[at + 1]));
    at += 2;
  }
  if (at != rest.size()) return bad_syntax(builder.type(), text);
  builder.append(value);
  return {};
}

base::Status parse_number(ColumnBuilder& builder, std::string_view text) {
  auto value = parse_numeric(text, builder.arena());
  if (!value) return value.error();
  auto fitted = fit(*value, builder.type().precision, builder.type().scale, builder.arena());
  if (!fitted) return fitted.error();
  builder.append(*fitted);
  return {};
}

template <class T>
base::Status append_result(ColumnBuilder& builder, base::Result<T> value) {
  if (!value) return std::move(value).error();
  builder.append(*value);
  return {};
}

}  // namespace

base::Status append_parsed(ColumnBuilder& builder, std::string_view text) {
  switch (builder.type().id) {
    case TypeId::kBoolean:
      return parse_boolean(builder, text);
    case TypeId::kInt4:
      return parse_integer<std::int32_t>(builder, text);
    case TypeId::kInt8:
      return parse_integer<std::int64_t>(builder, text);
    case TypeId::kFloat4:
      return parse_float<float>(builder, text);
    case TypeId::kFloat8:
      return parse_float<double>(builder, text);
    case TypeId::kNumeric:
      return parse_number(builder, text);
    case TypeId::kText:
      builder.append_text(text);
      return {};
    case TypeId::kBytea:
      return parse_bytea(builder, text);
    case TypeId::kUuid:
      return parse_uuid(builder, text);
    case TypeId::kDate:
      return append_result(builder, parse_date(text));
    case TypeId::kTime:
      return append_result(builder, parse_time(text));
    case TypeId::kTimestamp:
      return append_result(builder, parse_timestamp(text, false));
    case TypeId::kTimestampTz:
      return append_result(builder, parse_timestamp(text, true));
    case TypeId::kInterval:
      return append_result(builder, parse_interval(text));
    case TypeId::kArray:
      if (trimmed(text).substr(0, 1) != "[") {
        auto json = array_from_text(builder.type(), text);
        if (!json) return json.error();
        builder.append_text(*json);
        return {};
      }
      [[fallthrough]];
    case TypeId::kJsonb:
    case TypeId::kRecord:
    case TypeId::kMap: {
      auto json = canonical_jsonb(text);
      if (!json) return json.error();
      builder.append_text(*json);
      return {};
    }
  }
  return bad_syntax(builder.type(), text);
}

}  // namespace offtake::types
