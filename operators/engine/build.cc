#include "operators/engine/build.h"

#include "operators/engine/group_by.h"
#include "operators/engine/join.h"
#include "operators/engine/map_operators.h"

namespace offtake::engine {
namespace {

base::Error bad_plan(std::string what) {
  return base::terminal("BadPlan", std::move(what))
      .with_hint("the job was made by another version of Offtake");
}

bool in_range(const std::vector<int>& columns, std::size_t count) {
  return std::all_of(columns.begin(), columns.end(),
                     [&](int column) { return column >= 0 && static_cast<std::size_t>(column) < count; });
}

bool expression_fits(const plan::ExpressionPtr& expression, std::size_t columns) {
  std::vector<int> used;
  if (expression != nullptr) plan::collect_columns(*expression, used);
  return in_range(used, columns);
}

struct Builder {
  const plan::Plan& plan;
  const plan::Node& node;
  Runtime& runtime;
  Inputs& inputs;

  base::Result<OperatorPtr> child(const plan::NodePtr& input) const {
    if (input == nullptr) return bad_plan("a node has no input");
    return build_operator(plan, *input, runtime, inputs);
  }

  base::Result<OperatorPtr> operator()(const plan::Scan& scan) const {
    if (scan.source < 0 || static_cast<std::size_t>(scan.source) >= plan.sources.size()) {
      return bad_plan(fmt::format("scan of source {}, which does not exist", scan.source));
    }
    const auto source = static_cast<std::size_t>(scan.source);
    if (!in_range(scan.columns, plan.sources[source].columns.size())) {
      return bad_plan(
          fmt::format("scan of {} names a column that does not exist", plan.sources[source].dataset));
    }
    std::vector<int> columns = scan.columns;
    if (plan.identity.kind == plan::Identity::Kind::kPosition) {
      const auto first = static_cast<int>(plan.sources[source].columns.size());
      for (int i = 0; i < static_cast<int>(kPositionColumns); ++i) columns.push_back(first + i);
    }
    auto made = std::make_unique<Scan>(std::move(columns), inputs.entities[source].get());
    inputs.scans[source].push_back(made.get());
    return OperatorPtr(std::move(made));
  }

  base::Result<OperatorPtr> operator()(const plan::Filter& filter) const {
    auto input = child(filter.input);
    if (!input) return input;
    if (!expression_fits(filter.predicate, filter.input->output.size())) {
      return bad_plan("a filter names a column that does not exist");
    }
    auto predicate = expressions::Evaluator::build(filter.predicate);
    if (!predicate) return predicate.error();
    return OperatorPtr(std::make_unique<Filter>(std::move(input).value(), std::move(predicate).value(),
                                                filter.input->output, runtime));
  }

  base::Result<OperatorPtr> operator()(const plan::Project& project) const {
    auto input = child(project.input);
    if (!input) return input;
    std::vector<EvaluatorPtr> evaluators;
    for (const plan::ExpressionPtr& expression : project.expressions) {
      if (!expression_fits(expression, project.input->output.size())) {
        return bad_plan("a projection names a column that does not exist");
      }
      auto evaluator = expressions::Evaluator::build(expression);
      if (!evaluator) return evaluator.error();
      evaluators.push_back(std::move(evaluator).value());
    }
    return OperatorPtr(std::make_unique<Project>(std::move(input).value(), std::move(evaluators),
                                                 project.input->output, runtime));
  }

  base::Result<OperatorPtr> operator()(const plan::Join& join) const {
    auto left = child(join.left);
    if (!left) return left;
    auto right = child(join.right);
    if (!right) return right;
    const std::size_t columns = join.left->output.size() + join.right->output.size();
    if (join.left_keys.size() != join.right_keys.size() ||
        !in_range(join.left_keys, join.left->output.size()) ||
        !in_range(join.right_keys, join.right->output.size()) || !expression_fits(join.residual, columns)) {
      return bad_plan("a join names a column that does not exist");
    }
    for (std::size_t i = 0; i < join.left_keys.size(); ++i) {
      const types::Type& a = join.left->output[static_cast<std::size_t>(join.left_keys[i])].type;
      const types::Type& b = join.right->output[static_cast<std::size_t>(join.right_keys[i])].type;
      if (a.id != b.id) {
        return bad_plan(fmt::format("a join compares {} with {}", types::to_string(a), types::to_string(b)));
      }
    }
    EvaluatorPtr residual;
    if (join.residual != nullptr) {
      auto evaluator = expressions::Evaluator::build(join.residual);
      if (!evaluator) return evaluator.error();
      residual = std::move(evaluator).value();
    }
    return OperatorPtr(std::make_unique<Join>(
        join.kind, Join::Side{std::move(left).value(), join.left->output, join.left_keys},
        Join::Side{std::move(right).value(), join.right->output, join.right_keys}, std::move(residual),
        runtime));
  }

  base::Result<OperatorPtr> operator()(const plan::GroupBy& group) const {
    auto input = child(group.input);
    if (!input) return input;
    const std::vector<types::Field>& fields = group.input->output;
    if (!in_range(group.group, fields.size())) return bad_plan("GROUP BY names a column that does not exist");
    std::vector<GroupBy::Call> calls;
    for (const plan::AggregateCall& call : group.aggregates) {
      const bool all_rows = call.function == plan::Aggregate::kCountAll;
      if (!all_rows && !in_range({call.argument}, fields.size())) {
        return bad_plan("an aggregate names a column that does not exist");
      }
      const types::Type argument =
          all_rows ? call.type : fields[static_cast<std::size_t>(call.argument)].type;
      auto accumulator = make_accumulator(call, argument);
      if (!accumulator) return accumulator.error();
      calls.push_back({std::move(accumulator).value(), call.type});
    }
    return OperatorPtr(
        std::make_unique<GroupBy>(std::move(input).value(), fields, group.group, std::move(calls), runtime));
  }
};

}  // namespace

base::Status check_plan(const plan::Plan& plan) {
  using Kind = plan::Identity::Kind;
  if (plan.root == nullptr) return bad_plan("the plan has no root");
  if (!in_range(plan.identity.key, plan.root->output.size())) {
    return bad_plan("the key names a column that does not exist");
  }
  const bool keyed = plan.identity.kind == Kind::kProvedKey || plan.identity.kind == Kind::kWatchedKey;
  // The key of a single row (an aggregate without groups) has no columns.
  if (plan.identity.kind == Kind::kWatchedKey && plan.identity.key.empty())
    return bad_plan("the key is empty");
  if (!keyed && !plan.identity.key.empty()) return bad_plan("a key is given that the result does not have");
  if (plan.identity.kind == Kind::kPosition && !plan.stateless) {
    return bad_plan("rows of a plan with state cannot be told apart by position");
  }
  return {};
}

base::Result<OperatorPtr> build_operator(const plan::Plan& plan, const plan::Node& node, Runtime& runtime,
                                         Inputs& inputs) {
  return std::visit(Builder{plan, node, runtime, inputs}, node.node);
}

}  // namespace offtake::engine
