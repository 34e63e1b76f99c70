// Making nodes with their outputs, and walking plans. Internal to this folder.
#pragma once
#include <functional>
#include <utility>

#include "operators/plan/plan.h"

namespace offtake::passes {

plan::NodePtr make_filter(plan::NodePtr input, std::vector<plan::ExpressionPtr> terms);  // input when empty
plan::NodePtr make_project(plan::NodePtr input, std::vector<plan::ExpressionPtr> expressions,
                           const std::vector<std::string>& names);
plan::NodePtr make_join(plan::Join join);
plan::NodePtr with_input(const plan::Node& node, plan::NodePtr input);  // Filter, Project, GroupBy
std::vector<plan::NodePtr> inputs(const plan::Node& node);
// The same tree over mapped children.
plan::NodePtr map_inputs(const plan::NodePtr& node,
                         const std::function<plan::NodePtr(const plan::NodePtr&)>& map);

void split_and(const plan::ExpressionPtr& expression, std::vector<plan::ExpressionPtr>& terms);
plan::ExpressionPtr join_and(std::vector<plan::ExpressionPtr> terms);  // null when empty

// Where a column comes from, through whatever leaves its value as it is (a widening cast does).
struct Origin {
  int source = -1;
  int column = -1;  // of the scan's source
};
std::optional<Origin> trace(const plan::Node& node, int column);
bool is_widening(const plan::Expression& cast_argument, const types::Type& to);

}  // namespace offtake::passes
