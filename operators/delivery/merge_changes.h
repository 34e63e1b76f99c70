// Two epochs' changes as those of one. Pure.
#pragma once
#include "operators/engine/dataflow.h"
#include "operators/plan/plan.h"

namespace offtake::delivery {

// `later` follows `earlier`: of a key that both have, the later change stands. Linear in their rows.
engine::Changes merge_changes(engine::Changes earlier, engine::Changes later, const plan::Identity& identity);

}  // namespace offtake::delivery
