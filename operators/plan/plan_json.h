// Plans in job files. Canonical: equal plans give equal text. Errors: BadPlan with a field path.
#pragma once
#include "base/json/value.h"
#include "operators/plan/plan.h"

namespace offtake::plan {

json::Value to_json(const Plan& plan);
base::Result<Plan> plan_from_json(const json::Value& value);
json::Value to_json(const types::Type& type);
base::Result<types::Type> type_from_json(const json::Value& value);

}  // namespace offtake::plan
