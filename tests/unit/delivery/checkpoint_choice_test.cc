// Which checkpoint is restored, and why others are thrown away: the pure decision.
#include "operators/delivery/checkpoint_choice.h"

#include <doctest/doctest.h>

#include "operators/engine/state_stream.h"

namespace offtake::delivery {
namespace {

constexpr base::Micros kHour = 3'600'000'000;
constexpr base::Micros kNow = 1'000 * kHour;

targets::ControlRow control_row() {
  targets::ControlRow row;
  row.product_uid = "uid";
  row.revision = 3;
  row.fingerprint = "f1";
  row.owner = "me";
  row.phase = targets::Phase::kCurrent;
  row.epoch = 50;
  row.start_offsets = {{"shop/orders", {{0, 10}}}};
  row.offsets = {{"shop/orders", {{0, 100}}}};
  row.content = {7, 77};
  row.logical_time = row.committed_at = kNow - kHour;
  return row;
}

CheckpointManifest checkpoint(std::int64_t epoch = 40, sources::Offset offset = 80) {
  CheckpointManifest out;
  out.name = std::to_string(epoch);
  out.state_format = engine::kStateFormat;
  out.product_uid = "uid";
  out.revision = 3;
  out.fingerprint = "f1";
  out.owner = "before";
  out.epoch = epoch;
  out.offsets = {{"shop/orders", {{0, offset}}}};
  out.content = {5, 55};
  out.logical_time = out.written_at = kNow - 2 * kHour;
  return out;
}

SourceFacts source(bool compacted = false) {
  SourceFacts out;
  out.dataset = "shop/orders";
  out.bounds[0] = {10, 120, 120};
  out.keeps_tombstones_for_ever = !compacted;
  out.delete_retention_ms = compacted ? 24 * 3'600'000 : 0;
  return out;
}

CheckpointsFound found(std::vector<CheckpointManifest> manifests) {
  return {std::move(manifests), {{"before", "long before", 30}, {"me", "before", 50}}, "me"};
}

std::string why(const CheckpointManifest& one, const targets::ControlRow& control = control_row(),
                const SourceFacts& facts = source()) {
  return why_unusable(one, control, "f1", {facts}, found({one}), kNow);
}

}  // namespace

TEST_CASE("the newest usable checkpoint is restored, over compacted topics too") {
  for (const bool compacted : {false, true}) {
    const auto decision = decide_recovery(control_row(), false, "f1", {source(compacted)}, kNow,
                                          found({checkpoint(60, 90), checkpoint(45, 90), checkpoint()}));
    CHECK(decision.action == Recovery::kRestore);
    CHECK(decision.checkpoint.epoch == 45);
    // The older good one is kept: it is used if the newer turns out to be damaged.
    REQUIRE(decision.rejected.size() == 1);
    CHECK(decision.rejected[0].name == "60");
    CHECK(decision.rejected[0].why.starts_with("ahead"));
  }
}

TEST_CASE("without a usable checkpoint it is as it was: replay, or a refill where that cannot be done") {
  auto other = checkpoint();
  other.fingerprint = "f0";
  auto decision = decide_recovery(control_row(), false, "f1", {source()}, kNow, found({other}));
  CHECK(decision.action == Recovery::kReplay);
  CHECK(decision.rejected.size() == 1);
  decision = decide_recovery(control_row(), false, "f1", {source(true)}, kNow, found({other}));
  CHECK(decision.action == Recovery::kRefill);
  CHECK(decision.reason == "StateLost");
  CHECK(decision.rejected.size() == 1);
  CHECK(decide_recovery(control_row(), false, "f1", {source()}, kNow).action == Recovery::kReplay);
  CHECK(decide_recovery(control_row(), true, "f1", {source()}, kNow).action == Recovery::kGoLive);
}

TEST_CASE("a fill begins without any, whatever there is") {
  auto row = control_row();
  row.phase = targets::Phase::kFilling;
  for (const auto& control : {std::optional(row), std::optional<targets::ControlRow>()}) {
    const auto decision = decide_recovery(control, false, "f1", {source()}, kNow, found({checkpoint()}));
    CHECK(decision.action == Recovery::kFill);
    CHECK(decision.rejected.size() == 1);
  }
}

TEST_CASE("deletions that were not read for too long need a refill, checkpoint or not") {
  auto row = control_row();
  row.logical_time = row.committed_at = kNow - 24 * kHour;
  const auto decision = decide_recovery(row, false, "f1", {source(true)}, kNow, found({checkpoint(50, 100)}));
  CHECK(decision.action == Recovery::kRefill);
  CHECK(decision.reason == "TombstonesMayBeMissed");
}

TEST_CASE("torn, of another format, foreign") {
  CHECK(why(checkpoint()) == "");
  auto bad = checkpoint();
  bad.damage = "it has no manifest";
  CHECK(why(bad).starts_with("torn or damaged"));
  bad = checkpoint();
  ++bad.state_format;
  CHECK(why(bad).find("format") != std::string::npos);
  for (const auto spoil :
       {+[](CheckpointManifest& c) { c.product_uid = "other"; },
        +[](CheckpointManifest& c) { c.revision = 2; }, +[](CheckpointManifest& c) { c.fingerprint = "f2"; },
        +[](CheckpointManifest& c) { c.owner = "stranger"; }}) {
    bad = checkpoint();
    spoil(bad);
    CHECK(why(bad).starts_with("foreign"));
  }
}

TEST_CASE("ahead of the control row, which went back") {
  CHECK(why(checkpoint(51, 100)).starts_with("ahead"));
  CHECK(why(checkpoint(50, 101)).starts_with("ahead"));
  auto grown = checkpoint();
  grown.offsets["shop/orders"][1] = 4;
  CHECK(why(grown).starts_with("ahead"));
  // At the very place, and yet not the same: of a history that was undone.
  CHECK(why(checkpoint(50, 100)).starts_with("foreign"));
  auto same = checkpoint(50, 100);
  same.content = control_row().content;
  CHECK(why(same) == "");
}

TEST_CASE("the history of owners") {
  const auto last = [](const std::string& owner, std::int64_t epoch, std::vector<OwnerChange> owners) {
    auto one = checkpoint(epoch);
    one.owner = owner;
    CheckpointsFound all{{one}, std::move(owners), "me"};
    return why_unusable(one, control_row(), "f1", {source()}, all, kNow);
  };
  CHECK(last("me", 50, {}) == "");
  CHECK(last("before", 50, {}).starts_with("foreign"));
  CHECK(last("before", 50, {{"me", "before", 50}}) == "");
  CHECK(last("long before", 30, {{"before", "long before", 30}, {"me", "before", 50}}) == "");
  // It went on after it had lost the row.
  CHECK(
      last("long before", 31, {{"before", "long before", 30}, {"me", "before", 50}}).starts_with("foreign"));
  // Somebody of whom nothing is known here had the row in between.
  CHECK(last("long before", 30, {{"before", "long before", 30}, {"me", "stranger", 50}})
            .starts_with("foreign"));
  // The row went back to epoch 20 of an owner before, and was taken over again.
  const std::vector<OwnerChange> back = {
      {"before", "long before", 10}, {"me", "before", 40}, {"me", "before", 20}};
  CHECK(last("before", 20, back) == "");
  CHECK(last("before", 21, back).starts_with("foreign"));
}

TEST_CASE("the way from the checkpoint to the control row must still be there") {
  auto facts = source();
  facts.bounds[0].earliest = 80;
  CHECK(why(checkpoint(), control_row(), facts) == "");
  facts.bounds[0].earliest = 81;
  CHECK(why(checkpoint(), control_row(), facts).starts_with("too old"));
  // Nothing is to be read of it.
  auto same = checkpoint(50, 100);
  same.content = control_row().content;
  CHECK(why(same, control_row(), facts) == "");
  // A partition that came later is read from its first record.
  auto row = control_row();
  row.offsets["shop/orders"][1] = 5;
  facts = source();
  facts.bounds[1] = {0, 5, 5};
  CHECK(why(checkpoint(), row, facts) == "");
  facts.bounds[1].earliest = 1;
  CHECK(why(checkpoint(), row, facts).starts_with("too old"));
}

TEST_CASE("deletions that came after the checkpoint must still be there") {
  const auto compacted = source(true);
  auto old = checkpoint();
  CHECK(why(old, control_row(), compacted) == "");
  old.logical_time = kNow - 24 * kHour;
  CHECK(why(old, control_row(), compacted).starts_with("too old"));
  CHECK(why(old, control_row(), source()) == "");
  // A quiet topic: there is nothing after it.
  old.epoch = 40;
  old.offsets = control_row().offsets;
  old.content = control_row().content;
  CHECK(why(old, control_row(), compacted) == "");
}

}  // namespace offtake::delivery
