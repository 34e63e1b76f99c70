// Where the parts of one SELECT lie, found by its tokens. Internal to this folder.
#pragma once
#include <string_view>

#include "controlplane/sql/form/form.h"
#include "controlplane/sql/source_text.h"

namespace offtake::sql::form {

// Tokens [begin, end) of the text.
struct Span {
  std::size_t begin = 0, end = 0;
  bool empty() const { return begin == end; }
  std::size_t size() const { return end - begin; }
};

struct Clause {
  Span keyword;  // GROUP BY
  Span body;
};

struct Clauses {
  Clause select;
  std::optional<Clause> from, where, group;
  std::size_t end = 0;        // behind the last token of the statement, without a semicolon
  std::string_view beyond;    // the first other clause there is, such as "having"; empty: none
  std::size_t beyond_at = 0;  // its token
  std::size_t rest = 0;  // the token where ORDER BY, HAVING and what else follows begin; end if none does
};

// nullopt where the text is not SELECT … FROM …, each clause at most once.
std::optional<Clauses> find_clauses(const SourceText& source);

// The parts of a list, at commas, and of a condition, at its ANDs, outside of brackets and CASE. A condition
// with an OR outside of brackets is one part. `separators`: the tokens between the parts.
struct Parts {
  std::vector<Span> parts;
  std::vector<std::size_t> separators;
  bool has_or = false;
};
Parts split_list(const SourceText& source, Span body);
Parts split_conditions(const SourceText& source, Span body);

// One item of FROM.
struct FromPart {
  Span join;       // the words "LEFT JOIN"; empty for the first
  Span table;      // with its alias
  Span condition;  // "ON …" or "USING (…)"
};
// nullopt where a table is no plain name, or joins stand in brackets.
std::optional<std::vector<FromPart>> split_from(const SourceText& source, Span body);

Range range_of(const SourceText& source, Span span);
std::string text_of(const SourceText& source, Span span);
// Whether the token is that word, as a word of the grammar: not after a dot or AS. `word` in lower case.
bool is_keyword(const SourceText& source, std::size_t token, std::string_view word);
bool is_symbol(const SourceText& source, std::size_t token, char symbol);

}  // namespace offtake::sql::form
