// Expressions of a plan, as immutable data. Every node carries its type; the binder has inserted every cast,
// so that argument types are exactly those of one signature in functions.h.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "schemas/types/datum.h"

namespace offtake::plan {

struct Expression;
using ExpressionPtr = std::shared_ptr<const Expression>;

struct ColumnRef {
  int index = 0;  // into the input's output columns; joins: left columns, then right ones
};
struct Literal {
  types::Datum value;
};
// A function or operator by name and argument types (functions.h): "+", "=", "like", "lower", "date_trunc".
// Strict ones give NULL for a NULL argument; the table says which are not.
struct Call {
  std::string function;
  std::vector<ExpressionPtr> arguments;
};
// AND, OR over any number of terms; NOT has one. Three-valued. An error in a term counts only if the terms
// before it do not decide.
struct Logical {
  enum class Op { kAnd, kOr, kNot } op = Op::kAnd;
  std::vector<ExpressionPtr> terms;
};
struct IsNull {
  ExpressionPtr argument;
  bool negated = false;
};
// Searched CASE; `otherwise` may be null (then NULL). COALESCE and NULLIF are bound to this and Coalesce.
struct Case {
  struct Branch {
    ExpressionPtr when, then;
  };
  std::vector<Branch> branches;
  ExpressionPtr otherwise;
};
struct Coalesce {
  std::vector<ExpressionPtr> arguments;
};
// x IN (literals and expressions), three-valued; all of x's type.
struct InList {
  ExpressionPtr argument;
  std::vector<ExpressionPtr> list;
  bool negated = false;
};
// To the expression's own type, with PostgreSQL's rounding and errors.
struct Cast {
  ExpressionPtr argument;
};

struct Expression {
  std::variant<ColumnRef, Literal, Call, Logical, IsNull, Case, Coalesce, InList, Cast> node;
  types::Type type;
  bool nullable = true;
  int position = -1;  // byte offset in the SQL text, for messages; -1 when made by a rewrite
};

ExpressionPtr column(int index, types::Type type, bool nullable);
ExpressionPtr literal(types::Datum value);
bool equal(const Expression& a, const Expression& b);                       // structural, positions ignored
void collect_columns(const Expression& expression, std::vector<int>& out);  // indexes read, with repeats
ExpressionPtr remap_columns(const ExpressionPtr& expression, const std::vector<int>& new_index);
// Column i becomes replacement[i]: how an expression moves below the projection that it stood above.
ExpressionPtr substitute_columns(const ExpressionPtr& expression,
                                 const std::vector<ExpressionPtr>& replacement);
void for_each_child(const Expression& expression, const std::function<void(const ExpressionPtr&)>& visit);
// The same node over mapped children; the node itself when no child changed.
ExpressionPtr map_children(const ExpressionPtr& expression,
                           const std::function<ExpressionPtr(const ExpressionPtr&)>& map);
bool can_fail(const Expression& expression);  // may make an error row
std::string to_string(const Expression& expression, const std::vector<types::Field>& input);

}  // namespace offtake::plan
