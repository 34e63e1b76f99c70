// Only columns that are used, from the root down to what is decoded:
//
//   Project (e, f) (x), f unused         => Project (e) (x)
//   a JOIN b                             => both sides projected to keys, residual and what is used above
//   GroupBy with an unused aggregate     => without it
//   Scan (all columns)                   => Scan (those used); SourceUse::columns likewise
#include <algorithm>

#include "controlplane/sql/passes/passes.h"
#include "controlplane/sql/passes/rebuild.h"

namespace offtake::passes {
namespace {

using plan::ExpressionPtr;
using plan::NodePtr;

using Used = std::vector<bool>;  // a flag for each output column

// A node that gives at least the columns asked for, and where each old column is now (-1: gone).
struct Pruned {
  NodePtr node;
  std::vector<int> place;
};

void mark(const ExpressionPtr& expression, Used& used) {
  if (!expression) return;
  std::vector<int> columns;
  plan::collect_columns(*expression, columns);
  for (int column : columns) used[static_cast<std::size_t>(column)] = true;
}

Pruned prune_node(const NodePtr& node, const Used& used);

Pruned prune_scan(const plan::Node& node, const plan::Scan& scan, const Used& used) {
  auto made = std::make_shared<plan::Node>();
  plan::Scan kept{scan.source, {}};
  Pruned out;
  for (std::size_t i = 0; i < scan.columns.size(); ++i) {
    out.place.push_back(used[i] ? static_cast<int>(kept.columns.size()) : -1);
    if (!used[i]) continue;
    kept.columns.push_back(scan.columns[i]);
    made->output.push_back(node.output[i]);
  }
  made->node = std::move(kept);
  out.node = std::move(made);
  return out;
}

Pruned prune_filter(const plan::Filter& filter, Used used) {
  mark(filter.predicate, used);
  Pruned input = prune_node(filter.input, used);
  ExpressionPtr predicate = plan::remap_columns(filter.predicate, input.place);
  return {make_filter(std::move(input.node), {std::move(predicate)}), std::move(input.place)};
}

Pruned prune_project(const plan::Node& node, const plan::Project& project, const Used& used) {
  Used below(project.input->output.size());
  // A column that raises keeps its errors also where nobody reads it.
  const auto kept = [&](std::size_t i) { return used[i] || plan::can_fail(*project.expressions[i]); };
  for (std::size_t i = 0; i < used.size(); ++i) {
    if (kept(i)) mark(project.expressions[i], below);
  }
  Pruned input = prune_node(project.input, below);
  std::vector<ExpressionPtr> expressions;
  std::vector<std::string> names;
  Pruned out;
  for (std::size_t i = 0; i < used.size(); ++i) {
    out.place.push_back(kept(i) ? static_cast<int>(expressions.size()) : -1);
    if (!kept(i)) continue;
    expressions.push_back(plan::remap_columns(project.expressions[i], input.place));
    names.push_back(node.output[i].name);
  }
  out.node = make_project(std::move(input.node), std::move(expressions), names);
  return out;
}

// A side of a join with just the columns that the join needs: they are what it keeps in memory.
Pruned prune_side(const NodePtr& side, const Used& used) {
  Pruned pruned = prune_node(side, used);
  const auto wanted = static_cast<std::size_t>(std::count(used.begin(), used.end(), true));
  if (pruned.node->output.size() == wanted) return pruned;
  std::vector<ExpressionPtr> expressions;
  std::vector<std::string> names;
  Pruned out;
  for (std::size_t i = 0; i < used.size(); ++i) {
    out.place.push_back(used[i] ? static_cast<int>(expressions.size()) : -1);
    if (!used[i]) continue;
    const types::Field& field = pruned.node->output[static_cast<std::size_t>(pruned.place[i])];
    expressions.push_back(plan::column(pruned.place[i], field.type, field.nullable));
    names.push_back(field.name);
  }
  out.node = make_project(std::move(pruned.node), std::move(expressions), names);
  return out;
}

Pruned prune_join(const plan::Join& join, Used used) {
  mark(join.residual, used);
  const std::size_t width = join.left->output.size();
  Used left(used.begin(), used.begin() + static_cast<std::ptrdiff_t>(width));
  Used right(used.begin() + static_cast<std::ptrdiff_t>(width), used.end());
  for (int key : join.left_keys) left[static_cast<std::size_t>(key)] = true;
  for (int key : join.right_keys) right[static_cast<std::size_t>(key)] = true;
  Pruned a = prune_side(join.left, left);
  Pruned b = prune_side(join.right, right);
  plan::Join made = join;
  const int new_width = static_cast<int>(a.node->output.size());
  Pruned out;
  out.place = a.place;
  for (int place : b.place) out.place.push_back(place < 0 ? -1 : place + new_width);
  for (int& key : made.left_keys) key = a.place[static_cast<std::size_t>(key)];
  for (int& key : made.right_keys) key = b.place[static_cast<std::size_t>(key)];
  if (join.residual) made.residual = plan::remap_columns(join.residual, out.place);
  made.left = std::move(a.node);
  made.right = std::move(b.node);
  out.node = make_join(std::move(made));
  return out;
}

Pruned prune_group(const plan::Node& node, const plan::GroupBy& group, const Used& used) {
  const std::size_t keys = group.group.size();
  Used below(group.input->output.size());
  for (int column : group.group) below[static_cast<std::size_t>(column)] = true;
  for (std::size_t i = 0; i < group.aggregates.size(); ++i) {
    const int argument = group.aggregates[i].argument;
    if (used[keys + i] && argument >= 0) below[static_cast<std::size_t>(argument)] = true;
  }
  Pruned input = prune_side(group.input, below);
  plan::GroupBy kept;
  auto made = std::make_shared<plan::Node>();
  Pruned out;
  for (std::size_t i = 0; i < keys; ++i) {
    out.place.push_back(static_cast<int>(i));
    kept.group.push_back(input.place[static_cast<std::size_t>(group.group[i])]);
    made->output.push_back(node.output[i]);
  }
  for (std::size_t i = 0; i < group.aggregates.size(); ++i) {
    out.place.push_back(used[keys + i] ? static_cast<int>(made->output.size()) : -1);
    if (!used[keys + i]) continue;
    plan::AggregateCall call = group.aggregates[i];
    if (call.argument >= 0) call.argument = input.place[static_cast<std::size_t>(call.argument)];
    kept.aggregates.push_back(std::move(call));
    made->output.push_back(node.output[keys + i]);
  }
  kept.input = std::move(input.node);
  made->node = std::move(kept);
  out.node = std::move(made);
  return out;
}

Pruned prune_node(const NodePtr& node, const Used& used) {
  if (const auto* scan = std::get_if<plan::Scan>(&node->node)) return prune_scan(*node, *scan, used);
  if (const auto* filter = std::get_if<plan::Filter>(&node->node)) return prune_filter(*filter, used);
  if (const auto* project = std::get_if<plan::Project>(&node->node))
    return prune_project(*node, *project, used);
  if (const auto* join = std::get_if<plan::Join>(&node->node)) return prune_join(*join, used);
  return prune_group(*node, std::get<plan::GroupBy>(node->node), used);
}

// What no scan reads leaves the source, too.
struct SourcePruner {
  Draft& draft;
  std::vector<std::vector<int>> place;  // by source: new index of each column, -1 gone

  void collect(const plan::Node& node) {
    if (const auto* scan = std::get_if<plan::Scan>(&node.node)) {
      for (int column : scan->columns) {
        place[static_cast<std::size_t>(scan->source)][static_cast<std::size_t>(column)] = 0;
      }
    }
    for (const NodePtr& input : inputs(node)) collect(*input);
  }

  void shrink(std::size_t source) {
    plan::SourceUse& use = draft.plan.sources[source];
    std::vector<types::Field> kept;
    for (std::size_t i = 0; i < use.columns.size(); ++i) {
      int& at = place[source][i];
      if (at < 0) continue;
      at = static_cast<int>(kept.size());
      kept.push_back(use.columns[i]);
    }
    use.columns = std::move(kept);
    SourceFacts& facts = draft.facts[source];
    for (int& column : facts.key) column = place[source][static_cast<std::size_t>(column)];
    if (std::find(facts.key.begin(), facts.key.end(), -1) != facts.key.end()) facts.key.clear();
    if (facts.event_time) {
      const int at = place[source][static_cast<std::size_t>(*facts.event_time)];
      facts.event_time = at < 0 ? std::nullopt : std::optional(at);
    }
  }

  NodePtr remap(const NodePtr& node) {
    const auto* scan = std::get_if<plan::Scan>(&node->node);
    if (scan == nullptr) return map_inputs(node, [this](const NodePtr& input) { return remap(input); });
    auto made = std::make_shared<plan::Node>(*node);
    for (int& column : std::get<plan::Scan>(made->node).columns) {
      column = place[static_cast<std::size_t>(scan->source)][static_cast<std::size_t>(column)];
    }
    return made;
  }
};

}  // namespace

void prune(Draft& draft) {
  draft.plan.root = prune_node(draft.plan.root, Used(draft.plan.root->output.size(), true)).node;
  SourcePruner sources{draft, {}};
  for (const plan::SourceUse& use : draft.plan.sources) sources.place.emplace_back(use.columns.size(), -1);
  sources.collect(*draft.plan.root);
  for (std::size_t i = 0; i < draft.plan.sources.size(); ++i) sources.shrink(i);
  draft.plan.root = sources.remap(draft.plan.root);
}

}  // namespace offtake::passes
