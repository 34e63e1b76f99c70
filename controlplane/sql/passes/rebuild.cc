#include "controlplane/sql/passes/rebuild.h"

namespace offtake::passes {

using plan::ExpressionPtr;
using plan::NodePtr;

NodePtr make_filter(NodePtr input, std::vector<ExpressionPtr> terms) {
  ExpressionPtr predicate = join_and(std::move(terms));
  if (!predicate) return input;
  auto node = std::make_shared<plan::Node>();
  node->output = input->output;
  node->node = plan::Filter{std::move(input), std::move(predicate)};
  return node;
}

NodePtr make_project(NodePtr input, std::vector<ExpressionPtr> expressions,
                     const std::vector<std::string>& names) {
  auto node = std::make_shared<plan::Node>();
  for (std::size_t i = 0; i < expressions.size(); ++i) {
    node->output.push_back({names[i], expressions[i]->type, expressions[i]->nullable});
  }
  node->node = plan::Project{std::move(input), std::move(expressions)};
  return node;
}

NodePtr make_join(plan::Join join) {
  auto node = std::make_shared<plan::Node>();
  node->output = join.left->output;
  for (types::Field field : join.right->output) {
    field.nullable = field.nullable || join.kind == plan::JoinKind::kLeft;
    node->output.push_back(std::move(field));
  }
  node->node = std::move(join);
  return node;
}

NodePtr with_input(const plan::Node& node, NodePtr input) {
  auto made = std::make_shared<plan::Node>(node);
  if (auto* filter = std::get_if<plan::Filter>(&made->node)) {
    made->output = input->output;
    filter->input = std::move(input);
  } else if (auto* project = std::get_if<plan::Project>(&made->node)) {
    project->input = std::move(input);
  } else if (auto* group = std::get_if<plan::GroupBy>(&made->node)) {
    group->input = std::move(input);
  }
  return made;
}

std::vector<NodePtr> inputs(const plan::Node& node) {
  if (const auto* filter = std::get_if<plan::Filter>(&node.node)) return {filter->input};
  if (const auto* project = std::get_if<plan::Project>(&node.node)) return {project->input};
  if (const auto* group = std::get_if<plan::GroupBy>(&node.node)) return {group->input};
  if (const auto* join = std::get_if<plan::Join>(&node.node)) return {join->left, join->right};
  return {};
}

NodePtr map_inputs(const NodePtr& node, const std::function<NodePtr(const NodePtr&)>& map) {
  if (std::holds_alternative<plan::Scan>(node->node)) return node;
  if (const auto* join = std::get_if<plan::Join>(&node->node)) {
    plan::Join made = *join;
    made.left = map(join->left);
    made.right = map(join->right);
    return made.left == join->left && made.right == join->right ? node : make_join(std::move(made));
  }
  const NodePtr input = inputs(*node).front();
  NodePtr mapped = map(input);
  return mapped == input ? node : with_input(*node, std::move(mapped));
}

void split_and(const ExpressionPtr& expression, std::vector<ExpressionPtr>& terms) {
  if (!expression) return;
  const auto* logical = std::get_if<plan::Logical>(&expression->node);
  if (logical == nullptr || logical->op != plan::Logical::Op::kAnd) {
    terms.push_back(expression);
    return;
  }
  for (const ExpressionPtr& term : logical->terms) split_and(term, terms);
}

ExpressionPtr join_and(std::vector<ExpressionPtr> terms) {
  if (terms.empty()) return nullptr;
  if (terms.size() == 1) return std::move(terms.front());
  bool nullable = false;
  for (const ExpressionPtr& term : terms) nullable = nullable || term->nullable;
  return std::make_shared<const plan::Expression>(
      plan::Expression{plan::Logical{plan::Logical::Op::kAnd, std::move(terms)},
                       types::Type(types::TypeId::kBoolean), nullable, -1});
}

bool is_widening(const plan::Expression& cast_argument, const types::Type& to) {
  using enum types::TypeId;
  const types::TypeId from = cast_argument.type.id;
  if (from == kInt4) return to.id == kInt8 || (to.id == kNumeric && to.precision == 0);
  if (from == kInt8 || from == kNumeric) return to.id == kNumeric && to.precision == 0;
  if (from == kFloat4) return to.id == kFloat8;
  if (from == kDate) return to.id == kTimestamp || to.id == kTimestampTz;
  return from == kTimestamp && to.id == kTimestampTz;
}

std::optional<Origin> trace(const plan::Node& node, int column) {
  if (const auto* scan = std::get_if<plan::Scan>(&node.node)) {
    return Origin{scan->source, scan->columns[static_cast<std::size_t>(column)]};
  }
  if (const auto* filter = std::get_if<plan::Filter>(&node.node)) return trace(*filter->input, column);
  if (const auto* project = std::get_if<plan::Project>(&node.node)) {
    const plan::Expression* expression = project->expressions[static_cast<std::size_t>(column)].get();
    while (const auto* cast = std::get_if<plan::Cast>(&expression->node)) {
      if (!is_widening(*cast->argument, expression->type)) return std::nullopt;
      expression = cast->argument.get();
    }
    const auto* ref = std::get_if<plan::ColumnRef>(&expression->node);
    return ref == nullptr ? std::nullopt : trace(*project->input, ref->index);
  }
  if (const auto* join = std::get_if<plan::Join>(&node.node)) {
    const int width = static_cast<int>(join->left->output.size());
    return column < width ? trace(*join->left, column) : trace(*join->right, column - width);
  }
  return std::nullopt;
}

}  // namespace offtake::passes
