// Filters towards the scans:
//
//   Filter p (Project e (x))         => Project e (Filter p[e] (x))
//   Filter p (a JOIN b)              => terms of p over one side: below it; over both: equal columns become
//   join
//                                       keys, the rest a residual
//   Filter p (a LEFT JOIN b)         => terms over a: below it; the rest stays above
//   a LEFT JOIN b ON … AND q(b)      => a LEFT JOIN (Filter q (b)) ON …
//   Filter p (a LEFT JOIN b), where p is never true for NULLs of b  => Filter p (a JOIN b)
//   Filter p (GroupBy g (x)), p over group columns only             => GroupBy g (Filter p (x))
//
// The terms of one input keep their order. As in PostgreSQL a term that raises may be evaluated for rows that
// a join would have dropped.
#include <algorithm>

#include "controlplane/sql/passes/keys.h"
#include "controlplane/sql/passes/passes.h"
#include "controlplane/sql/passes/rebuild.h"

namespace offtake::passes {
namespace {

using plan::ExpressionPtr;
using plan::NodePtr;
using Terms = std::vector<ExpressionPtr>;

NodePtr push(const NodePtr& node, Terms terms);

enum class Side { kNone, kLeft, kRight, kBoth };

Side side_of(const plan::Expression& expression, int width) {
  std::vector<int> columns;
  plan::collect_columns(expression, columns);
  bool left = false, right = false;
  for (int column : columns) (column < width ? left : right) = true;
  return left ? (right ? Side::kBoth : Side::kLeft) : right ? Side::kRight : Side::kNone;
}

ExpressionPtr to_right(const ExpressionPtr& term, int width, std::size_t total) {
  std::vector<int> map(total);
  for (std::size_t i = 0; i < total; ++i) map[i] = static_cast<int>(i) - width;
  return plan::remap_columns(term, map);
}

// Never true where the columns from `width` on are NULL.
bool rejects_nulls(const plan::Expression& term, int width) {
  const auto of_right = [width](int column) { return column >= width; };
  const auto* is_null = std::get_if<plan::IsNull>(&term.node);
  if (is_null == nullptr) return is_null_with(term, of_right);
  return is_null->negated && is_null_with(*is_null->argument, of_right);
}

bool take_key(plan::Join& join, const plan::Expression& term, int width) {
  const auto* call = std::get_if<plan::Call>(&term.node);
  if (call == nullptr || call->function != "=") return false;
  const auto* a = std::get_if<plan::ColumnRef>(&call->arguments[0]->node);
  const auto* b = std::get_if<plan::ColumnRef>(&call->arguments[1]->node);
  if (a == nullptr || b == nullptr || !(call->arguments[0]->type == call->arguments[1]->type)) return false;
  join.left_keys.push_back(std::min(a->index, b->index));
  join.right_keys.push_back(std::max(a->index, b->index) - width);
  return true;
}

NodePtr push_into_join(const NodePtr& node, const plan::Join& old, Terms terms) {
  plan::Join join = old;
  const int width = static_cast<int>(old.left->output.size());
  const std::size_t total = node->output.size();
  if (join.kind == plan::JoinKind::kLeft &&
      std::any_of(terms.begin(), terms.end(),
                  [&](const ExpressionPtr& term) { return rejects_nulls(*term, width); })) {
    join.kind = plan::JoinKind::kInner;
  }
  const bool is_inner = join.kind == plan::JoinKind::kInner;
  Terms left, right, above, residual, on;
  split_and(old.residual, on);
  for (ExpressionPtr& term : on) {
    const Side side = side_of(*term, width);
    if (side == Side::kRight) {
      right.push_back(to_right(term, width, total));
    } else if (is_inner && side == Side::kLeft) {
      left.push_back(std::move(term));
    } else {
      residual.push_back(std::move(term));
    }
  }
  for (ExpressionPtr& term : terms) {
    const Side side = side_of(*term, width);
    if (side == Side::kLeft) {
      left.push_back(std::move(term));
    } else if (is_inner && side == Side::kRight) {
      right.push_back(to_right(term, width, total));
    } else if (is_inner && side == Side::kBoth) {
      if (!take_key(join, *term, width)) residual.push_back(std::move(term));
    } else {
      above.push_back(std::move(term));
    }
  }
  join.left = push(old.left, std::move(left));
  join.right = push(old.right, std::move(right));
  join.residual = join_and(std::move(residual));
  return make_filter(make_join(std::move(join)), std::move(above));
}

NodePtr push_into_group(const NodePtr& node, const plan::GroupBy& group, Terms terms) {
  std::vector<ExpressionPtr> below(node->output.size());
  for (std::size_t i = 0; i < group.group.size(); ++i) {
    const types::Field& field = group.input->output[static_cast<std::size_t>(group.group[i])];
    below[i] = plan::column(group.group[i], field.type, field.nullable);
  }
  Terms inside, above;
  for (ExpressionPtr& term : terms) {
    const Side side = side_of(*term, static_cast<int>(group.group.size()));
    if (side == Side::kLeft) {
      inside.push_back(plan::substitute_columns(term, below));
    } else {
      above.push_back(std::move(term));
    }
  }
  return make_filter(with_input(*node, push(group.input, std::move(inside))), std::move(above));
}

NodePtr push(const NodePtr& node, Terms terms) {
  if (const auto* filter = std::get_if<plan::Filter>(&node->node)) {
    Terms all;
    split_and(filter->predicate, all);
    all.insert(all.end(), terms.begin(), terms.end());
    return push(filter->input, std::move(all));
  }
  if (const auto* project = std::get_if<plan::Project>(&node->node)) {
    for (ExpressionPtr& term : terms) term = plan::substitute_columns(term, project->expressions);
    return with_input(*node, push(project->input, std::move(terms)));
  }
  if (const auto* join = std::get_if<plan::Join>(&node->node))
    return push_into_join(node, *join, std::move(terms));
  if (const auto* group = std::get_if<plan::GroupBy>(&node->node)) {
    return push_into_group(node, *group, std::move(terms));
  }
  return make_filter(node, std::move(terms));
}

}  // namespace

NodePtr push_filters(const NodePtr& root) {
  return push(root, {});
}

}  // namespace offtake::passes
