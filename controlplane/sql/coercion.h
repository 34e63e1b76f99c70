// PostgreSQL's type rules: literals of unknown type, implicit casts, the common type of several expressions,
// the choice among overloads. Internal to this folder.
#pragma once
#include <optional>
#include <vector>

#include "controlplane/sql/source_text.h"
#include "operators/plan/plan.h"

namespace offtake::sql {

// A bound expression. `unknown`: a quoted literal or NULL that has not found its type yet (held as text).
// Without an expression: it failed, and the error is on the list.
struct Bound {
  plan::ExpressionPtr expression;
  bool unknown = false;
  explicit operator bool() const { return expression != nullptr; }
  const types::Type& type() const { return expression->type; }
};

// Where errors go while one statement is bound.
struct Problems {
  const SourceText& source;
  std::vector<base::Error>& errors;

  Bound fail(std::string code, std::string message, int byte, std::string hint = {}) {
    errors.push_back(source.error(std::move(code), std::move(message), byte).with_hint(std::move(hint)));
    return {};
  }
};

std::string type_name(const Bound& value);  // "unknown" for literals without type

// `value` as `type`. Literals of unknown type are read as it; else a cast is put around it, if the kind that
// it needs is at least `allowed`.
Bound coerce(Problems& problems, Bound value, const types::Type& type, plan::CastKind allowed, int byte);
// A value whose type may stay: unknown literals become text.
Bound settle(Problems& problems, Bound value);

// The type that CASE, COALESCE, IN and the like find for their parts; `what` names them in the error.
std::optional<types::Type> common_type(Problems& problems, const std::vector<Bound>& values,
                                       std::string_view what, int byte);
// The type to which both sides of a comparison or a join are cast, without an error when there is none.
std::optional<types::Type> comparable_type(const types::Type& a, const types::Type& b);

// The overload for these arguments; null when there is none or no best one (`ambiguous`).
const plan::Signature* choose_overload(std::string_view name, const std::vector<Bound>& arguments,
                                       bool& ambiguous);

}  // namespace offtake::sql
