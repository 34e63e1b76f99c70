#include <cctype>
#include <set>

#include "base/yaml/node.h"

namespace offtake::yaml {
namespace {

// Words that some reader of YAML 1.1 or 1.2 takes for a boolean or null, in lower case.
bool is_reserved(std::string_view text) {
  static const std::set<std::string, std::less<>> kWords{"",   "~",   "null", "true", "false", "yes", "no",
                                                         "on", "off", "y",    "n",    "<<",    "="};
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return kWords.contains(lower);
}

// Anything that starts like a number (also 1_000, 0x1F, 12:30:45, 2026-11-23, .5, +1, .inf): quoting one
// text too many is harmless.
bool looks_like_number(std::string_view text) {
  if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
  if (text.starts_with('.')) text.remove_prefix(1);
  if (text.empty()) return true;
  const std::string_view word = text.substr(0, 3);
  if (text.size() == 3 &&
      (word == "inf" || word == "Inf" || word == "INF" || word == "nan" || word == "NaN" || word == "NAN")) {
    return true;
  }
  return std::isdigit(static_cast<unsigned char>(text[0])) != 0;
}

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\n') || byte == 0x7F;
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), is_control);
}

bool can_be_plain(std::string_view text) {
  static constexpr std::string_view kBadFirst = "-?:,[]{}#&*!|>'\"%@`";
  if (is_reserved(text) || looks_like_number(text) || has_control(text)) return false;
  if (text.find('\n') != std::string_view::npos) return false;
  if (text.front() == ' ' || text.back() == ' ' || text.back() == ':') return false;
  if (kBadFirst.find(text.front()) != std::string_view::npos) return false;
  // Line separators of YAML 1.1 (U+0085, U+2028, U+2029) are left to the quoted form.
  for (const std::string_view separator : {"\xC2\x85", "\xE2\x80\xA8", "\xE2\x80\xA9", "\xEF\xBB\xBF"}) {
    if (text.find(separator) != std::string_view::npos) return false;
  }
  return text.find(": ") == std::string_view::npos && text.find(" #") == std::string_view::npos;
}

// A literal block can hold any lines, but not one of spaces alone at its start (the indentation could not be
// told) nor control characters.
bool can_be_literal(std::string_view text) {
  if (text.find('\n') == std::string_view::npos || has_control(text)) return false;
  const auto first = text.find_first_not_of('\n');
  return first != std::string_view::npos && text[first] != ' ';
}

// Double quotes with the escapes that YAML shares with JSON.
std::string in_quotes(std::string_view text) {
  std::string out = json::dump(json::Value(text));
  // The separators of YAML 1.1 would be folded by such a reader.
  const auto replace = [&](std::string_view from, std::string_view to) {
    for (std::size_t pos = 0; (pos = out.find(from, pos)) != std::string::npos; pos += to.size()) {
      out.replace(pos, from.size(), to);
    }
  };
  replace("\xC2\x85", "\\u0085");
  replace("\xE2\x80\xA8", "\\u2028");
  replace("\xE2\x80\xA9", "\\u2029");
  replace("\xEF\xBB\xBF", "\\ufeff");
  return out;
}

class Writer {
 public:
  // Writes what stands after "key:" or "-", with the space or line break before it. `indent` is that of the
  // children's lines.
  void write_value(const json::Value& value, int indent, bool in_list) {
    if (value.is_object() && !value.as_object().empty()) {
      // The first member of an item stands on the line of its dash.
      out_ += in_list ? ' ' : '\n';
      write_members(value.as_object(), indent, in_list);
    } else if (value.is_array() && !value.as_array().empty()) {
      if (in_list) {
        out_ += ' ';
        write_items(value.as_array(), indent, true);
      } else {
        // A list stands at the indentation of its key, as kubectl writes it.
        out_ += '\n';
        write_items(value.as_array(), indent - 2, false);
      }
    } else {
      out_ += ' ';
      write_scalar(value, indent);
    }
  }

  void write_members(const json::Object& object, int indent, bool on_line_already) {
    for (const auto& [key, value] : object) {
      if (!on_line_already) pad(indent);
      on_line_already = false;
      out_ += can_be_plain(key) ? key : in_quotes(key);
      out_ += ':';
      write_value(value, indent + 2, false);
    }
  }

  void write_items(const json::Array& array, int indent, bool on_line_already) {
    for (const json::Value& item : array) {
      if (!on_line_already) pad(indent);
      on_line_already = false;
      out_ += '-';
      write_value(item, indent + 2, true);
    }
  }

  void write_scalar(const json::Value& value, int indent) {
    if (!value.is_string()) {
      out_ += json::dump(value) + "\n";
      return;
    }
    const std::string& text = value.as_string();
    if (can_be_literal(text)) {
      write_literal(text, indent);
    } else {
      out_ += (can_be_plain(text) ? text : in_quotes(text)) + "\n";
    }
  }

  std::string take() { return std::move(out_); }

 private:
  void pad(int indent) { out_.append(static_cast<std::size_t>(indent), ' '); }

  void write_literal(std::string_view text, int indent) {
    // "|" stands for one line break at the end, "|-" for none, "|+" for more than one.
    const bool ends_line = text.ends_with('\n');
    out_ += !ends_line ? "|-\n" : text.ends_with("\n\n") ? "|+\n" : "|\n";
    if (ends_line) text.remove_suffix(1);
    for (std::size_t start = 0; start <= text.size();) {
      const std::size_t end = std::min(text.find('\n', start), text.size());
      if (end > start) {
        pad(std::max(indent, 2));
        out_ += text.substr(start, end - start);
      }
      out_ += '\n';
      start = end + 1;
    }
  }

  std::string out_;
};

}  // namespace

std::string dump(const json::Value& value) {
  Writer writer;
  if (value.is_object() && !value.as_object().empty()) {
    writer.write_members(value.as_object(), 0, false);
  } else if (value.is_array() && !value.as_array().empty()) {
    writer.write_items(value.as_array(), 0, false);
  } else {
    writer.write_scalar(value, 0);
  }
  return writer.take();
}

}  // namespace offtake::yaml
