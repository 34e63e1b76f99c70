// Two projections into one, and projections that change nothing away:
//
//   Project e (Project f (x)) => Project e[f] (x)    if no computed column of f is used more than once
//   Project #0, #1, … (x)     => x                   below the root, if these are all columns of x
#include "controlplane/sql/passes/passes.h"
#include "controlplane/sql/passes/rebuild.h"

namespace offtake::passes {
namespace {

using plan::NodePtr;

bool is_cheap(const plan::Expression& expression) {
  return std::holds_alternative<plan::ColumnRef>(expression.node) ||
         std::holds_alternative<plan::Literal>(expression.node);
}

bool may_merge(const plan::Project& outer, const plan::Project& inner) {
  std::vector<int> used;
  for (const plan::ExpressionPtr& expression : outer.expressions) plan::collect_columns(*expression, used);
  std::vector<int> count(inner.expressions.size());
  for (int column : used) ++count[static_cast<std::size_t>(column)];
  for (std::size_t i = 0; i < count.size(); ++i) {
    const plan::Expression& expression = *inner.expressions[i];
    // Dropping one that raises would drop its errors.
    if (!is_cheap(expression) && (count[i] > 1 || (count[i] == 0 && plan::can_fail(expression))))
      return false;
  }
  return true;
}

bool is_identity(const plan::Project& project) {
  if (project.expressions.size() != project.input->output.size()) return false;
  for (std::size_t i = 0; i < project.expressions.size(); ++i) {
    const auto* column = std::get_if<plan::ColumnRef>(&project.expressions[i]->node);
    if (column == nullptr || column->index != static_cast<int>(i)) return false;
  }
  return true;
}

NodePtr merge(const NodePtr& root, bool is_root) {
  const NodePtr node = map_inputs(root, [](const NodePtr& input) { return merge(input, false); });
  const auto* outer = std::get_if<plan::Project>(&node->node);
  if (outer == nullptr) return node;
  if (!is_root && is_identity(*outer)) return outer->input;
  const auto* inner = std::get_if<plan::Project>(&outer->input->node);
  if (inner == nullptr || !may_merge(*outer, *inner)) return node;
  std::vector<plan::ExpressionPtr> expressions;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < outer->expressions.size(); ++i) {
    expressions.push_back(plan::substitute_columns(outer->expressions[i], inner->expressions));
    names.push_back(node->output[i].name);
  }
  return merge(make_project(inner->input, std::move(expressions), names), is_root);
}

}  // namespace

NodePtr merge_projects(const NodePtr& root) {
  return merge(root, true);
}

}  // namespace offtake::passes
