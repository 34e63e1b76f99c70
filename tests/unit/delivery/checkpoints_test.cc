// When checkpoints are written: the first at once, then at a distance that bounds what they cost.
#include "operators/delivery/checkpoints.h"

#include <doctest/doctest.h>

#include "operators/engine/state_stream.h"

namespace offtake::delivery {
namespace {

constexpr base::Micros kSecond = 1'000'000;

template <class T>
T must(base::Result<T> result) {
  if (!result) FAIL("unexpected error " << result.error().code << ": " << result.error().text());
  return std::move(result).value();
}

plan::Plan counting_plan() {
  plan::SourceUse orders;
  orders.dataset_namespace = "shop";
  orders.dataset = "orders";
  orders.columns = {{"customer", types::TypeId::kInt8, true}};
  auto scan = std::make_shared<plan::Node>(plan::Node{plan::Scan{0, {0}}, orders.columns});
  plan::AggregateCall count;
  count.type = types::TypeId::kInt8;
  plan::Plan out;
  out.root = std::make_shared<plan::Node>(
      plan::Node{plan::GroupBy{scan, {0}, {count}}, {orders.columns[0], {"n", types::TypeId::kInt8, false}}});
  out.sources = {orders};
  out.identity = {plan::Identity::Kind::kProvedKey, {0}};
  return out;
}

// A live dataflow whose state takes `seconds` to be handed on.
class Slow final : public engine::Dataflow {
 public:
  Slow(const plan::Plan& plan, base::ManualClock& clock)
      : real_(must(engine::Dataflow::build(plan, {}))), clock_(clock) {
    must_finish(real_->finish_bulk([](engine::Changes&&) -> base::Status { return {}; }));
  }
  base::Micros takes = 0;
  base::Status save(engine::StateWriter& out) const override {
    clock_.advance(takes);
    return real_->save(out);
  }
  base::Status restore(engine::StateReader& in) override { return real_->restore(in); }
  base::Status push(int source, const engine::SourceBatch& batch) override {
    return real_->push(source, batch);
  }
  base::Result<engine::Changes> take_stateless() override { return real_->take_stateless(); }
  base::Status finish_bulk(const std::function<base::Status(engine::Changes&&)>& sink) override {
    return real_->finish_bulk(sink);
  }
  base::Result<engine::Changes> step() override { return real_->step(); }
  std::vector<engine::ErrorRow> error_rows(std::size_t limit) const override {
    return real_->error_rows(limit);
  }
  std::vector<engine::KeyViolation> key_violations(std::size_t limit) const override {
    return real_->key_violations(limit);
  }
  bool key_spans_partitions(int source) const override { return real_->key_spans_partitions(source); }
  std::size_t state_bytes() const override { return real_->state_bytes(); }

 private:
  static void must_finish(const base::Status& status) { REQUIRE(status.ok()); }
  std::unique_ptr<engine::Dataflow> real_;
  base::ManualClock& clock_;
};

struct Bench {
  base::ManualClock clock{1'700'000'000 * kSecond};
  files::TempDir folder = must(files::TempDir::make());
  files::Path directory = folder.path() / "checkpoints";
  Progress progress;
  Checkpoints checkpoints{directory, {"uid", "print", "owner", 1, 1}, progress, clock};
  plan::Plan plan = counting_plan();
  Slow dataflow{plan, clock};
  targets::ControlRow control;

  Bench() { control.offsets = {{"shop/orders", {{0, 1}}}}; }
  // Another epoch was committed; how many checkpoints there have been then.
  std::int64_t commit(bool last = false) {
    ++control.epoch;
    ++control.offsets["shop/orders"][0];
    return look(last);
  }
  std::int64_t look(bool last = false) {
    if (last) {
      checkpoints.last(control, control.offsets, dataflow);
    } else {
      checkpoints.committed(control, control.offsets, dataflow);
    }
    checkpoints.wait();
    return progress.read().checkpoints_written;
  }
};

}  // namespace

TEST_CASE("the first is written at once, others half a minute apart, and nothing twice") {
  Bench bench;
  CHECK(bench.commit() == 1);
  CHECK(bench.progress.read().checkpoint_epoch == 1);
  bench.clock.advance(29 * kSecond);
  CHECK(bench.commit() == 1);
  bench.clock.advance(kSecond);
  CHECK(bench.commit() == 2);
  bench.clock.advance(300 * kSecond);
  CHECK(bench.look() == 2);
  CHECK(bench.commit() == 3);
  CHECK(must(bench.checkpoints.store().list()).size() == 2);
}

TEST_CASE("what takes long is done seldom") {
  Bench bench;
  bench.dataflow.takes = 2 * kSecond;  // waited for by an epoch: a part in 200
  CHECK(bench.commit() == 1);
  bench.clock.advance(397 * kSecond);
  CHECK(bench.commit() == 1);
  bench.clock.advance(kSecond);
  CHECK(bench.commit() == 2);
}

TEST_CASE("a drain writes what is new, unless that takes longer than it is waited for") {
  Bench bench;
  CHECK(bench.commit() == 1);
  CHECK(bench.look(true) == 1);
  bench.dataflow.takes = 6 * kSecond;
  CHECK(bench.commit(true) == 2);
  CHECK(bench.commit(true) == 2);
}

TEST_CASE("a restored one is not written again") {
  Bench bench;
  CHECK(bench.commit() == 1);
  Checkpoints other(bench.directory, {"uid", "print", "other", 1, 2}, bench.progress, bench.clock);
  const auto found = must(other.find());
  REQUIRE(found.manifests.size() == 1);
  const auto look = [&](Checkpoints& one) {
    one.committed(bench.control, bench.control.offsets, bench.dataflow);
    one.wait();
    return bench.progress.read().checkpoints_written;
  };
  other.restored(found.manifests[0], bench.control);
  CHECK(look(other) == 1);
  ++bench.control.offsets["shop/orders"][0];
  CHECK(look(other) == 1);
  bench.clock.advance(30 * kSecond);
  CHECK(look(other) == 2);
  // One that had to be rolled forward: what that took is not to be done again.
  Checkpoints behind(bench.directory, {"uid", "print", "behind", 1, 3}, bench.progress, bench.clock);
  behind.restored(found.manifests[0], bench.control);
  CHECK(look(behind) == 3);
}

TEST_CASE("one that cannot be written is counted and tried again later") {
  Bench bench;
  REQUIRE(files::write_file_atomic(bench.directory, "in the way").ok());
  CHECK(bench.commit() == 0);
  CHECK(bench.progress.read().checkpoints_failed == 1);
  bench.clock.advance(59 * kSecond);
  CHECK(bench.commit() == 0);
  CHECK(bench.progress.read().checkpoints_failed == 1);
  REQUIRE(files::remove_file(bench.directory).ok());
  bench.clock.advance(kSecond);
  CHECK(bench.commit() == 1);
}

TEST_CASE("who had the row before is noted, once a change") {
  Bench bench;
  targets::ControlRow found;
  found.owner = "before";
  found.epoch = 12;
  bench.checkpoints.before_takeover(found);
  found.owner = "owner";
  bench.checkpoints.before_takeover(found);
  const auto all = must(bench.checkpoints.find());
  CHECK(all.me == "owner");
  REQUIRE(all.owners.size() == 1);
  CHECK(all.owners[0].owner == "owner");
  CHECK(all.owners[0].previous == "before");
  CHECK(all.owners[0].epoch == 12);
}

}  // namespace offtake::delivery
