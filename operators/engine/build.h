// From plan nodes to operators.
#pragma once
#include "operators/engine/operator.h"
#include "operators/engine/scan.h"
#include "operators/plan/plan.h"

namespace offtake::engine {

// Plans come from job files: what no dataflow can run is refused. Code BadPlan.
base::Status check_plan(const plan::Plan& plan);

// The operators below `node`; each scan is noted in `inputs` under its source.
base::Result<OperatorPtr> build_operator(const plan::Plan& plan, const plan::Node& node, Runtime& runtime,
                                         Inputs& inputs);

}  // namespace offtake::engine
