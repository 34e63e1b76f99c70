#include "controlplane/sql/form/patch.h"

#include <algorithm>

namespace offtake::sql::form {
namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
         c == '\'' || c == '"' || static_cast<unsigned char>(c) >= 0x80;
}
bool is_operator(char c) {
  return std::string_view("+-*/<>=~!@#%^&|`?:").find(c) != std::string_view::npos;
}
// Whether a blank is needed between the two for both to stay what they are.
bool would_merge(char left, char right) {
  return (is_word(left) && is_word(right)) || (is_operator(left) && is_operator(right));
}

std::string_view part(const std::string& text, Range range) {
  return std::string_view(text).substr(static_cast<std::size_t>(range.begin),
                                       static_cast<std::size_t>(range.end - range.begin));
}

// The comments between two tokens.
void find_comments(const std::string& text, Range gap, std::vector<Comment>& out) {
  const auto at = [&](int byte) { return byte < gap.end ? text[static_cast<std::size_t>(byte)] : '\0'; };
  for (int i = gap.begin; i < gap.end;) {
    const int begin = i;
    if (at(i) == '-' && at(i + 1) == '-') {
      while (i < gap.end && at(i) != '\n' && at(i) != '\r') ++i;
      out.push_back({{begin, i}, true});
    } else if (at(i) == '/' && at(i + 1) == '*') {
      int depth = 0;
      do {
        const bool opens = at(i) == '/' && at(i + 1) == '*', closes = at(i) == '*' && at(i + 1) == '/';
        depth += opens ? 1 : closes ? -1 : 0;
        i += opens || closes ? 2 : 1;
      } while (i < gap.end && depth > 0);
      out.push_back({{begin, std::min(i, gap.end)}, false});
    } else {
      ++i;
    }
  }
}

}  // namespace

std::vector<Comment> comments_of(const SourceText& source) {
  std::vector<Comment> out;
  int begin = 0;
  for (const Token& token : source.tokens()) {
    find_comments(source.text(), {begin, token.begin}, out);
    begin = token.end;
  }
  find_comments(source.text(), {begin, static_cast<int>(source.text().size())}, out);
  return out;
}

Patch::Patch(const SourceText& source)
    : source_(source),
      comments_(comments_of(source)),
      newline_(source.text().find("\r\n") == std::string::npos ? "\n" : "\r\n") {}

void Patch::insert(int at, std::string text) {
  changes_.push_back({{at, at}, std::move(text), changes_.size()});
}

void Patch::replace(Range range, std::string text) {
  std::string kept = comments_within(range);
  if (!text.empty() && !kept.empty() && !is_blank(kept.front())) text += ' ';
  changes_.push_back({range, std::move(text) + kept, changes_.size()});
}

void Patch::replace_whole(Range range, std::string text) {
  changes_.push_back({range, std::move(text), changes_.size()});
}

// Each with the blanks before it.
std::string Patch::comments_within(Range range) const {
  std::string out;
  bool after_line = false;
  for (const Comment& comment : comments_) {
    if (comment.range.begin < range.begin || comment.range.end > range.end) continue;
    int begin = comment.range.begin;
    while (begin > range.begin && is_blank(source_.text()[static_cast<std::size_t>(begin - 1)])) --begin;
    const std::string_view text = part(source_.text(), {begin, comment.range.end});
    if (after_line && text.find('\n') == std::string_view::npos) out += '\n';
    if (!out.empty() && !after_line && !is_blank(text.front())) out += ' ';
    after_line = comment.to_end_of_line;
    out += text;
  }
  return out;
}

std::string Patch::apply() const {
  std::vector<Change> changes = changes_;
  std::stable_sort(changes.begin(), changes.end(),
                   [](const Change& a, const Change& b) { return a.range.begin < b.range.begin; });
  std::string out;
  bool in_line_comment = false;  // what was written last ends in one
  const auto write = [&](std::string_view text) {
    if (text.empty()) return;
    if (in_line_comment && text.front() != '\n' && text.front() != '\r') out += newline_;
    if (!out.empty() && would_merge(out.back(), text.front())) out += ' ';
    out += text;
  };
  const auto ends_in_comment = [&](std::string_view text, bool before) {
    if (text.empty()) return before;
    auto scanned = SourceText::scan(text, "");
    if (!scanned) return false;
    const auto comments = comments_of(*scanned);
    return !comments.empty() && comments.back().to_end_of_line &&
           comments.back().range.end == static_cast<int>(text.size());
  };
  int at = 0;
  const auto copy = [&](int to) {
    if (to <= at) return;
    write(part(source_.text(), {at, to}));
    in_line_comment = std::any_of(comments_.begin(), comments_.end(), [&](const Comment& comment) {
      return comment.to_end_of_line && comment.range.end == to;
    });
    at = to;
  };
  for (const Change& change : changes) {
    copy(change.range.begin);
    write(change.text);
    in_line_comment = ends_in_comment(change.text, in_line_comment);
    at = std::max(at, change.range.end);
  }
  copy(static_cast<int>(source_.text().size()));
  return out;
}

int Patch::end_before(int byte) const {
  int out = 0;
  for (const Token& token : source_.tokens()) {
    if (token.end <= byte) out = std::max(out, token.end);
  }
  for (const Comment& comment : comments_) {
    if (comment.range.end <= byte) out = std::max(out, comment.range.end);
  }
  return out;
}

int Patch::begin_after(int byte) const {
  int out = static_cast<int>(source_.text().size());
  for (const Token& token : source_.tokens()) {
    if (token.begin >= byte) out = std::min(out, token.begin);
  }
  for (const Comment& comment : comments_) {
    if (comment.range.begin >= byte) out = std::min(out, comment.range.begin);
  }
  return out;
}

int Patch::end_of_line_after(int byte) const {
  int out = byte;
  for (const Comment& comment : comments_) {
    if (comment.range.begin < out) continue;
    const std::string_view between = part(source_.text(), {out, comment.range.begin});
    if (!std::all_of(between.begin(), between.end(), [](char c) { return is_blank(c) && c != '\n'; })) break;
    out = comment.range.end;
    if (part(source_.text(), comment.range).find('\n') != std::string_view::npos) break;
  }
  return out;
}

std::string Patch::indentation(int byte) const {
  const std::string& text = source_.text();
  std::size_t begin = static_cast<std::size_t>(byte);
  while (begin > 0 && text[begin - 1] != '\n') --begin;
  std::size_t end = begin;
  while (end < text.size() && (text[end] == ' ' || text[end] == '\t')) ++end;
  return text.substr(begin, end - begin);
}

bool Patch::first_on_line(int byte) const {
  const std::string& text = source_.text();
  std::size_t at = static_cast<std::size_t>(byte);
  while (at > 0 && (text[at - 1] == ' ' || text[at - 1] == '\t')) --at;
  return at == 0 || text[at - 1] == '\n';
}

int Patch::column_of(int byte) const {
  return source_.locate(byte).column - 1;
}

Range changed_between(std::string_view before, std::string_view after) {
  std::size_t begin = 0;
  const std::size_t shorter = std::min(before.size(), after.size());
  while (begin < shorter && before[begin] == after[begin]) ++begin;
  std::size_t tail = 0;
  while (tail < shorter - begin && before[before.size() - 1 - tail] == after[after.size() - 1 - tail]) ++tail;
  const auto inside = [&](std::size_t byte) {
    return byte < after.size() && (static_cast<unsigned char>(after[byte]) & 0xc0) == 0x80;
  };
  std::size_t end = after.size() - tail;
  while (begin > 0 && inside(begin)) --begin;
  while (inside(end)) ++end;
  return {static_cast<int>(begin), static_cast<int>(end)};
}

}  // namespace offtake::sql::form
