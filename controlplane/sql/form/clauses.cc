#include "controlplane/sql/form/clauses.h"

#include <algorithm>
#include <array>

namespace offtake::sql::form {
namespace {

// How deep a token stands in brackets and CASE … END.
class Nesting {
 public:
  explicit Nesting(const SourceText& source) : source_(source) {}
  // The depth at which `token` itself stands: brackets belong to the inside.
  int at(std::size_t token) {
    if (closes(token)) return depth_ > 0 ? depth_-- : 0;
    return opens(token) ? ++depth_ : depth_;
  }

 private:
  bool opens(std::size_t token) const {
    return is_symbol(source_, token, '(') || is_symbol(source_, token, '[') ||
           is_keyword(source_, token, "case");
  }
  bool closes(std::size_t token) const {
    return is_symbol(source_, token, ')') || is_symbol(source_, token, ']') ||
           (depth_ > 0 && is_keyword(source_, token, "end"));
  }
  const SourceText& source_;
  int depth_ = 0;
};

constexpr std::array<std::string_view, 11> kBeyond = {"having", "order", "limit", "offset",    "fetch", "for",
                                                      "window", "into",  "union", "intersect", "except"};

// IS [NOT] DISTINCT FROM.
bool is_distinct_from(const SourceText& source, std::size_t token) {
  return token >= 2 && is_keyword(source, token - 1, "distinct") &&
         (is_keyword(source, token - 2, "is") || is_keyword(source, token - 2, "not"));
}

bool begins_join(const SourceText& source, std::size_t token) {
  for (const char* word : {"join", "inner", "cross", "natural", "full", "left", "right"}) {
    // left(x, 2) is a function.
    if (is_keyword(source, token, word) && !is_symbol(source, token + 1, '(')) return true;
  }
  return false;
}

}  // namespace

bool is_symbol(const SourceText& source, std::size_t token, char symbol) {
  if (token >= source.tokens().size()) return false;
  const Token& it = source.tokens()[token];
  return it.kind == Token::Kind::kSymbol && source.text()[static_cast<std::size_t>(it.begin)] == symbol;
}

bool is_keyword(const SourceText& source, std::size_t token, std::string_view word) {
  if (token >= source.tokens().size()) return false;
  const Token& it = source.tokens()[token];
  if (it.kind != Token::Kind::kWord || lower_ascii(source.text_of(it)) != word) return false;
  if (token == 0) return true;
  const Token& before = source.tokens()[token - 1];
  if (is_symbol(source, token - 1, '.')) return false;
  return before.kind != Token::Kind::kWord || lower_ascii(source.text_of(before)) != "as";
}

std::optional<Clauses> find_clauses(const SourceText& source) {
  Clauses out;
  std::size_t end = source.tokens().size();
  while (end > 0 && is_symbol(source, end - 1, ';')) --end;
  out.end = end;
  out.rest = end;
  if (!is_keyword(source, 0, "select")) return std::nullopt;
  out.select.keyword = {0, is_keyword(source, 1, "all") ? 2u : 1u};
  Span* open = &out.select.body;
  open->begin = out.select.keyword.end;
  Nesting nesting(source);
  const auto begin = [&](std::optional<Clause>& clause, std::size_t at, std::size_t words) {
    if (clause || out.rest != end) return false;
    open->end = at;
    clause = Clause{{at, at + words}, {at + words, end}};
    open = &clause->body;
    return true;
  };
  for (std::size_t i = out.select.body.begin; i < end; ++i) {
    if (nesting.at(i) > 0 || source.tokens()[i].kind != Token::Kind::kWord) continue;
    if (is_keyword(source, i, "select")) return std::nullopt;
    if (is_keyword(source, i, "from") && !is_distinct_from(source, i)) {
      if (!begin(out.from, i, 1)) return std::nullopt;
    } else if (is_keyword(source, i, "where")) {
      if (!out.from || out.group || !begin(out.where, i, 1)) return std::nullopt;
    } else if (is_keyword(source, i, "group")) {
      if (!out.from || !is_keyword(source, i + 1, "by") || !begin(out.group, i, 2)) return std::nullopt;
    } else {
      for (const std::string_view word : kBeyond) {
        if (out.rest != end || !is_keyword(source, i, word)) continue;
        out.beyond = word;
        out.beyond_at = out.rest = i;
        open->end = i;
      }
      // ORDER BY means nothing here, so what follows it still counts.
      for (const std::string_view word : kBeyond) {
        if (out.beyond == "order" && word != "order" && is_keyword(source, i, word)) {
          out.beyond = word;
          out.beyond_at = i;
        }
      }
    }
  }
  if (open->end == 0) open->end = end;
  return out;
}

Parts split_list(const SourceText& source, Span body) {
  Parts out;
  if (body.empty()) return out;
  Nesting nesting(source);
  std::size_t begin = body.begin;
  for (std::size_t i = body.begin; i < body.end; ++i) {
    if (nesting.at(i) > 0 || !is_symbol(source, i, ',')) continue;
    out.parts.push_back({begin, i});
    out.separators.push_back(i);
    begin = i + 1;
  }
  out.parts.push_back({begin, body.end});
  return out;
}

Parts split_conditions(const SourceText& source, Span body) {
  Parts out;
  if (body.empty()) return out;
  Nesting nesting(source);
  std::size_t begin = body.begin;
  int between = 0;  // whose AND is still to come
  for (std::size_t i = body.begin; i < body.end; ++i) {
    if (nesting.at(i) > 0) continue;
    if (is_keyword(source, i, "between")) ++between;
    if (is_keyword(source, i, "or")) out.has_or = true;
    if (!is_keyword(source, i, "and")) continue;
    if (between > 0) {
      --between;
      continue;
    }
    out.parts.push_back({begin, i});
    out.separators.push_back(i);
    begin = i + 1;
  }
  out.parts.push_back({begin, body.end});
  if (out.has_or) {
    out.parts = {body};
    out.separators.clear();
  }
  return out;
}

std::optional<std::vector<FromPart>> split_from(const SourceText& source, Span body) {
  std::vector<FromPart> out;
  std::size_t at = body.begin;
  const auto is_name = [&](std::size_t token) {
    if (token >= body.end) return false;
    const Token::Kind kind = source.tokens()[token].kind;
    return kind == Token::Kind::kWord || kind == Token::Kind::kQuotedWord;
  };
  while (at < body.end) {
    FromPart part;
    part.join = {at, at};
    if (!out.empty()) {
      while (at < body.end && !is_keyword(source, at, "join")) ++at;
      if (at == body.end) return std::nullopt;
      part.join.end = ++at;
    }
    part.table = {at, at};
    if (!is_name(at)) return std::nullopt;
    ++at;
    if (at < body.end && is_symbol(source, at, '.')) at += 2;
    if (at < body.end && is_keyword(source, at, "as")) {
      at += 2;
    } else if (is_name(at) && !begins_join(source, at) && !is_keyword(source, at, "on") &&
               !is_keyword(source, at, "using")) {
      ++at;
    }
    if (at > body.end) return std::nullopt;
    part.table.end = at;
    part.condition = {at, at};
    if (!out.empty()) {
      if (!is_keyword(source, at, "on") && !is_keyword(source, at, "using")) return std::nullopt;
      Nesting nesting(source);
      while (at < body.end && (nesting.at(at) > 0 || !begins_join(source, at))) ++at;
      part.condition.end = at;
    }
    out.push_back(part);
    if (at < body.end && !begins_join(source, at)) return std::nullopt;
  }
  return out;
}

Range range_of(const SourceText& source, Span span) {
  const auto& tokens = source.tokens();
  if (span.empty()) {
    const int at =
        span.begin < tokens.size() ? tokens[span.begin].begin : static_cast<int>(source.text().size());
    return {at, at};
  }
  return {tokens[span.begin].begin, tokens[span.end - 1].end};
}

std::string text_of(const SourceText& source, Span span) {
  const Range range = range_of(source, span);
  return source.text().substr(static_cast<std::size_t>(range.begin),
                              static_cast<std::size_t>(range.end - range.begin));
}

}  // namespace offtake::sql::form
