// From which columns of its datasets a plan's output columns are made. Pure.
#pragma once
#include <set>
#include <utility>
#include <vector>

#include "operators/plan/plan.h"

namespace offtake::plan {

struct Lineage {
  std::set<std::pair<int, int>> columns;  // source, column of SourceUse::columns
  bool same = false;                      // the value of that one column as it is
};

// One entry for each output column of the root. A count stems from nothing.
std::vector<Lineage> lineage_of(const Plan& plan);

}  // namespace offtake::plan
