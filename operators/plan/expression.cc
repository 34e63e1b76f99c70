#include "operators/plan/expression.h"

#include <algorithm>

namespace offtake::plan {
namespace {

ExpressionPtr remake(const Expression& old, decltype(Expression::node) node) {
  return std::make_shared<const Expression>(
      Expression{std::move(node), old.type, old.nullable, old.position});
}

bool equal_all(const std::vector<ExpressionPtr>& a, const std::vector<ExpressionPtr>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const ExpressionPtr& x, const ExpressionPtr& y) { return equal(*x, *y); });
}

bool equal_maybe(const ExpressionPtr& a, const ExpressionPtr& b) {
  if (!a || !b) return !a && !b;
  return equal(*a, *b);
}

bool equal_nodes(const ColumnRef& a, const ColumnRef& b) {
  return a.index == b.index;
}
// By text as well as by value: 1.0 and 1.00 print differently.
bool equal_nodes(const Literal& a, const Literal& b) {
  if (a.value.is_null() || b.value.is_null()) return a.value.is_null() && b.value.is_null();
  return a.value.to_text() == b.value.to_text();
}
bool equal_nodes(const Call& a, const Call& b) {
  return a.function == b.function && equal_all(a.arguments, b.arguments);
}
bool equal_nodes(const Logical& a, const Logical& b) {
  return a.op == b.op && equal_all(a.terms, b.terms);
}
bool equal_nodes(const IsNull& a, const IsNull& b) {
  return a.negated == b.negated && equal(*a.argument, *b.argument);
}
bool equal_nodes(const Case& a, const Case& b) {
  return equal_maybe(a.otherwise, b.otherwise) &&
         std::equal(a.branches.begin(), a.branches.end(), b.branches.begin(), b.branches.end(),
                    [](const Case::Branch& x, const Case::Branch& y) {
                      return equal(*x.when, *y.when) && equal(*x.then, *y.then);
                    });
}
bool equal_nodes(const Coalesce& a, const Coalesce& b) {
  return equal_all(a.arguments, b.arguments);
}
bool equal_nodes(const InList& a, const InList& b) {
  return a.negated == b.negated && equal(*a.argument, *b.argument) && equal_all(a.list, b.list);
}
bool equal_nodes(const Cast& a, const Cast& b) {
  return equal(*a.argument, *b.argument);
}

}  // namespace

ExpressionPtr column(int index, types::Type type, bool nullable) {
  return std::make_shared<const Expression>(Expression{ColumnRef{index}, std::move(type), nullable, -1});
}

ExpressionPtr literal(types::Datum value) {
  types::Type type = value.type();
  const bool nullable = value.is_null();
  return std::make_shared<const Expression>(
      Expression{Literal{std::move(value)}, std::move(type), nullable, -1});
}

bool equal(const Expression& a, const Expression& b) {
  if (&a == &b) return true;
  if (a.node.index() != b.node.index() || !(a.type == b.type)) return false;
  return std::visit(
      [&](const auto& node) { return equal_nodes(node, std::get<std::decay_t<decltype(node)>>(b.node)); },
      a.node);
}

void for_each_child(const Expression& expression, const std::function<void(const ExpressionPtr&)>& visit) {
  const auto all = [&](const std::vector<ExpressionPtr>& children) {
    for (const ExpressionPtr& child : children) visit(child);
  };
  struct Walk {
    const std::function<void(const ExpressionPtr&)>& one;
    const decltype(all)& many;
    void operator()(const ColumnRef&) const {}
    void operator()(const Literal&) const {}
    void operator()(const Call& node) const { many(node.arguments); }
    void operator()(const Logical& node) const { many(node.terms); }
    void operator()(const IsNull& node) const { one(node.argument); }
    void operator()(const Case& node) const {
      for (const Case::Branch& branch : node.branches) {
        one(branch.when);
        one(branch.then);
      }
      if (node.otherwise) one(node.otherwise);
    }
    void operator()(const Coalesce& node) const { many(node.arguments); }
    void operator()(const InList& node) const {
      one(node.argument);
      many(node.list);
    }
    void operator()(const Cast& node) const { one(node.argument); }
  };
  std::visit(Walk{visit, all}, expression.node);
}

ExpressionPtr map_children(const ExpressionPtr& expression,
                           const std::function<ExpressionPtr(const ExpressionPtr&)>& map) {
  bool changed = false;
  const auto one = [&](const ExpressionPtr& child) {
    if (!child) return child;
    ExpressionPtr mapped = map(child);
    changed = changed || mapped != child;
    return mapped;
  };
  const auto all = [&](std::vector<ExpressionPtr>& children) {
    for (ExpressionPtr& child : children) child = one(child);
  };
  auto node = expression->node;
  if (auto* call = std::get_if<Call>(&node)) {
    all(call->arguments);
  } else if (auto* logical = std::get_if<Logical>(&node)) {
    all(logical->terms);
  } else if (auto* is_null = std::get_if<IsNull>(&node)) {
    is_null->argument = one(is_null->argument);
  } else if (auto* searched = std::get_if<Case>(&node)) {
    for (Case::Branch& branch : searched->branches) {
      branch.when = one(branch.when);
      branch.then = one(branch.then);
    }
    searched->otherwise = one(searched->otherwise);
  } else if (auto* coalesce = std::get_if<Coalesce>(&node)) {
    all(coalesce->arguments);
  } else if (auto* in = std::get_if<InList>(&node)) {
    in->argument = one(in->argument);
    all(in->list);
  } else if (auto* cast = std::get_if<Cast>(&node)) {
    cast->argument = one(cast->argument);
  }
  return changed ? remake(*expression, std::move(node)) : expression;
}

void collect_columns(const Expression& expression, std::vector<int>& out) {
  if (const auto* ref = std::get_if<ColumnRef>(&expression.node)) {
    out.push_back(ref->index);
    return;
  }
  for_each_child(expression, [&](const ExpressionPtr& child) { collect_columns(*child, out); });
}

ExpressionPtr remap_columns(const ExpressionPtr& expression, const std::vector<int>& new_index) {
  if (const auto* ref = std::get_if<ColumnRef>(&expression->node)) {
    const int index = new_index[static_cast<std::size_t>(ref->index)];
    return index == ref->index ? expression : remake(*expression, ColumnRef{index});
  }
  return map_children(expression,
                      [&](const ExpressionPtr& child) { return remap_columns(child, new_index); });
}

ExpressionPtr substitute_columns(const ExpressionPtr& expression,
                                 const std::vector<ExpressionPtr>& replacement) {
  if (const auto* ref = std::get_if<ColumnRef>(&expression->node)) {
    return replacement[static_cast<std::size_t>(ref->index)];
  }
  return map_children(expression,
                      [&](const ExpressionPtr& child) { return substitute_columns(child, replacement); });
}

}  // namespace offtake::plan
