// Expressions of the parse tree to typed expressions of the plan. Internal to this folder.
#pragma once
#include <string_view>
#include <vector>

#include "controlplane/sql/scope.h"
#include "controlplane/sql/tree.h"

namespace offtake::sql {

struct AggregateUse {
  plan::Aggregate function = plan::Aggregate::kCountAll;
  plan::ExpressionPtr argument;  // over the input's columns; null for count(*)
  types::Type type;
};
// Aggregates stand in bound expressions as columns from this index on, until the grouping is made.
constexpr int kAggregateBase = 1 << 24;

// Binds one expression at a time. REQUIRES: find_unsupported found nothing in the tree.
class Binder {
 public:
  // `clause` names the place in errors ("WHERE"). `aggregates` collects the aggregates; null: none allowed.
  Binder(Problems& problems, const Scope& scope, std::string_view clause,
         std::vector<AggregateUse>* aggregates = nullptr)
      : problems_(problems), scope_(scope), clause_(clause), aggregates_(aggregates) {}

  Bound bind(const json::Value& tree);
  Bound bind_condition(const json::Value& tree);  // must be boolean

 private:
  Bound bind_constant(const Tree& node);
  Bound bind_column(const Tree& node);
  Bound bind_field(const Tree& node);
  const ScopeColumn* column_of(const Tree& node);
  Bound bind_cast(const Tree& node);
  Bound bind_boolean(const Tree& node);
  Bound bind_boolean_test(const Tree& node);
  Bound bind_case(const Tree& node);
  Bound bind_coalesce(const Tree& node);
  Bound bind_null_test(const Tree& node);
  std::vector<Bound> bind_list(const json::Value& list, bool& good);

  // bind_operator.cc
  Bound bind_operation(const Tree& node);
  Bound bind_in(const Tree& node);
  Bound bind_between(const Tree& node);
  Bound bind_like(const Tree& node);
  Bound bind_nullif(const Tree& node);
  Bound binary(const std::string& name, Bound left, Bound right, int byte);
  std::string describe(const Bound& value) const;
  Bound concatenate(Bound left, Bound right, int byte);

  // bind_function.cc
  Bound bind_function(const Tree& node);
  Bound bind_aggregate(const Tree& node, const std::string& name);
  Bound call(std::string_view name, std::vector<Bound> arguments, int byte);
  bool check_unit(std::string_view function, const std::vector<Bound>& arguments);

  Problems& problems_;
  const Scope& scope_;
  std::string_view clause_;
  std::vector<AggregateUse>* aggregates_;
};

plan::ExpressionPtr make_expression(decltype(plan::Expression::node) node, types::Type type, bool nullable,
                                    int byte);
plan::ExpressionPtr make_not(plan::ExpressionPtr argument, int byte);

}  // namespace offtake::sql
