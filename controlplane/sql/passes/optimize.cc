#include "controlplane/sql/passes/passes.h"

namespace offtake::passes {
namespace {

// Keeps the plan after each pass that changed it.
class Recorder {
 public:
  Recorder(const Draft& draft, Outcome& outcome)
      : draft_(draft), outcome_(outcome), last_(explain(draft.plan)) {
    outcome_.steps.emplace_back("bound", last_);
  }
  bool after(const char* pass) {
    std::string now = explain(draft_.plan);
    if (now == last_) return false;
    outcome_.steps.emplace_back(pass, now);
    last_ = std::move(now);
    return true;
  }

 private:
  const Draft& draft_;
  Outcome& outcome_;
  std::string last_;
};

constexpr int kMaxRounds = 8;

}  // namespace

void optimize(Draft& draft, const Options& options, Outcome& outcome) {
  Recorder recorder(draft, outcome);
  classify(draft, options, outcome);
  recorder.after("classify");
  if (options.history_start_us) {
    apply_history(draft, *options.history_start_us, outcome);
    recorder.after("history");
  }
  bool changed = true;
  for (int round = 0; changed && round < kMaxRounds; ++round) {
    changed = false;
    draft.plan.root = fold(draft.plan.root, outcome);
    changed = recorder.after("fold") || changed;
    draft.plan.root = push_filters(draft.plan.root);
    changed = recorder.after("push_filters") || changed;
    draft.plan.root = merge_projects(draft.plan.root);
    changed = recorder.after("merge_projects") || changed;
  }
  prune(draft);
  recorder.after("prune");
  draft.plan.root = merge_projects(draft.plan.root);
  recorder.after("merge_projects");
  merge_sources(draft, options, outcome);
  recorder.after("merge_sources");
  choose_identity(draft, options, outcome);
  recorder.after("identity");
}

}  // namespace offtake::passes
