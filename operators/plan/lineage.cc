#include "operators/plan/lineage.h"

namespace offtake::plan {
namespace {

std::vector<Lineage> visit(const Node& node);

std::vector<Lineage> columns_of(const Scan& scan) {
  std::vector<Lineage> out;
  for (const int column : scan.columns) out.push_back({{{scan.source, column}}, true});
  return out;
}
std::vector<Lineage> columns_of(const Filter& filter) {
  return visit(*filter.input);
}
std::vector<Lineage> columns_of(const Project& project) {
  const std::vector<Lineage> input = visit(*project.input);
  std::vector<Lineage> out;
  for (const ExpressionPtr& expression : project.expressions) {
    std::vector<int> used;
    collect_columns(*expression, used);
    if (std::holds_alternative<ColumnRef>(expression->node)) {
      out.push_back(input[static_cast<std::size_t>(used.at(0))]);
      continue;
    }
    Lineage& made = out.emplace_back();
    for (const int column : used) {
      const auto& from = input[static_cast<std::size_t>(column)].columns;
      made.columns.insert(from.begin(), from.end());
    }
  }
  return out;
}
std::vector<Lineage> columns_of(const Join& join) {
  std::vector<Lineage> out = visit(*join.left);
  std::vector<Lineage> right = visit(*join.right);
  out.insert(out.end(), std::make_move_iterator(right.begin()), std::make_move_iterator(right.end()));
  return out;
}
std::vector<Lineage> columns_of(const GroupBy& group) {
  const std::vector<Lineage> input = visit(*group.input);
  std::vector<Lineage> out;
  for (const int column : group.group) out.push_back(input[static_cast<std::size_t>(column)]);
  for (const AggregateCall& call : group.aggregates) {
    const bool counts = call.function == Aggregate::kCountAll || call.function == Aggregate::kCount;
    Lineage& made = out.emplace_back();
    if (!counts) made.columns = input[static_cast<std::size_t>(call.argument)].columns;
  }
  return out;
}

std::vector<Lineage> visit(const Node& node) {
  return std::visit([](const auto& kind) { return columns_of(kind); }, node.node);
}

}  // namespace

std::vector<Lineage> lineage_of(const Plan& plan) {
  return visit(*plan.root);
}

}  // namespace offtake::plan
