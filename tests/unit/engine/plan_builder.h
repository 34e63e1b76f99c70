// Plans in a few words, for tests.
#pragma once
#include <string>
#include <vector>

#include "operators/plan/plan.h"

namespace offtake::engine::testing {

std::vector<types::Field> fields(const std::string& text);  // "id:bigint amount:numeric name:text"

plan::SourceUse event(const std::string& name, const std::string& columns);
plan::SourceUse entity(const std::string& name, const std::string& columns);

plan::NodePtr scan(const plan::SourceUse& source, int index);  // all columns
plan::NodePtr filter(plan::NodePtr input, plan::ExpressionPtr predicate);
plan::NodePtr project(plan::NodePtr input, std::vector<plan::ExpressionPtr> expressions,
                      std::vector<std::string> names);
plan::NodePtr join(plan::JoinKind kind, plan::NodePtr left, plan::NodePtr right, std::vector<int> left_keys,
                   std::vector<int> right_keys, plan::ExpressionPtr residual = nullptr);
struct AggregateOf {
  plan::Aggregate function;
  int argument = -1;
};
plan::NodePtr group(plan::NodePtr input, std::vector<int> columns, std::vector<AggregateOf> aggregates);

plan::ExpressionPtr col(const plan::NodePtr& node, int index);
plan::ExpressionPtr lit(const std::string& type, const std::string& text);
plan::ExpressionPtr call(const std::string& function, std::vector<plan::ExpressionPtr> arguments);

plan::Plan make_plan(plan::NodePtr root, std::vector<plan::SourceUse> sources, plan::Identity::Kind identity,
                     std::vector<int> key = {});

}  // namespace offtake::engine::testing
