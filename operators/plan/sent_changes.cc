#include "operators/plan/sent_changes.h"

#include <vector>

namespace offtake::plan {
namespace {

bool reads(const Node& node, int source) {
  if (const auto* scan = std::get_if<Scan>(&node.node)) return scan->source == source;
  if (const auto* join = std::get_if<Join>(&node.node))
    return reads(*join->left, source) || reads(*join->right, source);
  if (const auto* filter = std::get_if<Filter>(&node.node)) return reads(*filter->input, source);
  if (const auto* project = std::get_if<Project>(&node.node)) return reads(*project->input, source);
  return reads(*std::get<GroupBy>(node.node).input, source);
}

// Whether records of the source are put together on their way up, or joined with one another.
bool merged(const Node& node, int source) {
  if (const auto* join = std::get_if<Join>(&node.node)) {
    if (reads(*join->left, source) && reads(*join->right, source)) return true;
    // A row that the other side keeps without a partner stems from no record of the source.
    if (join->kind == JoinKind::kLeft && reads(*join->right, source)) return true;
    return merged(*join->left, source) || merged(*join->right, source);
  }
  if (const auto* filter = std::get_if<Filter>(&node.node)) return merged(*filter->input, source);
  if (const auto* project = std::get_if<Project>(&node.node)) return merged(*project->input, source);
  if (std::holds_alternative<GroupBy>(node.node)) return reads(node, source);
  return false;
}

std::string name_of(const SourceUse& source) {
  return source.dataset_namespace + "/" + source.dataset;
}

}  // namespace

std::string_view to_string(SentChanges changes) {
  return changes == SentChanges::kCreated ? "Created" : "All";
}

DefaultChanges default_changes(const Plan& plan) {
  std::vector<int> driving;
  for (std::size_t i = 0; i < plan.sources.size(); ++i) {
    if (plan.sources[i].windowed) driving.push_back(static_cast<int>(i));
  }
  if (driving.empty())
    return {SentChanges::kAll, "no event dataset drives it: its rows change as entities do"};
  const auto name = [&](std::size_t i) {
    return name_of(plan.sources[static_cast<std::size_t>(driving[i])]);
  };
  if (driving.size() > 1) {
    return {SentChanges::kAll, fmt::format("rows stem from records of both {} and {}", name(0), name(1))};
  }
  if (merged(*plan.root, driving[0])) {
    return {SentChanges::kAll, fmt::format("a row stems from no one record of {} alone", name(0))};
  }
  return {SentChanges::kCreated, fmt::format("each row stems from one record of {}", name(0))};
}

}  // namespace offtake::plan
