// One look at a query for a person who is writing it: the form, what is wrong and where, what comes out. Pure
// apart from the catalogue's callbacks; thread-safe, as compile().
#pragma once
#include "controlplane/sql/form/form.h"

namespace offtake::sql::form {

enum class Severity { kError, kWarning, kWaiting };

struct Diagnostic {
  Severity severity = Severity::kError;
  std::string code, message, hint;
  std::string field;           // "spec.sql", "spec.target.key"
  std::optional<Range> range;  // absent: not about a place in the SQL
  int line = 0, column = 0;    // of range.begin, from 1, in characters
};

struct OutputColumn {
  std::string name;
  types::Type type;
  bool nullable = true;
  bool masked = false;  // stems from a column whose values are not shown
  // The columns of the datasets that its values are computed from.
  std::vector<std::pair<DatasetName, std::string>> origins;
};

struct Analysis {
  std::string hash;          // of the SQL: which text a form's indexes belong to
  Range whole;               // from the first to the last token
  std::optional<Form> form;  // of an empty text: an empty one
  std::optional<Undrawable> undrawable;
  std::vector<Diagnostic> diagnostics;  // by place
  std::optional<Compiled> compiled;     // when the SQL is without errors and nothing is missing
  std::vector<OutputColumn> output;     // likewise
};

// Puts a diagnostic at a place.
void place(Diagnostic& diagnostic, Range range, std::string_view sql);

// The hash of a text, 32 hexadecimal digits.
std::string hash_of(std::string_view sql);

// `input.field` and `input.key_field` name the places in diagnostics.
Analysis analyse(const CompileInput& input);

}  // namespace offtake::sql::form
