#include "controlplane/sql/source_text.h"

#include <algorithm>

namespace offtake::sql {
namespace {

constexpr std::size_t kMaxBytes = 1 << 20;
constexpr std::size_t kMaxTokens = 50'000;
constexpr int kMaxDepth = 500;
constexpr int kMaxNameBytes = 63;

bool is_word_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_word(char c) {
  return is_word_start(c) || is_digit(c) || c == '$';
}
bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

// Knows just enough of PostgreSQL's lexer to tell words, strings and comments apart. Whatever is not closed
// goes to the end; the parser says so.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  bool next(Token& token) {
    skip_space_and_comments();
    if (at_ >= text_.size()) return false;
    token.begin = static_cast<int>(at_);
    token.kind = read();
    token.end = static_cast<int>(at_);
    return true;
  }

 private:
  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  void skip_space_and_comments() {
    while (at_ < text_.size()) {
      if (is_space(peek())) {
        ++at_;
      } else if (peek() == '-' && peek(1) == '-') {
        while (at_ < text_.size() && peek() != '\n' && peek() != '\r') ++at_;
      } else if (peek() == '/' && peek(1) == '*') {
        skip_block_comment();
      } else {
        return;
      }
    }
  }

  void skip_block_comment() {
    int depth = 0;
    while (at_ < text_.size()) {
      if (peek() == '/' && peek(1) == '*') {
        ++depth;
        at_ += 2;
      } else if (peek() == '*' && peek(1) == '/') {
        at_ += 2;
        if (--depth == 0) return;
      } else {
        ++at_;
      }
    }
  }

  Token::Kind read() {
    const char c = peek();
    if (c == '\'') {
      read_quoted('\'', false);
      return Token::Kind::kString;
    }
    if ((c == 'e' || c == 'E') && peek(1) == '\'') {
      ++at_;
      read_quoted('\'', true);
      return Token::Kind::kString;
    }
    if (c == '"') {
      read_quoted('"', false);
      return Token::Kind::kQuotedWord;
    }
    if (c == '$' && read_dollar_string()) return Token::Kind::kString;
    if (is_word_start(c)) {
      while (at_ < text_.size() && is_word(peek())) ++at_;
      return Token::Kind::kWord;
    }
    if (is_digit(c) || (c == '.' && is_digit(peek(1)))) {
      while (at_ < text_.size() && (is_digit(peek()) || peek() == '.' || is_word_start(peek()))) ++at_;
      return Token::Kind::kNumber;
    }
    ++at_;
    return Token::Kind::kSymbol;
  }

  void read_quoted(char quote, bool backslashes) {
    for (++at_; at_ < text_.size(); ++at_) {
      if (backslashes && peek() == '\\') {
        ++at_;
      } else if (peek() == quote) {
        ++at_;
        if (peek() != quote) return;
      }
    }
    at_ = std::min(at_, text_.size());
  }

  bool read_dollar_string() {
    std::size_t end = at_ + 1;
    while (end < text_.size() && is_word(text_[end]) && text_[end] != '$') ++end;
    if (end >= text_.size() || text_[end] != '$' || is_digit(peek(1))) return false;
    const std::string_view tag = text_.substr(at_, end + 1 - at_);
    const std::size_t close = text_.find(tag, end + 1);
    at_ = close == std::string_view::npos ? text_.size() : close + tag.size();
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::string lower_ascii(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

base::Result<SourceText> SourceText::scan(std::string_view sql, std::string_view field) {
  SourceText out;
  out.text_ = std::string(sql.substr(0, kMaxBytes));
  out.field_ = std::string(field);
  if (sql.size() > kMaxBytes) {
    return out.error("SqlTooLarge",
                     fmt::format("the SQL has {} bytes; the limit is {}", sql.size(), kMaxBytes), -1);
  }
  if (const std::size_t nul = sql.find('\0'); nul != std::string_view::npos) {
    return out.error("SqlSyntax", "the SQL holds a NUL byte", static_cast<int>(nul));
  }
  Scanner scanner(out.text_);
  int depth = 0;
  for (Token token; scanner.next(token);) {
    if (out.tokens_.size() == kMaxTokens) {
      return out.error("SqlTooLarge", fmt::format("the SQL has more than {} tokens", kMaxTokens),
                       token.begin);
    }
    const char first = out.text_[static_cast<std::size_t>(token.begin)];
    const bool is_name = token.kind == Token::Kind::kWord || token.kind == Token::Kind::kQuotedWord;
    const int quotes = token.kind == Token::Kind::kQuotedWord ? 2 : 0;
    if (is_name && token.end - token.begin - quotes > kMaxNameBytes) {
      return out
          .error("SqlSyntax", fmt::format("this name is longer than {} bytes", kMaxNameBytes), token.begin)
          .with_hint("PostgreSQL would cut it off; choose a shorter one");
    }
    if (token.kind == Token::Kind::kSymbol && (first == '(' || first == '[') && ++depth > kMaxDepth) {
      return out.error("SqlTooLarge", fmt::format("more than {} brackets are open", kMaxDepth), token.begin);
    }
    if (token.kind == Token::Kind::kSymbol && (first == ')' || first == ']')) --depth;
    out.tokens_.push_back(token);
  }
  return out;
}

std::string_view SourceText::text_of(const Token& token) const {
  return std::string_view(text_).substr(static_cast<std::size_t>(token.begin),
                                        static_cast<std::size_t>(token.end - token.begin));
}

base::Location SourceText::locate(int byte) const {
  base::Location location;
  location.field = field_;
  if (byte < 0) return location;
  location.line = 1;
  location.column = 1;
  const std::size_t end = std::min(static_cast<std::size_t>(byte), text_.size());
  for (std::size_t i = 0; i < end; ++i) {
    if (text_[i] == '\n') {
      ++location.line;
      location.column = 1;
    } else if ((static_cast<unsigned char>(text_[i]) & 0xc0) != 0x80) {
      ++location.column;
    }
  }
  return location;
}

std::string SourceText::place(int byte) const {
  return locate(byte).text();
}

base::Error SourceText::error(std::string code, std::string message, int byte) const {
  return base::terminal(std::move(code), std::move(message)).at(locate(byte));
}

int SourceText::byte_of_character(int count) const {
  for (std::size_t i = 0; i < text_.size(); ++i) {
    if ((static_cast<unsigned char>(text_[i]) & 0xc0) != 0x80 && count-- == 0) return static_cast<int>(i);
  }
  return static_cast<int>(text_.size());
}

int SourceText::find_word(std::string_view word) const {
  for (const Token& token : tokens_) {
    if (token.kind == Token::Kind::kWord && lower_ascii(text_of(token)) == word) return token.begin;
  }
  return -1;
}

std::size_t SourceText::token_at(int byte) const {
  const auto found = std::lower_bound(tokens_.begin(), tokens_.end(), byte,
                                      [](const Token& token, int at) { return token.begin < at; });
  return static_cast<std::size_t>(found - tokens_.begin());
}

}  // namespace offtake::sql
