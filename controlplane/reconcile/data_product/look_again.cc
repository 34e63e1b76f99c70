#include "controlplane/reconcile/data_product/look_again.h"

#include "base/retry.h"
#include "controlplane/reconcile/data_product/conditions.h"

namespace offtake::reconcile {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kMoving = 500ms;
constexpr std::chrono::milliseconds kSettled = 2s;
constexpr base::Backoff kTargetAway{1s, 15s, 2.0};

}  // namespace

bool target_is_away(const Facts& facts) {
  return facts.provision && facts.provision->retry == base::Retry::kTransient;
}

std::chrono::milliseconds look_again_after(const Facts& facts, int failures, std::uint64_t random) {
  if (target_is_away(facts)) return base::backoff_delay(kTargetAway, failures, random);
  return is_settled(facts) ? kSettled : kMoving;
}

}  // namespace offtake::reconcile
