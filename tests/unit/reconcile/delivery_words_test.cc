// What only a worker knows, in the words of the conditions.
#include <doctest/doctest.h>

#include "controlplane/reconcile/data_product/conditions.h"

namespace offtake::reconcile {
namespace {

Facts filled(targets::Phase phase) {
  Facts facts;
  facts.desired_hash = "a";
  facts.controls_known = true;
  facts.now = 1'000'000'000;
  RevisionFacts revision;
  revision.number = 1;
  revision.spec_hash = "a";
  revision.control.emplace();
  revision.control->phase = phase;
  revision.worker.running = true;
  revision.worker.status.emplace();
  revision.worker.status->progress.state = delivery::State::kCatchingUp;
  facts.revisions.push_back(revision);
  return facts;
}

const resources::Condition& condition_of(const resources::DataProductStatus& status, std::string_view type) {
  const auto* found = resources::find_condition(status.conditions, type);
  REQUIRE(found != nullptr);
  return *found;
}

}  // namespace

TEST_CASE("who keeps the swap from its lock is named") {
  Facts facts = filled(targets::Phase::kCatchingUp);
  facts.revisions[0].worker.status->progress.swap_blocked_by = "pid 4711 of reader: SELECT 1";
  const auto status = report(facts, 1);
  for (const auto type : {resources::condition::kReady, resources::condition::kBackfilled}) {
    const auto& condition = condition_of(status, type);
    CHECK(condition.status == resources::Truth::kFalse);
    CHECK(condition.message.find("pid 4711 of reader: SELECT 1") != std::string::npos);
  }
}

TEST_CASE("history that the sources did not have any more is said, and remembered over a new worker") {
  Facts facts = filled(targets::Phase::kCurrent);
  facts.revisions[0].worker.status->progress.warnings = {
      "something else", "HistoryTruncated: shop/orders partition 0 begins at offset 7"};
  facts.product.status = report(facts, 1);
  const std::string said =
      "The history asked for is in the target. HistoryTruncated: shop/orders partition 0 begins at offset 7.";
  CHECK(condition_of(facts.product.status, resources::condition::kBackfilled).message == said);
  facts.revisions[0].worker.status->progress.warnings.clear();
  CHECK(condition_of(report(facts, 1), resources::condition::kBackfilled).message == said);
  // Another spec is another history.
  ++facts.product.metadata.generation;
  CHECK(condition_of(report(facts, 1), resources::condition::kBackfilled).message ==
        "The history asked for is in the target.");
}

}  // namespace offtake::reconcile
