// From a parse tree and its tokens to a form. Internal to this folder. REQUIRES: on_deep_stack.
#pragma once
#include <variant>

#include "controlplane/sql/form/clauses.h"
#include "controlplane/sql/form/names.h"
#include "controlplane/sql/tree.h"

namespace offtake::sql::form {

// A form with the tokens that its parts are made of.
struct Drawing {
  Form form;
  Clauses clauses;
  Parts columns, conditions, groups;
  std::vector<FromPart> from;
};

// `select`: the one statement; null where the text is empty, which is an empty form.
std::variant<Drawing, Undrawable> draw(const SourceText& source, const json::Value* select,
                                       const CompileInput& input);

// What `draw` needs of the names, for edits.
Names names_of(const Form& form);

// Calls `visit` for every ColumnRef below the tree.
void each_column(const json::Value& tree, const std::function<void(const json::Value&)>& visit);

}  // namespace offtake::sql::form
