// Computes what is constant:
//
//   f(literals) => literal; one that raises is an error of the statement, as in PostgreSQL
//   a AND true => a, a AND false => false (OR alike)
//   CASE WHEN false …, WHEN true …, COALESCE of a value that is never NULL: the branch that is taken; those
//   that are never taken are not computed x IS NULL, x never NULL => false Filter true => its input
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

struct Folder {
  Outcome& outcome;

  ExpressionPtr evaluate(const ExpressionPtr& expression) {
    auto evaluator = expressions::Evaluator::build(expression);
    if (!evaluator) return expression;
    types::Batch row;
    row.rows = 1;
    std::vector<expressions::RowError> errors;
    types::ColumnPtr value = (*evaluator)->evaluate(row, errors);
    if (!errors.empty()) {
      outcome.faults.push_back(
          {base::terminal("ConstantRaises", errors.front().message), expression->position});
      return expression;
    }
    ExpressionPtr made = plan::literal(types::Datum{std::move(value)});
    return std::make_shared<const Expression>(
        Expression{made->node, expression->type, made->nullable, expression->position});
  }

  ExpressionPtr fold_logical(const ExpressionPtr& expression, const plan::Logical& logical) {
    const bool deciding = logical.op == plan::Logical::Op::kOr;
    std::vector<ExpressionPtr> terms;
    bool changed = false;
    for (const ExpressionPtr& term : logical.terms) {
      ExpressionPtr folded = fold(term);
      const auto value = boolean_of(folded);
      if (value == deciding) return boolean(deciding);
      changed = changed || value || folded != term;
      if (!value) terms.push_back(std::move(folded));
    }
    if (terms.empty()) return boolean(!deciding);
    if (terms.size() == 1) return terms.front();
    return changed ? remake(*expression, plan::Logical{logical.op, std::move(terms)}) : expression;
  }

  ExpressionPtr fold_case(const ExpressionPtr& expression, const plan::Case& searched) {
    plan::Case out;
    bool changed = false, decided = false;
    for (const plan::Case::Branch& branch : searched.branches) {
      ExpressionPtr when = fold(branch.when);
      const bool constant = literal_of(when) != nullptr;
      decided = boolean_of(when) == true;
      changed = changed || constant || when != branch.when;
      if (constant && !decided) continue;
      ExpressionPtr then = fold(branch.then);
      changed = changed || then != branch.then;
      if (decided) {
        out.otherwise = std::move(then);
        break;
      }
      out.branches.push_back({std::move(when), std::move(then)});
    }
    if (!decided && searched.otherwise) {
      out.otherwise = fold(searched.otherwise);
      changed = changed || out.otherwise != searched.otherwise;
    }
    if (out.branches.empty()) {
      return out.otherwise ? out.otherwise : plan::literal(types::Datum::null(expression->type));
    }
    return changed ? remake(*expression, std::move(out)) : expression;
  }

  ExpressionPtr fold_coalesce(const ExpressionPtr& expression, const plan::Coalesce& coalesce) {
    plan::Coalesce out;
    bool changed = false;
    for (const ExpressionPtr& argument : coalesce.arguments) {
      ExpressionPtr folded = fold(argument);
      const types::Datum* literal = literal_of(folded);
      const bool skipped = literal != nullptr && literal->is_null();
      changed = changed || skipped || folded != argument;
      if (skipped) continue;
      const bool last = !folded->nullable;
      out.arguments.push_back(std::move(folded));
      if (last) break;
    }
    if (out.arguments.empty()) return plan::literal(types::Datum::null(expression->type));
    if (out.arguments.size() == 1) return out.arguments.front();
    changed = changed || out.arguments.size() != coalesce.arguments.size();
    return changed ? remake(*expression, std::move(out)) : expression;
  }

  ExpressionPtr fold(const ExpressionPtr& expression) {
    if (std::holds_alternative<plan::ColumnRef>(expression->node) || literal_of(expression))
      return expression;
    if (const auto* logical = std::get_if<plan::Logical>(&expression->node)) {
      if (logical->op != plan::Logical::Op::kNot) return fold_logical(expression, *logical);
    }
    if (const auto* searched = std::get_if<plan::Case>(&expression->node))
      return fold_case(expression, *searched);
    if (const auto* coalesce = std::get_if<plan::Coalesce>(&expression->node)) {
      return fold_coalesce(expression, *coalesce);
    }
    const ExpressionPtr folded =
        plan::map_children(expression, [this](const ExpressionPtr& child) { return fold(child); });
    if (const auto* is_null = std::get_if<plan::IsNull>(&folded->node)) {
      const bool known = !is_null->argument->nullable && !plan::can_fail(*is_null->argument);
      if (known) return boolean(is_null->negated);
    }
    return all_literal(*folded) ? evaluate(folded) : folded;
  }

  plan::NodePtr fold(const plan::NodePtr& root) {
    const plan::NodePtr node = map_inputs(root, [this](const plan::NodePtr& input) { return fold(input); });
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
};

}  // namespace

plan::NodePtr fold(const plan::NodePtr& root, Outcome& outcome) {
  return Folder{outcome}.fold(root);
}

}  // namespace offtake::passes
