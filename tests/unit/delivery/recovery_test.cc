#include "operators/delivery/recovery.h"

#include <doctest/doctest.h>

#include "operators/delivery/tombstones.h"

namespace offtake::delivery {
namespace {

constexpr base::Micros kHour = 3'600'000'000;
constexpr base::Micros kNow = 1'000 * kHour;
const std::string kFingerprint = "f1";

targets::ControlRow live_row() {
  targets::ControlRow row;
  row.fingerprint = kFingerprint;
  row.phase = targets::Phase::kCurrent;
  row.start_offsets = {{"shop/orders", {{0, 10}}}};
  row.offsets = {{"shop/orders", {{0, 100}}}};
  row.logical_time = row.committed_at = kNow - kHour;
  return row;
}

SourceFacts kept_source() {
  SourceFacts source;
  source.dataset = "shop/orders";
  source.bounds[0] = {10, 120, 120};
  return source;
}

SourceFacts compacted_source() {
  SourceFacts source = kept_source();
  source.keeps_tombstones_for_ever = false;
  source.delete_retention_ms = 24 * 3'600'000;
  return source;
}

Recovery decide(const std::optional<targets::ControlRow>& row, bool stateless, const SourceFacts& source,
                std::string* reason = nullptr) {
  const auto decision = decide_recovery(row, stateless, kFingerprint, {source}, kNow);
  if (reason != nullptr) *reason = decision.reason;
  return decision.action;
}

}  // namespace

TEST_CASE("nothing there: a fill") {
  CHECK(decide(std::nullopt, true, kept_source()) == Recovery::kFill);
  CHECK(decide(std::nullopt, false, compacted_source()) == Recovery::kFill);
}

TEST_CASE("a fill that was cut short goes on only without state") {
  auto row = live_row();
  row.phase = targets::Phase::kFilling;
  CHECK(decide(row, true, kept_source()) == Recovery::kResumeFill);
  CHECK(decide(row, false, kept_source()) == Recovery::kFill);
}

TEST_CASE("a live revision") {
  CHECK(decide(live_row(), true, kept_source()) == Recovery::kGoLive);
  CHECK(decide(live_row(), false, kept_source()) == Recovery::kReplay);
  std::string reason;
  CHECK(decide(live_row(), false, compacted_source(), &reason) == Recovery::kRefill);
  CHECK(reason == "StateLost");
}

TEST_CASE("state is lost when the log no longer begins where it was built from") {
  auto source = kept_source();
  source.bounds[0].earliest = 11;
  std::string reason;
  CHECK(decide(live_row(), false, source, &reason) == Recovery::kRefill);
  CHECK(reason == "StateLost");
  // Without state only what was not read yet counts.
  CHECK(decide(live_row(), true, source) == Recovery::kGoLive);
  source.bounds[0].earliest = 101;
  CHECK(decide(live_row(), true, source, &reason) == Recovery::kRefill);
  CHECK(reason == "StateLost");
}

TEST_CASE("a topic that ends before our position was replaced") {
  auto source = kept_source();
  source.bounds[0] = {0, 50, 50};
  std::string reason;
  CHECK(decide(live_row(), true, source, &reason) == Recovery::kRefill);
  CHECK(reason == "SourceReplaced");
  source.bounds.clear();
  CHECK(decide(live_row(), true, source, &reason) == Recovery::kRefill);
  CHECK(reason == "SourceReplaced");
}

TEST_CASE("tombstones that may be gone") {
  auto row = live_row();
  std::string reason;
  row.committed_at = kNow - 24 * kHour;  // an hour of margin
  CHECK(decide(row, true, compacted_source(), &reason) == Recovery::kRefill);
  CHECK(reason == "TombstonesMayBeMissed");
  row.committed_at = kNow - 22 * kHour;
  CHECK(decide(row, true, compacted_source()) == Recovery::kGoLive);
  // It committed until a moment ago, but lagged: what it had read is that old.
  row.committed_at = kNow;
  row.logical_time = kNow - 24 * kHour;
  CHECK(decide(row, true, compacted_source(), &reason) == Recovery::kRefill);
  CHECK(reason == "TombstonesMayBeMissed");
}

TEST_CASE("a reader at work has an hour less than its topic keeps deletions, or half of it") {
  CHECK(tombstone_patience(24 * 3'600'000) == 23 * kHour);
  CHECK(tombstone_patience(2 * 3'600'000) == kHour);
  CHECK(tombstone_patience(60'000) == 30'000'000);
  CHECK(tombstone_patience(0) == 0);
}

TEST_CASE("a partition that the topic grew later was read from its first record") {
  auto row = live_row();
  row.offsets["shop/orders"][1] = 40;
  auto source = kept_source();
  source.bounds[1] = {0, 50, 50};
  CHECK(decide(row, false, source) == Recovery::kReplay);
  source.bounds[1].earliest = 1;
  std::string reason;
  CHECK(decide(row, false, source, &reason) == Recovery::kRefill);
  CHECK(reason == "StateLost");
  CHECK(decide(row, true, source) == Recovery::kGoLive);
}

TEST_CASE("an epoch that was begun changes nothing, but its records must be there") {
  auto row = live_row();
  row.intent = targets::Intent();
  row.intent->offsets = {{"shop/orders", {{0, 110}}}};
  CHECK(decide(row, true, kept_source()) == Recovery::kGoLive);
  CHECK(decide(row, false, kept_source()) == Recovery::kReplay);
  row.intent->offsets["shop/orders"][0] = 130;
  std::string reason;
  CHECK(decide(row, false, kept_source(), &reason) == Recovery::kRefill);
  CHECK(reason == "SourceReplaced");
}

TEST_CASE("another plan's rows are not continued") {
  auto row = live_row();
  row.fingerprint = "f0";
  CHECK(decide(row, true, kept_source()) == Recovery::kRefill);
}

}  // namespace offtake::delivery
