#include "tests/unit/engine/plan_builder.h"

#include <doctest/doctest.h>

#include <sstream>

namespace offtake::engine::testing {
namespace {

template <class T>
plan::NodePtr node(T value, std::vector<types::Field> output) {
  return std::make_shared<const plan::Node>(plan::Node{std::move(value), std::move(output)});
}

bool is_stateless(const plan::Node& root, const std::vector<plan::SourceUse>& sources) {
  if (const auto* scan_node = std::get_if<plan::Scan>(&root.node)) {
    return sources[static_cast<std::size_t>(scan_node->source)].kind == plan::SourceUse::Kind::kEvent;
  }
  if (const auto* filter_node = std::get_if<plan::Filter>(&root.node))
    return is_stateless(*filter_node->input, sources);
  if (const auto* project_node = std::get_if<plan::Project>(&root.node)) {
    return is_stateless(*project_node->input, sources);
  }
  return false;
}

}  // namespace

std::vector<types::Field> fields(const std::string& text) {
  std::vector<types::Field> out;
  std::istringstream in(text);
  for (std::string word; in >> word;) {
    const auto colon = word.find(':');
    auto type = types::parse_type(word.substr(colon + 1));
    REQUIRE(type.ok());
    out.push_back({word.substr(0, colon), *type, true});
  }
  return out;
}

plan::SourceUse event(const std::string& name, const std::string& columns) {
  plan::SourceUse source;
  source.dataset_namespace = "test";
  source.dataset = name;
  source.columns = fields(columns);
  return source;
}

plan::SourceUse entity(const std::string& name, const std::string& columns) {
  plan::SourceUse source = event(name, columns);
  source.kind = plan::SourceUse::Kind::kEntity;
  source.key = {0};
  return source;
}

plan::NodePtr scan(const plan::SourceUse& source, int index) {
  plan::Scan out{index, {}};
  for (int i = 0; i < static_cast<int>(source.columns.size()); ++i) out.columns.push_back(i);
  return node(std::move(out), source.columns);
}

plan::NodePtr filter(plan::NodePtr input, plan::ExpressionPtr predicate) {
  auto output = input->output;
  return node(plan::Filter{std::move(input), std::move(predicate)}, std::move(output));
}

plan::NodePtr project(plan::NodePtr input, std::vector<plan::ExpressionPtr> expressions,
                      std::vector<std::string> names) {
  std::vector<types::Field> output;
  for (std::size_t i = 0; i < expressions.size(); ++i)
    output.push_back({names[i], expressions[i]->type, true});
  return node(plan::Project{std::move(input), std::move(expressions)}, std::move(output));
}

plan::NodePtr join(plan::JoinKind kind, plan::NodePtr left, plan::NodePtr right, std::vector<int> left_keys,
                   std::vector<int> right_keys, plan::ExpressionPtr residual) {
  auto output = left->output;
  output.insert(output.end(), right->output.begin(), right->output.end());
  return node(plan::Join{kind, std::move(left), std::move(right), std::move(left_keys), std::move(right_keys),
                         std::move(residual)},
              std::move(output));
}

plan::NodePtr group(plan::NodePtr input, std::vector<int> columns, std::vector<AggregateOf> aggregates) {
  std::vector<types::Field> output;
  for (const int column : columns) output.push_back(input->output[static_cast<std::size_t>(column)]);
  plan::GroupBy out{input, columns, {}};
  for (const AggregateOf& aggregate : aggregates) {
    const bool all = aggregate.argument < 0;
    auto type = plan::aggregate_type(aggregate.function,
                                     all ? types::Type(types::TypeId::kInt8)
                                         : input->output[static_cast<std::size_t>(aggregate.argument)].type);
    REQUIRE(type.ok());
    out.aggregates.push_back({aggregate.function, aggregate.argument, *type});
    output.push_back({fmt::format("{}_{}", plan::to_string(aggregate.function), output.size()), *type, true});
  }
  return node(std::move(out), std::move(output));
}

plan::ExpressionPtr col(const plan::NodePtr& input, int index) {
  return plan::column(index, input->output[static_cast<std::size_t>(index)].type, true);
}

plan::ExpressionPtr lit(const std::string& type, const std::string& text) {
  auto value = types::Datum::parse(*types::parse_type(type), text);
  REQUIRE(value.ok());
  return plan::literal(*value);
}

plan::ExpressionPtr call(const std::string& function, std::vector<plan::ExpressionPtr> arguments) {
  std::vector<types::TypeId> ids;
  for (const auto& argument : arguments) ids.push_back(argument->type.id);
  const plan::Signature* signature = plan::find_signature(function, ids);
  REQUIRE(signature != nullptr);
  plan::Expression out;
  out.node = plan::Call{function, std::move(arguments)};
  out.type = types::Type(signature->result);
  return std::make_shared<const plan::Expression>(std::move(out));
}

plan::Plan make_plan(plan::NodePtr root, std::vector<plan::SourceUse> sources, plan::Identity::Kind identity,
                     std::vector<int> key) {
  plan::Plan out;
  out.stateless = is_stateless(*root, sources);
  out.root = std::move(root);
  out.sources = std::move(sources);
  out.identity = {identity, std::move(key)};
  return out;
}

}  // namespace offtake::engine::testing
