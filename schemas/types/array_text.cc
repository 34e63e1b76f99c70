// Arrays between their held form (canonical JSON text) and PostgreSQL's text form, {1,NULL,"a b"}.
// What an element is as JSON: numbers and booleans bare, nested values as they are, all else a string of the
// value's text form.
#include "schemas/types/array_text.h"

#include <cctype>
#include <cstdlib>

#include "schemas/types/batch.h"
#include "schemas/types/jsonb.h"
#include "schemas/types/value_text.h"

namespace offtake::types {
namespace {

// Splits a canonical JSON array into the texts of its elements.
std::vector<std::string_view> elements(std::string_view json) {
  std::vector<std::string_view> out;
  if (json.size() <= 2) return out;
  int depth = 0;
  std::size_t start = 1;
  for (std::size_t at = 1; at + 1 < json.size(); ++at) {
    const char c = json[at];
    if (c == '"') {
      for (++at; json[at] != '"'; ++at) {
        if (json[at] == '\\') ++at;
      }
    } else if (c == '[' || c == '{') {
      ++depth;
    } else if (c == ']' || c == '}') {
      --depth;
    } else if (c == ',' && depth == 0) {
      out.push_back(json.substr(start, at - start));
      start = at + 2;  // ", "
    }
  }
  out.push_back(json.substr(start, json.size() - 1 - start));
  return out;
}

std::string unquoted(std::string_view json_string) {
  std::string out;
  for (std::size_t at = 1; at + 1 < json_string.size(); ++at) {
    if (json_string[at] != '\\') {
      out += json_string[at];
      continue;
    }
    const char c = json_string[++at];
    constexpr std::string_view kNames = "bfnrt";
    constexpr std::string_view kValues = "\b\f\n\r\t";
    if (c == 'u') {  // canonical text escapes only control characters that way
      out += static_cast<char>(std::stoi(std::string(json_string.substr(at + 1, 4)), nullptr, 16));
      at += 4;
    } else if (const auto named = kNames.find(c); named != std::string_view::npos) {
      out += kValues[named];
    } else {
      out += c;
    }
  }
  return out;
}

bool same_word(std::string_view text, std::string_view lower_word) {
  if (text.size() != lower_word.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (std::tolower(static_cast<unsigned char>(text[i])) != lower_word[i]) return false;
  }
  return true;
}

void append_element(std::string_view text, std::string& out) {
  const bool plain = !text.empty() && !same_word(text, "null") &&
                     text.find_first_of("{}\",\\ \t\n\r\v\f") == std::string_view::npos;
  if (plain) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

base::Error malformed(std::string_view text) {
  return base::row_error("InvalidText", fmt::format("malformed array literal: \"{}\"", text));
}

// Reads {…}; one instance a literal.
class ArrayReader {
 public:
  ArrayReader(const Type& element, std::string_view text) : element_(element), text_(text) {}

  base::Result<std::string> run() {
    skip_spaces();
    if (!take('{')) return malformed(text_);
    std::string out = "[";
    skip_spaces();
    if (!take('}')) {
      while (true) {
        if (auto done = one(out); !done) return done.error();
        skip_spaces();
        if (take('}')) break;
        if (!take(',')) return malformed(text_);
        out += ", ";
      }
    }
    skip_spaces();
    if (at_ != text_.size()) return malformed(text_);
    return out + "]";
  }

 private:
  void skip_spaces() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
  }
  bool take(char c) {
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  base::Status one(std::string& out) {
    skip_spaces();
    std::string value;
    if (take('"')) {
      while (!take('"')) {
        if (at_ < text_.size() && text_[at_] == '\\') ++at_;
        if (at_ >= text_.size()) return malformed(text_);
        value += text_[at_++];
      }
    } else {
      while (at_ < text_.size() && text_[at_] != ',' && text_[at_] != '}') {
        if (text_[at_] == '{' || text_[at_] == '"') return malformed(text_);
        if (text_[at_] == '\\' && ++at_ == text_.size()) return malformed(text_);
        value += text_[at_++];
      }
      while (!value.empty() && std::isspace(static_cast<unsigned char>(value.back()))) value.pop_back();
      if (value.empty()) return malformed(text_);
      if (same_word(value, "null")) {
        out += "null";
        return {};
      }
    }
    ColumnBuilder builder(element_);
    if (auto done = append_parsed(builder, value); !done) return done;
    append_json_value(*builder.finish(), 0, out);
    return {};
  }

  const Type& element_;
  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

void append_json_value(const Column& column, std::size_t row, std::string& out) {
  if (column.is_null(row)) {
    out += "null";
    return;
  }
  const TypeId id = column.type().id;
  const std::string text = is_nested(id) ? std::string(column.text(row)) : value_text(column, row);
  const bool finite = text != "NaN" && text != "Infinity" && text != "-Infinity";
  if (id == TypeId::kBoolean) {
    out += text == "t" ? "true" : "false";
  } else if (is_nested(id)) {
    out += text;
  } else if (is_numeric(id) && finite) {
    if (text.find('e') == std::string::npos) {
      out += text;
    } else {
      out += *canonical_jsonb(text);
    }
  } else {
    append_json_string(text, out);
  }
}

void append_array(const Type& type, std::string_view json, std::string& out) {
  const TypeId element = type.nested ? type.nested->fields[0].type.id : TypeId::kJsonb;
  out += '{';
  bool first = true;
  for (const std::string_view text : elements(json)) {
    if (!first) out += ',';
    first = false;
    if (text == "null" && element != TypeId::kJsonb) {
      out += "NULL";
    } else if (element == TypeId::kArray) {
      append_array(type.nested->fields[0].type, text, out);
    } else if (element == TypeId::kBoolean) {
      out += text == "true" ? 't' : 'f';
    } else if (!is_nested(element) && !text.empty() && text.front() == '"') {
      append_element(unquoted(text), out);
    } else if (element == TypeId::kFloat8 || element == TypeId::kFloat4) {
      const double value = std::strtod(std::string(text).c_str(), nullptr);
      element == TypeId::kFloat8 ? append_float8(value, out) : append_float4(static_cast<float>(value), out);
    } else {
      append_element(text, out);
    }
  }
  out += '}';
}

base::Result<std::string> array_from_text(const Type& type, std::string_view text) {
  return ArrayReader(type.nested->fields[0].type, text).run();
}

}  // namespace offtake::types
