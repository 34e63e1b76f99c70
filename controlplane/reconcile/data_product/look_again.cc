#include "controlplane/reconcile/data_product/look_again.h"

#include "base/retry.h"
#include "controlplane/reconcile/data_product/conditions.h"

namespace offtake::reconcile {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kMoving = 500ms;
constexpr std::chrono::milliseconds kSettled = 2s;
constexpr std::chrono::milliseconds kAtRest = 60s;
constexpr base::Backoff kTargetAway{1s, 15s, 2.0};

// Paused, and nothing runs: only a change brings anything about.
bool is_at_rest(const Facts& facts) {
  return facts.product.paused() && !facts.provision &&
         std::none_of(facts.revisions.begin(), facts.revisions.end(),
                      [](const RevisionFacts& revision) { return revision.worker.running; });
}

}  // namespace

bool target_is_away(const Facts& facts) {
  return facts.provision && facts.provision->retry == base::Retry::kTransient;
}

std::chrono::milliseconds look_again_after(const Facts& facts, int failures, std::uint64_t random) {
  if (target_is_away(facts)) return base::backoff_delay(kTargetAway, failures, random);
  if (is_at_rest(facts)) return kAtRest;
  return is_settled(facts) ? kSettled : kMoving;
}

}  // namespace offtake::reconcile
