// Which sources are cut by the history window. An event dataset drives, and is windowed, unless it is joined
// on its whole declared key: then it is looked up, and read whole like an entity.
//
//   payments p JOIN orders o USING (order_id)     key of orders: order_id
//   => p driving, o looked up
//
// The left side of LEFT JOIN keeps all its rows, so that join does not make it a look-up; and a join makes
// its left side one only if there is an event dataset on the right to drive.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "controlplane/sql/passes/passes.h"
#include "controlplane/sql/passes/rebuild.h"

namespace offtake::passes {
namespace {

using plan::SourceUse;

struct Classifier {
  Draft& draft;
  std::vector<bool> looked_up;

  bool is_event(int source) const {
    return draft.plan.sources[static_cast<std::size_t>(source)].kind == SourceUse::Kind::kEvent;
  }

  void sources_below(const plan::Node& node, std::set<int>& out) const {
    if (const auto* scan = std::get_if<plan::Scan>(&node.node)) out.insert(scan->source);
    for (const plan::NodePtr& input : inputs(node)) sources_below(*input, out);
  }

  void visit(const plan::Node& node) {
    for (const plan::NodePtr& input : inputs(node)) visit(*input);
    const auto* join = std::get_if<plan::Join>(&node.node);
    if (join == nullptr) return;
    const bool found = look_up(*join->right, join->right_keys);
    if (found || join->kind == plan::JoinKind::kLeft || !has_driver(*join->right)) return;
    look_up(*join->left, join->left_keys);
  }

  bool has_driver(const plan::Node& node) const {
    std::set<int> below;
    sources_below(node, below);
    return std::any_of(below.begin(), below.end(), [&](int source) {
      return is_event(source) && !looked_up[static_cast<std::size_t>(source)];
    });
  }

  // Marks the event sources below whose whole key is among the join's columns.
  bool look_up(const plan::Node& side, const std::vector<int>& keys) {
    std::set<int> below;
    sources_below(side, below);
    bool found = false;
    for (int source : below) {
      const auto index = static_cast<std::size_t>(source);
      if (!is_event(source) || draft.facts[index].key.empty()) continue;
      std::set<int> joined;
      for (int key : keys) {
        const auto origin = trace(side, key);
        if (origin && origin->source == source) joined.insert(origin->column);
      }
      const std::vector<int>& key = draft.facts[index].key;
      if (!std::all_of(key.begin(), key.end(), [&](int column) { return joined.contains(column); })) continue;
      looked_up[index] = true;
      found = true;
    }
    return found;
  }
};

std::string key_text(const SourceUse& use, const std::vector<int>& key) {
  std::string out;
  for (int column : key)
    out += (out.empty() ? "" : ", ") + use.columns[static_cast<std::size_t>(column)].name;
  return out;
}

}  // namespace

void classify(Draft& draft, const Options& options, Outcome& outcome) {
  Classifier classifier{draft, std::vector<bool>(draft.plan.sources.size())};
  classifier.visit(*draft.plan.root);
  std::string driving;
  int count = 0;
  for (std::size_t i = 0; i < draft.plan.sources.size(); ++i) {
    SourceUse& use = draft.plan.sources[i];
    SourceFacts& facts = draft.facts[i];
    use.windowed = use.kind == SourceUse::Kind::kEvent && !classifier.looked_up[i];
    if (use.kind == SourceUse::Kind::kEntity) {
      facts.reason = "entity";
    } else if (use.windowed) {
      facts.reason = "driving";
      driving += (count++ == 0 ? "" : " and ") + facts.alias;
    } else {
      facts.reason = fmt::format("looked up by its whole key ({})", key_text(use, facts.key));
    }
  }
  if (count > 1 && options.history_start_us) {
    outcome.warnings.push_back(
        fmt::format("{} are both cut by the history window: a row whose partner lies before it finds none. A "
                    "dataset that is "
                    "joined on its whole declared key is read whole",
                    driving));
  }
}

}  // namespace offtake::passes
