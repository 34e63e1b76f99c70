// GROUP BY and HAVING.
#include "controlplane/sql/select.h"

namespace offtake::sql {
namespace {

using plan::ExpressionPtr;

int place_of(const ExpressionPtr& expression, std::vector<ExpressionPtr>& list) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (plan::equal(*list[i], *expression)) return static_cast<int>(i);
  }
  list.push_back(expression);
  return static_cast<int>(list.size()) - 1;
}

// A merged column of USING belongs to no table alone.
std::string name_of(const Scope& scope, int index) {
  const ScopeColumn* column = scope.at(index);
  if (column == nullptr) return "?";
  return column->table.find('/') == std::string::npos ? column->text() : column->name;
}

// From columns of the input to columns of the groups. Null after an error.
struct Rewriter {
  Problems& problems;
  const Scope& scope;
  const Grouping& grouping;

  ExpressionPtr rewrite(const ExpressionPtr& expression) {
    for (std::size_t i = 0; i < grouping.keys.size(); ++i) {
      const plan::Expression& key = *grouping.keys[i];
      if (plan::equal(key, *expression)) {
        return make_expression(plan::ColumnRef{static_cast<int>(i)}, key.type, key.nullable,
                               expression->position);
      }
    }
    if (const auto* column = std::get_if<plan::ColumnRef>(&expression->node)) {
      if (column->index >= kAggregateBase) {
        const int index = column->index - kAggregateBase + static_cast<int>(grouping.keys.size());
        return make_expression(plan::ColumnRef{index}, expression->type, expression->nullable,
                               expression->position);
      }
      problems.fail(
          "GroupingError",
          fmt::format("column {} must appear in the GROUP BY clause or be used in an aggregate function",
                      name_of(scope, column->index)),
          expression->position,
          fmt::format("add it to GROUP BY, or write min({})", name_of(scope, column->index)));
      return nullptr;
    }
    bool good = true;
    ExpressionPtr made = plan::map_children(expression, [&](const ExpressionPtr& child) {
      ExpressionPtr mapped = rewrite(child);
      good = good && mapped != nullptr;
      return mapped ? mapped : child;
    });
    return good ? made : nullptr;
  }
};

}  // namespace

plan::NodePtr group(Problems& problems, const Scope& scope, plan::NodePtr input, const Grouping& grouping,
                    std::vector<ExpressionPtr>& outputs) {
  std::vector<ExpressionPtr> columns;
  plan::GroupBy node;
  auto made = std::make_shared<plan::Node>();
  for (std::size_t i = 0; i < grouping.keys.size(); ++i) {
    const ExpressionPtr& key = grouping.keys[i];
    node.group.push_back(place_of(key, columns));
    made->output.push_back({grouping.key_names[i], key->type, key->nullable});
  }
  for (const AggregateUse& use : grouping.aggregates) {
    plan::AggregateCall call{use.function, -1, use.type};
    std::string text = "*";
    if (use.argument) {
      call.argument = place_of(use.argument, columns);
      text = plan::to_string(*use.argument, input->output);
    }
    const bool counts = use.function == plan::Aggregate::kCountAll || use.function == plan::Aggregate::kCount;
    made->output.push_back({fmt::format("{}({})", to_string(use.function), text), use.type, !counts});
    node.aggregates.push_back(std::move(call));
  }
  std::vector<std::string> names;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    names.push_back(i < grouping.key_names.size() ? grouping.key_names[i]
                                                  : plan::to_string(*columns[i], input->output));
  }
  node.input = make_project(std::move(input), std::move(columns), names);
  made->node = std::move(node);

  Rewriter rewriter{problems, scope, grouping};
  bool good = true;
  for (ExpressionPtr& output : outputs) {
    output = rewriter.rewrite(output);
    good = good && output != nullptr;
  }
  plan::NodePtr out = std::move(made);
  if (grouping.having) {
    ExpressionPtr having = rewriter.rewrite(grouping.having);
    good = good && having != nullptr;
    if (having) out = make_filter(std::move(out), std::move(having));
  }
  return good ? out : nullptr;
}

}  // namespace offtake::sql
