#include "schemas/types/jsonb.h"

#include <algorithm>
#include <cctype>

#include "schemas/types/column.h"

namespace offtake::types {
namespace {

constexpr int kMaxDepth = 500;

base::Error bad_json(std::string_view what) {
  return base::row_error("InvalidText", "invalid input syntax for type json").with_detail(std::string(what));
}

void append_utf8(std::uint32_t code, std::string& out) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | code >> 12);
    out += static_cast<char>(0x80 | (code >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | code >> 18);
    out += static_cast<char>(0x80 | (code >> 12 & 0x3F));
    out += static_cast<char>(0x80 | (code >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

// Reads one document and writes its canonical text as it goes.
class Canonicaliser {
 public:
  explicit Canonicaliser(std::string_view text) : text_(text) {}

  base::Result<std::string> run() {
    std::string out;
    if (auto done = value(out, 0); !done) return done.error();
    skip_spaces();
    if (at_ != text_.size()) return bad_json("text after the document");
    return out;
  }

 private:
  void skip_spaces() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r')) {
      ++at_;
    }
  }
  bool take(char c) {
    skip_spaces();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  base::Status value(std::string& out, int depth) {
    if (depth > kMaxDepth) return bad_json("nested too deeply");
    skip_spaces();
    if (at_ == text_.size()) return bad_json("the input string ended unexpectedly");
    switch (text_[at_]) {
      case '{':
        return object(out, depth);
      case '[':
        return array(out, depth);
      case '"': {
        std::string text;
        if (auto done = string(text); !done) return done;
        append_json_string(text, out);
        return {};
      }
      case 't':
        return word("true", out);
      case 'f':
        return word("false", out);
      case 'n':
        return word("null", out);
      default:
        return number(out);
    }
  }

  base::Status word(std::string_view expected, std::string& out) {
    if (text_.substr(at_, expected.size()) != expected) return bad_json("a token is invalid");
    at_ += expected.size();
    out += expected;
    return {};
  }

  base::Status number(std::string& out) {
    const std::size_t start = at_;
    const auto digits = [&] {
      const std::size_t from = at_;
      while (at_ < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at_]))) ++at_;
      return at_ - from;
    };
    bool plain = true;
    if (at_ < text_.size() && text_[at_] == '-') ++at_;
    const std::size_t first = at_;
    const std::size_t whole = digits();
    if (whole == 0 || (whole > 1 && text_[first] == '0')) return bad_json("a token is invalid");
    if (at_ < text_.size() && text_[at_] == '.') {
      ++at_;
      plain = false;
      if (digits() == 0) return bad_json("a token is invalid");
    }
    if (at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) {
      ++at_;
      plain = false;
      if (at_ < text_.size() && (text_[at_] == '+' || text_[at_] == '-')) ++at_;
      if (digits() == 0) return bad_json("a token is invalid");
    }
    const std::string_view spelled = text_.substr(start, at_ - start);
    if (plain && spelled != "-0") {
      out += spelled;
      return {};
    }
    Arena arena;
    auto parsed = parse_numeric(spelled, arena);
    if (!parsed) return parsed.error();
    out += to_string(*parsed);
    return {};
  }

  base::Result<std::uint32_t> hex4() {
    std::uint32_t code = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      if (at_ == text_.size()) return bad_json("\"\\u\" must be followed by four hexadecimal digits");
      const char c = text_[at_];
      const int digit = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
      if (digit < 0) return bad_json("\"\\u\" must be followed by four hexadecimal digits");
      code = code * 16 + static_cast<std::uint32_t>(digit);
    }
    return code;
  }

  base::Status escape(std::string& out) {
    if (at_ == text_.size()) return bad_json("the input string ended unexpectedly");
    const char c = text_[at_++];
    constexpr std::string_view kNames = "\"\\/bfnrt";
    constexpr std::string_view kValues = "\"\\/\b\f\n\r\t";
    if (const auto at = kNames.find(c); at != std::string_view::npos) {
      out += kValues[at];
      return {};
    }
    if (c != 'u') return bad_json("an escape sequence is invalid");
    auto code = hex4();
    if (!code) return code.error();
    if (*code == 0) return base::row_error("UntranslatableCharacter", "unsupported Unicode escape sequence");
    if (*code >= 0xDC00 && *code <= 0xDFFF) return bad_json("a Unicode low surrogate must follow a high one");
    if (*code >= 0xD800 && *code <= 0xDBFF) {
      if (text_.substr(at_, 2) != "\\u")
        return bad_json("a Unicode high surrogate must be followed by a low one");
      at_ += 2;
      auto low = hex4();
      if (!low) return low.error();
      if (*low < 0xDC00 || *low > 0xDFFF)
        return bad_json("a Unicode high surrogate must be followed by a low one");
      code = 0x10000 + ((*code - 0xD800) << 10) + (*low - 0xDC00);
    }
    append_utf8(*code, out);
    return {};
  }

  base::Status string(std::string& out) {
    ++at_;  // the quote
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '"') return {};
      if (static_cast<unsigned char>(c) < 0x20) return bad_json("a control character must be escaped");
      if (c != '\\') {
        out += c;
      } else if (auto done = escape(out); !done) {
        return done;
      }
    }
    return bad_json("the input string ended unexpectedly");
  }

  base::Status array(std::string& out, int depth) {
    ++at_;
    out += '[';
    for (bool first = true; !take(']'); first = false) {
      if (!first) {
        if (!take(',')) return bad_json("expected \",\" or \"]\"");
        out += ", ";
      }
      if (auto done = value(out, depth + 1); !done) return done;
    }
    out += ']';
    return {};
  }

  base::Status object(std::string& out, int depth) {
    ++at_;
    std::vector<std::pair<std::string, std::string>> members;
    while (!take('}')) {
      if (!members.empty() && !take(',')) return bad_json("expected \",\" or \"}\"");
      skip_spaces();
      if (at_ == text_.size() || text_[at_] != '"') return bad_json("expected a string as member name");
      auto& member = members.emplace_back();
      if (auto done = string(member.first); !done) return done;
      if (!take(':')) return bad_json("expected \":\"");
      if (auto done = value(member.second, depth + 1); !done) return done;
    }
    std::stable_sort(members.begin(), members.end(),
                     [](const auto& a, const auto& b) { return jsonb_name_less(a.first, b.first); });
    out += '{';
    bool first = true;
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (i + 1 < members.size() && members[i].first == members[i + 1].first) continue;  // the last wins
      if (!first) out += ", ";
      first = false;
      append_json_string(members[i].first, out);
      out += ": ";
      out += members[i].second;
    }
    out += '}';
    return {};
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

base::Result<std::string> canonical_jsonb(std::string_view json) {
  return Canonicaliser(json).run();
}

void append_json_string(std::string_view text, std::string& out) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += "\\u00";
          out += kHex[static_cast<unsigned char>(c) >> 4];
          out += kHex[c & 15];
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

std::string_view jsonb_key(std::string_view canonical, std::string& scratch) {
  // Only a number with a point can have a second spelling; the canonical text has no exponents.
  if (canonical.find('.') == std::string_view::npos) return canonical;
  scratch.clear();
  for (std::size_t at = 0; at < canonical.size();) {
    const char c = canonical[at];
    if (c == '"') {
      std::size_t end = at + 1;
      while (end < canonical.size() && canonical[end] != '"') end += canonical[end] == '\\' ? 2 : 1;
      end = std::min(end + 1, canonical.size());
      scratch += canonical.substr(at, end - at);
      at = end;
    } else if (std::isdigit(static_cast<unsigned char>(c))) {
      std::size_t end = at;
      bool point = false;
      while (end < canonical.size() &&
             (std::isdigit(static_cast<unsigned char>(canonical[end])) || canonical[end] == '.')) {
        point = point || canonical[end] == '.';
        ++end;
      }
      std::size_t last = end;
      while (point && canonical[last - 1] == '0') --last;
      if (point && canonical[last - 1] == '.') --last;
      scratch += canonical.substr(at, last - at);
      at = end;
    } else {
      scratch += c;
      ++at;
    }
  }
  return scratch;
}

bool jsonb_name_less(std::string_view a, std::string_view b) {
  return a.size() != b.size() ? a.size() < b.size() : a < b;
}

}  // namespace offtake::types
