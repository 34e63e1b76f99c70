#include "controlplane/reconcile/data_product/decide.h"

#include <doctest/doctest.h>

namespace offtake::reconcile {
namespace {

RevisionFacts revision(int number, const std::string& hash, std::optional<targets::Phase> phase,
                       bool running = true) {
  RevisionFacts out;
  out.number = number;
  out.spec_hash = hash;
  if (phase) {
    out.control.emplace();
    out.control->revision = number;
    out.control->phase = *phase;
  }
  out.worker.running = running;
  return out;
}

void ended(RevisionFacts& facts, worker::Exit exit, const std::string& reason) {
  facts.worker.running = false;
  facts.worker.status.emplace();
  facts.worker.status->exit = exit;
  facts.worker.status->exit_reason = reason;
}

Facts facts(std::vector<RevisionFacts> revisions, const std::string& desired = "b") {
  Facts out;
  out.desired_hash = desired;
  out.controls_known = true;
  out.revisions = std::move(revisions);
  out.now = 1'000'000'000;
  return out;
}

using targets::Phase;

}  // namespace

TEST_CASE("the first revision starts once the target has been asked") {
  Facts nothing = facts({});
  CHECK(decide(nothing).start == 1);
  nothing.controls_known = false;
  CHECK_FALSE(decide(nothing).start);
}

TEST_CASE("a live product of the present spec just runs") {
  const auto decision = decide(facts({revision(1, "b", Phase::kCurrent)}));
  CHECK_FALSE(decision.start);
  CHECK(decision.run == std::vector<int>{1});
  CHECK(decision.discard.empty());
}

TEST_CASE("an edit fills the next revision beside the one that serves") {
  const auto decision = decide(facts({revision(1, "a", Phase::kCurrent)}));
  CHECK(decision.start == 2);
  CHECK(decision.run == std::vector<int>{1});
  CHECK(decision.discard.empty());
}

TEST_CASE("after the swap the earlier one is dropped") {
  const auto decision = decide(facts({revision(1, "a", Phase::kFenced), revision(2, "b", Phase::kCurrent)}));
  CHECK(decision.run == std::vector<int>{2});
  CHECK(decision.discard == std::vector<int>{1});
}

TEST_CASE("a second edit supersedes what was filling; starting drops it") {
  const auto decision = decide(facts({revision(1, "a", Phase::kCurrent), revision(2, "x", Phase::kFilling)}));
  CHECK(decision.start == 3);
  CHECK(decision.run == std::vector<int>{1});
  // The superseded one is dropped by the start itself, so that a draft that fails leaves it alone.
  CHECK(decision.discard.empty());
}

TEST_CASE("an edit taken back while it was filling costs nothing") {
  const auto decision = decide(facts({revision(1, "b", Phase::kCurrent), revision(2, "x", Phase::kFilling)}));
  CHECK_FALSE(decision.start);
  CHECK(decision.run == std::vector<int>{1});
  CHECK(decision.discard == std::vector<int>{2});
}

TEST_CASE("a revision that was fenced is not gone on with, though its spec is wanted again") {
  auto decision = decide(facts({revision(1, "a", Phase::kCurrent), revision(2, "b", Phase::kFenced)}));
  CHECK(decision.start == 3);
  CHECK(decision.run == std::vector<int>{1});
  // Its successor's start drops it; once that is there, it goes like every other.
  decision = decide(facts({revision(1, "a", Phase::kCurrent), revision(2, "b", Phase::kFenced),
                           revision(3, "b", Phase::kFilling)}));
  CHECK_FALSE(decision.start);
  CHECK(decision.run == std::vector<int>{1, 3});
  CHECK(decision.discard == std::vector<int>{2});
  // Nothing else to show: the same.
  CHECK(decide(facts({revision(1, "b", Phase::kFenced, false)})).start == 2);
}

TEST_CASE("lost state is filled anew beside the old table") {
  auto lost = revision(1, "b", Phase::kCurrent);
  ended(lost, worker::Exit::kTerminal, "StateLost");
  const auto decision = decide(facts({lost}));
  CHECK(decision.start == 2);
  CHECK(decision.discard.empty());
}

TEST_CASE("a replaced source waits for the user") {
  auto replaced = revision(1, "b", Phase::kCurrent);
  ended(replaced, worker::Exit::kTerminal, "SourceReplaced");
  CHECK_FALSE(decide(facts({replaced})).start);
}

TEST_CASE("a failed verification is repeated after a pause only") {
  auto failed = revision(1, "b", Phase::kFilling);
  ended(failed, worker::Exit::kTerminal, "VerificationFailed");
  auto now = facts({failed});
  now.revisions[0].worker.status->written = now.now - 1'000'000;
  CHECK_FALSE(decide(now).start);
  now.revisions[0].worker.status->written = now.now - 20'000'000;
  CHECK(decide(now).start == 2);
}

TEST_CASE("without the target's word nothing begins and nothing is dropped") {
  auto unknown = facts({revision(1, "a", std::nullopt), revision(2, "b", std::nullopt)});
  unknown.controls_known = false;
  const auto decision = decide(unknown);
  CHECK_FALSE(decision.start);
  CHECK(decision.discard.empty());
  CHECK(decision.run == std::vector<int>{1, 2});
}

TEST_CASE("paused, or access withdrawn: everything stops and stays") {
  auto paused = facts({revision(1, "b", Phase::kCurrent)});
  paused.product.spec.paused = true;
  CHECK(decide(paused).stop == std::vector<int>{1});
  CHECK(decide(paused).discard.empty());
  auto denied = facts({revision(1, "b", Phase::kCurrent)});
  denied.access = base::terminal("AccessDenied", "no");
  CHECK(decide(denied).stop == std::vector<int>{1});
}

TEST_CASE("a refill takes over its predecessor's plan; an edit is planned anew") {
  auto lost = revision(1, "b", Phase::kCurrent);
  ended(lost, worker::Exit::kTerminal, "StateLost");
  CHECK(decide(facts({lost})).refill_of == 1);
  CHECK_FALSE(decide(facts({revision(1, "a", Phase::kCurrent)})).refill_of);
  CHECK_FALSE(decide(facts({})).refill_of);
}

TEST_CASE(
    "a replaced source that the user edits is fenced for its successor, and its table stays until then") {
  auto replaced = revision(1, "a", Phase::kCurrent);
  ended(replaced, worker::Exit::kTerminal, "SourceReplaced");
  const auto edited = decide(facts({replaced}));
  CHECK(edited.start == 2);
  CHECK(edited.fence == 1);
  CHECK(edited.discard.empty());
  // Found replaced only when the successor is filling already, as after a restart of the server.
  const auto late = decide(facts({replaced, revision(2, "b", Phase::kFilling)}));
  CHECK_FALSE(late.start);
  CHECK(late.fence == 1);
  CHECK(late.run == std::vector<int>{2});
  CHECK(late.discard.empty());
  const auto fenced = decide(facts({revision(1, "a", Phase::kFenced), revision(2, "b", Phase::kFilling)}));
  CHECK_FALSE(fenced.start);
  CHECK(fenced.run == std::vector<int>{2});
  CHECK(fenced.discard.empty());
  const auto swapped = decide(facts({revision(1, "a", Phase::kFenced), revision(2, "b", Phase::kCurrent)}));
  CHECK(swapped.discard == std::vector<int>{1});
}

TEST_CASE("a fenced revision is never run again") {
  const auto alone = decide(facts({revision(1, "b", Phase::kFenced)}));
  CHECK(alone.start == 2);
  CHECK(alone.refill_of == 1);
  CHECK(alone.run.empty());
  CHECK_FALSE(alone.supersedes);
}

TEST_CASE("what was never published goes when its successor begins") {
  const auto decision = decide(facts({revision(1, "a", Phase::kCurrent), revision(2, "x", Phase::kFilling)}));
  CHECK(decision.supersedes == 2);
}

TEST_CASE("a revision that hands over is kept as it is until its successor is published") {
  // The successor ends it.
  auto decision =
      decide(facts({revision(1, "a", Phase::kHandingOver), revision(2, "b", Phase::kCatchingUp)}));
  CHECK_FALSE(decision.start);
  CHECK(decision.run == std::vector<int>{2});
  CHECK(decision.discard.empty());
  CHECK(decision.stop.empty());
  // Published: it goes, whether or not its control row was fenced in time.
  decision = decide(facts({revision(1, "a", Phase::kHandingOver), revision(2, "b", Phase::kCurrent)}));
  CHECK(decision.run == std::vector<int>{2});
  CHECK(decision.discard == std::vector<int>{1});
}

TEST_CASE("when the successor is given up, the next one takes over from who stands still") {
  // Edited again in the middle of it.
  auto decision =
      decide(facts({revision(1, "a", Phase::kHandingOver), revision(2, "x", Phase::kCatchingUp)}));
  CHECK(decision.start == 3);
  CHECK(decision.supersedes == 2);
  CHECK(decision.run.empty());
  CHECK(decision.discard.empty());
  // Taken back: the first cannot be fed again, so its spec is filled anew.
  decision = decide(facts({revision(1, "b", Phase::kHandingOver), revision(2, "x", Phase::kCatchingUp)}));
  CHECK(decision.start == 3);
  CHECK(decision.supersedes == 2);
  CHECK(decision.discard.empty());
  // The successor is gone already, its number with it.
  decision = decide(facts({revision(1, "b", Phase::kHandingOver, false)}));
  CHECK(decision.start == 2);
  CHECK(decision.refill_of == 1);
  CHECK_FALSE(decision.supersedes);
  decision = decide(facts({revision(1, "a", Phase::kHandingOver, false)}));
  CHECK(decision.start == 2);
  CHECK_FALSE(decision.refill_of);
  CHECK(decision.discard.empty());
  // Fenced for good, and the third is on its way: the second goes, readers never saw it.
  decision = decide(facts({revision(1, "a", Phase::kHandingOver), revision(2, "x", Phase::kFenced),
                           revision(3, "b", Phase::kFilling)}));
  CHECK_FALSE(decision.start);
  CHECK(decision.run == std::vector<int>{3});
  CHECK(decision.discard == std::vector<int>{2});
  decision = decide(facts({revision(1, "a", Phase::kHandingOver), revision(2, "b", Phase::kFenced)}));
  CHECK(decision.start == 3);
  CHECK(decision.supersedes == 2);
}

TEST_CASE("who hands over is what readers see") {
  auto now = facts({revision(1, "a", Phase::kHandingOver), revision(2, "b", Phase::kCatchingUp)});
  CHECK(now.current() == nullptr);
  CHECK(now.left_behind()->number == 1);
  now = facts({revision(1, "a", Phase::kHandingOver), revision(2, "b", Phase::kCurrent)});
  CHECK(now.left_behind() == nullptr);
}

TEST_CASE("job files that are not understood: nothing is begun and nothing dropped") {
  auto unknown = facts({revision(1, "", Phase::kCurrent)});
  unknown.orders = base::terminal("JobFormat", "of another version");
  const auto decision = decide(unknown);
  CHECK_FALSE(decision.start);
  CHECK(decision.run.empty());
  CHECK(decision.stop.empty());
  CHECK(decision.discard.empty());
}

}  // namespace offtake::reconcile
