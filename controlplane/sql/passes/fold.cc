// Computes what is constant:
//
//   f(literals) => literal       unless it raises: then it stays, and raises for the rows that come there
//   a AND true => a              a AND false => false, if `a` cannot raise (OR alike)
//   CASE WHEN false …, WHEN true …, COALESCE of a value that is never NULL: the branch that is taken
//   x IS NULL, x never NULL => false
//   Filter true => its input
#include "controlplane/sql/passes/passes.h"
#include "controlplane/sql/passes/rebuild.h"
#include "operators/expressions/evaluator.h"

namespace offtake::passes {
namespace {

using plan::Expression;
using plan::ExpressionPtr;

const types::Datum* literal_of(const ExpressionPtr& expression) {
  const auto* literal = std::get_if<plan::Literal>(&expression->node);
  return literal == nullptr ? nullptr : &literal->value;
}

std::optional<bool> boolean_of(const ExpressionPtr& expression) {
  const types::Datum* value = literal_of(expression);
  if (value == nullptr || value->is_null()) return std::nullopt;
  return value->value->values<std::uint8_t>()[0] != 0;
}

ExpressionPtr boolean(bool value) {
  return plan::literal(types::Datum::boolean(value));
}

ExpressionPtr remake(const Expression& old, decltype(Expression::node) node) {
  return std::make_shared<const Expression>(
      Expression{std::move(node), old.type, old.nullable, old.position});
}

bool all_literal(const Expression& expression) {
  bool all = true;
  plan::for_each_child(expression, [&](const ExpressionPtr& child) { all = all && literal_of(child); });
  return all;
}

ExpressionPtr evaluate(const ExpressionPtr& expression) {
  auto evaluator = expressions::Evaluator::build(expression);
  if (!evaluator) return expression;
  types::Batch row;
  row.rows = 1;
  std::vector<expressions::RowError> errors;
  types::ColumnPtr value = (*evaluator)->evaluate(row, errors);
  if (!errors.empty()) return expression;
  ExpressionPtr made = plan::literal(types::Datum{std::move(value)});
  return std::make_shared<const Expression>(
      Expression{made->node, expression->type, made->nullable, expression->position});
}

ExpressionPtr fold_logical(const ExpressionPtr& expression, const plan::Logical& logical) {
  const bool deciding = logical.op == plan::Logical::Op::kOr;
  std::vector<ExpressionPtr> terms;
  bool fails = false;
  for (const ExpressionPtr& term : logical.terms) {
    const auto value = boolean_of(term);
    if (value == deciding && !fails) return boolean(deciding);
    if (value && *value != deciding) continue;
    fails = fails || plan::can_fail(*term);
    terms.push_back(term);
    if (value) break;  // nothing behind it is ever evaluated
  }
  if (terms.empty()) return boolean(!deciding);
  if (terms.size() == 1) return terms.front();
  if (terms.size() == logical.terms.size()) return expression;
  return remake(*expression, plan::Logical{logical.op, std::move(terms)});
}

ExpressionPtr fold_case(const ExpressionPtr& expression, const plan::Case& searched) {
  plan::Case out;
  out.otherwise = searched.otherwise;
  for (const plan::Case::Branch& branch : searched.branches) {
    const auto value = boolean_of(branch.when);
    const types::Datum* literal = literal_of(branch.when);
    if (value == true) {
      out.otherwise = branch.then;
      break;
    }
    if (literal == nullptr) out.branches.push_back(branch);
  }
  if (!out.branches.empty()) {
    return out.branches.size() == searched.branches.size() ? expression : remake(*expression, std::move(out));
  }
  return out.otherwise ? out.otherwise : plan::literal(types::Datum::null(expression->type));
}

ExpressionPtr fold_coalesce(const ExpressionPtr& expression, const plan::Coalesce& coalesce) {
  plan::Coalesce out;
  for (const ExpressionPtr& argument : coalesce.arguments) {
    const types::Datum* literal = literal_of(argument);
    if (literal != nullptr && literal->is_null()) continue;
    out.arguments.push_back(argument);
    if (!argument->nullable) break;
  }
  if (out.arguments.empty()) return plan::literal(types::Datum::null(expression->type));
  if (out.arguments.size() == 1) return out.arguments.front();
  if (out.arguments.size() == coalesce.arguments.size()) return expression;
  return remake(*expression, std::move(out));
}

}  // namespace

ExpressionPtr fold(const ExpressionPtr& expression) {
  const ExpressionPtr folded =
      plan::map_children(expression, [](const ExpressionPtr& child) { return fold(child); });
  const bool is_leaf = std::holds_alternative<plan::ColumnRef>(folded->node) || literal_of(folded) != nullptr;
  if (is_leaf) return folded;
  if (const auto* logical = std::get_if<plan::Logical>(&folded->node)) {
    if (logical->op != plan::Logical::Op::kNot) return fold_logical(folded, *logical);
  }
  if (const auto* searched = std::get_if<plan::Case>(&folded->node)) return fold_case(folded, *searched);
  if (const auto* coalesce = std::get_if<plan::Coalesce>(&folded->node)) {
    return fold_coalesce(folded, *coalesce);
  }
  if (const auto* is_null = std::get_if<plan::IsNull>(&folded->node)) {
    const bool known = !is_null->argument->nullable && !plan::can_fail(*is_null->argument);
    if (known) return boolean(is_null->negated);
  }
  return all_literal(*folded) ? evaluate(folded) : folded;
}

plan::NodePtr fold(const plan::NodePtr& root) {
  const plan::NodePtr node = map_inputs(root, [](const plan::NodePtr& input) { return fold(input); });
  if (const auto* filter = std::get_if<plan::Filter>(&node->node)) {
    ExpressionPtr predicate = fold(filter->predicate);
    if (boolean_of(predicate) == true) return filter->input;
    return predicate == filter->predicate ? node : make_filter(filter->input, {std::move(predicate)});
  }
  if (const auto* project = std::get_if<plan::Project>(&node->node)) {
    auto made = std::make_shared<plan::Node>(*node);
    bool changed = false;
    auto& expressions = std::get<plan::Project>(made->node).expressions;
    for (std::size_t i = 0; i < expressions.size(); ++i) {
      expressions[i] = fold(expressions[i]);
      changed = changed || expressions[i] != project->expressions[i];
      made->output[i].nullable = expressions[i]->nullable;
    }
    return changed ? made : node;
  }
  if (const auto* join = std::get_if<plan::Join>(&node->node); join != nullptr && join->residual) {
    plan::Join made = *join;
    made.residual = fold(join->residual);
    if (made.residual == join->residual) return node;
    if (boolean_of(made.residual) == true) made.residual = nullptr;
    return make_join(std::move(made));
  }
  return node;
}

}  // namespace offtake::passes
