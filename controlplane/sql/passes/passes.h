// The optimiser's passes. All are pure and total; thread-safe.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "operators/plan/plan.h"

namespace offtake::passes {

// What is known of a source beyond plan::SourceUse. While plans are optimised there is a source for each
// place in FROM; merge_sources makes it one a dataset.
struct SourceFacts {
  std::string alias;
  std::vector<int> key;           // the declared key: indexes of SourceUse::columns
  std::optional<int> event_time;  // likewise
  std::string reason;             // set by classify: why it is windowed or whole
};

struct Draft {
  plan::Plan plan;
  std::vector<SourceFacts> facts;  // as plan.sources
};

struct Options {
  std::optional<std::int64_t> history_start_us;
  std::optional<std::vector<std::string>> declared_key;
};

struct Fault {
  base::Error error;  // without location
  int position = -1;  // byte in the SQL
};

struct Outcome {
  std::vector<std::string> warnings;
  std::vector<Fault> faults;
  std::vector<std::pair<std::string, std::string>> steps;
};

// Runs all passes in their order.
void optimize(Draft& draft, const Options& options, Outcome& outcome);

void classify(Draft& draft, const Options& options, Outcome& outcome);
void apply_history(Draft& draft, std::int64_t start_us, Outcome& outcome);
plan::NodePtr fold(const plan::NodePtr& root, Outcome& outcome);
plan::NodePtr push_filters(const plan::NodePtr& root);
plan::NodePtr merge_projects(const plan::NodePtr& root);
void prune(Draft& draft);
void merge_sources(Draft& draft, const Options& options, Outcome& outcome);
void choose_identity(Draft& draft, const Options& options, Outcome& outcome);

}  // namespace offtake::passes
