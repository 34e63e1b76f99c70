// One source a dataset: places in FROM that name the same dataset share what is decoded. It is windowed only
// if every one of them is.
//
//   sources: orders (a, b) windowed, orders (b, c) whole => orders (a, b, c) whole
#include <fmt/format.h>

#include "controlplane/sql/passes/passes.h"
#include "controlplane/sql/passes/rebuild.h"

namespace offtake::passes {
namespace {

using plan::NodePtr;
using plan::SourceUse;

struct Merger {
  std::vector<int> source;               // new index of each source
  std::vector<std::vector<int>> column;  // by old source: new index of each column

  NodePtr remap(const NodePtr& node) const {
    const auto* scan = std::get_if<plan::Scan>(&node->node);
    if (scan == nullptr) return map_inputs(node, [this](const NodePtr& input) { return remap(input); });
    auto made = std::make_shared<plan::Node>(*node);
    auto& out = std::get<plan::Scan>(made->node);
    const auto old = static_cast<std::size_t>(scan->source);
    out.source = source[old];
    for (int& index : out.columns) index = column[old][static_cast<std::size_t>(index)];
    return made;
  }
};

int place_of(const types::Field& field, std::vector<types::Field>& fields) {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].name == field.name) return static_cast<int>(i);
  }
  fields.push_back(field);
  return static_cast<int>(fields.size()) - 1;
}

}  // namespace

void merge_sources(Draft& draft, const Options& options, Outcome& outcome) {
  std::vector<SourceUse> sources;
  std::vector<SourceFacts> facts;
  Merger merger;
  for (std::size_t i = 0; i < draft.plan.sources.size(); ++i) {
    const SourceUse& use = draft.plan.sources[i];
    std::size_t at = 0;
    while (at < sources.size() &&
           (sources[at].dataset_namespace != use.dataset_namespace || sources[at].dataset != use.dataset)) {
      ++at;
    }
    const bool added = at == sources.size();
    if (added) {
      sources.push_back(use);
      sources.back().columns.clear();
      facts.push_back(draft.facts[i]);
    }
    SourceUse& into = sources[at];
    merger.source.push_back(static_cast<int>(at));
    merger.column.emplace_back();
    for (const types::Field& field : use.columns)
      merger.column.back().push_back(place_of(field, into.columns));
    std::vector<int> key;
    for (int column : draft.facts[i].key)
      key.push_back(merger.column.back()[static_cast<std::size_t>(column)]);
    if (added || facts[at].key.empty()) facts[at].key = key;
    if (added || into.windowed == use.windowed) continue;
    const bool cut = options.history_start_us && !draft.facts[i].event_time && !facts[at].event_time;
    if (cut) {
      outcome.faults.push_back(
          {base::terminal("HistoryNotApplicable",
                          fmt::format("{}.{} is read twice, once cut by the history window and once whole",
                                      use.dataset_namespace, use.dataset))
               .with_hint("declare its event-time column (spec.eventTime), or use history.from: Beginning"),
           -1});
    }
    into.windowed = false;
    into.min_timestamp_ms.reset();
    facts[at].reason += "; also " + draft.facts[i].reason;
  }
  for (std::size_t i = 0; i < sources.size(); ++i) {
    if (sources[i].kind == SourceUse::Kind::kEntity) sources[i].key = facts[i].key;
    if (sources[i].windowed && options.history_start_us) sources[i].event_time = facts[i].event_time;
  }
  draft.plan.root = merger.remap(draft.plan.root);
  draft.plan.sources = std::move(sources);
  draft.facts = std::move(facts);
}

}  // namespace offtake::passes
