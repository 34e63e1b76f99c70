// What is known of the rows of a node: keys, equal columns, columns that are never NULL. Internal to this
// folder.
#pragma once
#include <functional>
#include <set>
#include <vector>

#include "operators/plan/plan.h"

namespace offtake::passes {

struct Properties {
  std::vector<std::set<int>> keys;         // sets of columns of which no two rows agree in all
  std::vector<std::pair<int, int>> equal;  // columns that are equal in every row
  std::vector<bool> never_null;
};

Properties properties(const plan::Node& node, const std::vector<plan::SourceUse>& sources);

// NULL whenever one of the columns that are `in` is NULL.
bool is_null_with(const plan::Expression& expression, const std::function<bool(int)>& in);

}  // namespace offtake::passes
