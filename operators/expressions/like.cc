// LIKE over UTF-8, with '\' as escape, and like_escape for another one. As in PostgreSQL a pattern that ends
// with its escape is an error only when matching comes there.
#include <optional>

#include "operators/expressions/kernel.h"
#include "operators/expressions/utf8.h"

namespace offtake::expressions {
namespace {

using types::TypeId;

// kAbort: the text ended, so that starting later in it cannot match either.
enum class Match { kYes, kNo, kAbort, kBadPattern };

Match match(std::string_view text, std::string_view pattern);

// After a '%': finds a place in `text` at which the rest of the pattern matches.
Match match_anywhere(std::string_view text, std::string_view pattern) {
  while (!pattern.empty()) {
    if (pattern.front() == '%') {
      pattern.remove_prefix(1);
    } else if (pattern.front() == '_') {
      if (text.empty()) return Match::kAbort;
      take_character(text);
      pattern.remove_prefix(1);
    } else {
      break;
    }
  }
  if (pattern.empty()) return Match::kYes;
  char first = pattern.front();
  if (first == '\\') {
    if (pattern.size() < 2) return Match::kBadPattern;
    first = pattern[1];
  }
  for (; !text.empty(); take_character(text)) {
    if (text.front() != first) continue;
    const Match found = match(text, pattern);
    if (found != Match::kNo) return found;
  }
  return Match::kAbort;
}

Match match(std::string_view text, std::string_view pattern) {
  if (pattern == "%") return Match::kYes;
  while (!text.empty() && !pattern.empty()) {
    char wanted = pattern.front();
    if (wanted == '%') return match_anywhere(text, pattern.substr(1));
    if (wanted == '_') {
      take_character(text);
      pattern.remove_prefix(1);
      continue;
    }
    if (wanted == '\\') {
      pattern.remove_prefix(1);
      if (pattern.empty()) return Match::kBadPattern;
      wanted = pattern.front();
    }
    if (wanted != text.front()) return Match::kNo;
    text.remove_prefix(1);
    pattern.remove_prefix(1);
  }
  if (!text.empty()) return Match::kNo;
  while (!pattern.empty() && pattern.front() == '%') pattern.remove_prefix(1);
  return pattern.empty() ? Match::kYes : Match::kAbort;
}

types::ColumnPtr like(const Invocation& call) {
  return map_valid_rows<std::uint8_t>(call, [&](auto&, std::size_t row, std::uint8_t& value) {
    const Match found = match(call.arguments[0].text(row), call.arguments[1].text(row));
    if (found == Match::kBadPattern) {
      call.fail(row, "LIKE pattern must not end with escape character");
      return false;
    }
    value = found == Match::kYes;
    return true;
  });
}

// Rewrites a pattern with another escape character (or none) to one with '\'.
types::ColumnPtr like_escape(const Invocation& call) {
  std::string out;
  return map_texts(call, [&](std::size_t row) -> std::optional<std::string_view> {
    std::string_view pattern = call.arguments[0].text(row);
    const std::string_view escape = call.arguments[1].text(row);
    if (!escape.empty() && character_bytes(escape.front()) != escape.size()) {
      call.fail(row, "invalid escape string");
      return std::nullopt;
    }
    if (escape == "\\") return pattern;
    out.clear();
    bool after_escape = false;
    while (!pattern.empty()) {
      const std::string_view character = take_character(pattern);
      if (!escape.empty() && character == escape && !after_escape) {
        out += '\\';
        after_escape = true;
        continue;
      }
      if (character == "\\" && !after_escape) out += '\\';
      out += character;
      after_escape = false;
    }
    return out;
  });
}

}  // namespace

void add_like(KernelTable& table) {
  table.add("like", {TypeId::kText, TypeId::kText}, like);
  table.add("like_escape", {TypeId::kText, TypeId::kText}, like_escape);
}

}  // namespace offtake::expressions
