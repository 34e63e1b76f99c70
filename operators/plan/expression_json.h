// Expressions within job files; plan_json.h is what others use.
#pragma once
#include "base/json/value.h"
#include "operators/plan/expression.h"

namespace offtake::plan {

json::Value to_json(const Expression& expression);
// `columns`: how many columns the input has. Errors: BadPlan with `path`.
base::Result<ExpressionPtr> expression_from_json(const json::Value& value, std::size_t columns,
                                                 const std::string& path);
base::Error bad_plan(std::string_view path, std::string_view what);

}  // namespace offtake::plan
