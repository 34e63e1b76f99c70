// What the interface promises beyond the law of its operators.
#include "operators/engine/dataflow.h"

#include <doctest/doctest.h>

#include "tests/unit/engine/feeder.h"
#include "tests/unit/engine/oracle.h"
#include "tests/unit/engine/plan_builder.h"
#include "tests/unit/engine/target_model.h"

namespace offtake::engine::testing {
namespace {

using Kind = plan::Identity::Kind;

std::unique_ptr<Dataflow> build(const plan::Plan& plan, DataflowOptions options = {}) {
  auto made = Dataflow::build(plan, std::move(options));
  REQUIRE(made.ok());
  return std::move(made).value();
}

Record record(int partition, std::int64_t offset, std::int64_t time, std::string identity,
              std::vector<std::optional<std::string>> values) {
  Record out;
  out.partition = partition;
  out.offset = offset;
  out.timestamp_ms = time;
  out.identity = std::move(identity);
  out.tombstone = values.empty();
  out.values = std::move(values);
  return out;
}

base::Status ignore(Changes&&) {
  return {};
}

// Keeps one digit after the point and refuses what is over 100.
struct OneDigit : Image {
  base::Result<types::Batch> apply(const types::Batch& rows, std::vector<Refusal>& refused) const override {
    types::Batch out = rows;
    types::ColumnBuilder builder(types::Type::numeric(4, 1));
    for (std::uint32_t row = 0; row < rows.rows; ++row) {
      auto fitted = types::fit(rows.columns[1]->values<types::Numeric>()[row], 3, 1, builder.arena());
      if (fitted.ok()) {
        builder.append(*fitted);
      } else {
        builder.append_null();
        refused.push_back({row, fitted.error().message});
      }
    }
    out.columns[1] = builder.finish();
    return out;
  }
};

}  // namespace

TEST_CASE("many updates of a key in one epoch are one change, and none when they end where they began") {
  const auto source = entity("stock", "id:integer amount:integer");
  const auto plan = make_plan(scan(source, 0), {source}, Kind::kProvedKey, {0});
  auto dataflow = build(plan);
  Feeder feeder(plan, 1);
  feeder.push(*dataflow, 0, {record(0, 0, 0, "1", {"1", "10"}), record(0, 1, 0, "2", {"2", "20"})});
  REQUIRE(dataflow->finish_bulk(ignore).ok());
  for (int i = 0; i < 10; ++i) {
    feeder.push(*dataflow, 0, {record(0, 10 + i, 0, "1", {"1", std::to_string(i)})});
    feeder.push(*dataflow, 0, {record(0, 30 + i, 0, "2", {"2", i == 9 ? "20" : "0"})});
  }
  auto changes = dataflow->step();
  REQUIRE(changes.ok());
  REQUIRE(changes->upserts.rows == 1);
  CHECK(text_of(changes->upserts, 0) == "1|9");
  CHECK(changes->deletes.rows == 0);
  CHECK(changes->checksum.rows == 0);
  CHECK_FALSE(changes->insert_only());
  changes = dataflow->step();
  REQUIRE(changes.ok());
  CHECK(changes->empty());
}

TEST_CASE("across partitions the later timestamp wins, then the higher partition, in every read order") {
  const auto source = entity("stock", "id:integer amount:integer");
  const auto plan = make_plan(scan(source, 0), {source}, Kind::kProvedKey, {0});
  const std::vector<std::vector<Record>> records = {
      {record(0, 5, 100, "1", {"1", "50"}), record(0, 6, 90, "1", {"1", "60"})},
      {record(1, 0, 90, "1", {"1", "70"})},
      {record(2, 0, 80, "1", {"1", "80"})},
      {record(0, 0, 40, "2", {"2", "1"}), record(0, 1, 50, "2", {})},
      {record(1, 1, 45, "2", {"2", "2"})},
  };
  std::vector<std::size_t> order = {0, 1, 2, 3, 4};
  do {
    auto dataflow = build(plan);
    Feeder feeder(plan, 1);
    TargetModel target(plan);
    for (const std::size_t i : order) {
      feeder.push(*dataflow, 0, records[i]);
      if (i != 2) continue;
      REQUIRE(dataflow
                  ->finish_bulk([&](Changes&& changes) -> base::Status {
                    target.apply(changes);
                    return {};
                  })
                  .ok());
    }
    auto changes = dataflow->step();
    REQUIRE(changes.ok());
    target.apply(*changes);
    CHECK(target.rows() == std::multiset<std::string>{"1|70"});
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST_CASE("rows are equal where their images are, and what the image refuses is an error row") {
  const auto source = entity("prices", "id:integer price:numeric");
  const auto plan = make_plan(scan(source, 0), {source}, Kind::kProvedKey, {0});
  DataflowOptions options;
  options.image = std::make_shared<OneDigit>();
  auto dataflow = build(plan, options);
  Feeder feeder(plan, 1);
  REQUIRE(dataflow->finish_bulk(ignore).ok());
  feeder.push(*dataflow, 0, {record(0, 0, 0, "1", {"1", "10.04"}), record(0, 1, 0, "2", {"2", "500"})});
  auto changes = dataflow->step();
  REQUIRE(changes.ok());
  REQUIRE(changes->upserts.rows == 1);
  CHECK(text_of(changes->upserts, 0) == "1|10.0");
  auto errors = dataflow->error_rows(10);
  REQUIRE(errors.size() == 1);
  CHECK(errors[0].message == "numeric field overflow");
  CHECK(errors[0].operation == "target");
  CHECK(errors[0].row == "id=2, price=500");
  feeder.push(*dataflow, 0, {record(0, 2, 0, "1", {"1", "9.96"}), record(0, 3, 0, "2", {"2", "5"})});
  changes = dataflow->step();
  REQUIRE(changes.ok());
  REQUIRE(changes->upserts.rows == 1);
  CHECK(text_of(changes->upserts, 0) == "2|5.0");
  CHECK(dataflow->error_rows(10).empty());
}

TEST_CASE("error rows of a plan without state say where their record lies") {
  const auto source = event("orders", "id:integer");
  const auto order = scan(source, 0);
  const auto plan = make_plan(project(order, {call("/", {lit("integer", "10"), col(order, 0)})}, {"share"}),
                              {source}, Kind::kPosition);
  auto dataflow = build(plan);
  Feeder feeder(plan, 1);
  feeder.push(*dataflow, 0,
              {record(2, 40, 0, "", {"5"}), record(2, 41, 0, "", {"0"}), record(2, 43, 0, "", {"2"})});
  auto changes = dataflow->take_stateless();
  REQUIRE(changes.ok());
  REQUIRE(changes->upserts.rows == 2);
  CHECK(changes->insert_only());
  REQUIRE(changes->upsert_identity.size() == 3);
  CHECK(changes->upsert_identity[0]->values<std::int32_t>()[1] == 2);
  CHECK(changes->upsert_identity[1]->values<std::int64_t>()[1] == 43);
  CHECK(changes->upsert_identity[2]->values<std::int32_t>()[1] == 0);
  const auto errors = dataflow->error_rows(10);
  REQUIRE(errors.size() == 1);
  CHECK(errors[0].message == "division by zero");
  CHECK(errors[0].operation == "project");
  CHECK(errors[0].row == "id=0");
  CHECK(errors[0].partition == 2);
  CHECK(errors[0].offset == 41);
  CHECK(dataflow->take_stateless()->empty());
}

TEST_CASE("a key that two rows claim is named with both") {
  const auto source = event("orders", "id:integer note:text");
  const auto plan = make_plan(scan(source, 0), {source}, Kind::kWatchedKey, {0});
  auto dataflow = build(plan);
  Feeder feeder(plan, 1);
  feeder.push(
      *dataflow, 0,
      {record(0, 0, 0, "", {"7", "b"}), record(0, 1, 0, "", {"7", "a"}), record(0, 2, 0, "", {"8", "c"}),
       record(0, 3, 0, "", {"8", "c"}), record(0, 4, 0, "", {std::nullopt, "d"})});
  std::size_t rows = 0;
  REQUIRE(dataflow
              ->finish_bulk([&](Changes&& changes) -> base::Status {
                rows += changes.upserts.rows;
                return {};
              })
              .ok());
  CHECK(rows == 1);
  const auto violations = dataflow->key_violations(10);
  REQUIRE(violations.size() == 1);
  CHECK(violations[0].key == "id=7");
  CHECK(violations[0].first == "id=7, note=a");
  CHECK(violations[0].second == "id=7, note=b");
  const auto errors = dataflow->error_rows(10);
  REQUIRE(errors.size() == 1);
  CHECK(errors[0].message == "null value in column \"id\" violates not-null constraint");
}

TEST_CASE("record keys that show one declared key are named with where they lie") {
  const auto source = entity("stock", "id:integer amount:integer");
  const auto plan = make_plan(scan(source, 0), {source}, Kind::kProvedKey, {0});
  auto dataflow = build(plan);
  Feeder feeder(plan, 1);
  std::string seven;
  types::ColumnBuilder key{types::Type(types::TypeId::kInt4)};
  key.append(7);
  types::append_canonical(*key.finish(), 0, seven);
  feeder.push(*dataflow, 0, {record(0, 5, 0, seven, {"7", "1"}), record(1, 3, 0, "x", {"8", "2"})});
  REQUIRE(dataflow->finish_bulk(ignore).ok());
  CHECK(dataflow->key_violations(10).empty());
  feeder.push(*dataflow, 0, {record(1, 4, 0, "x", {"7", "2"})});
  REQUIRE(dataflow->step().ok());
  const auto violations = dataflow->key_violations(10);
  REQUIRE(violations.size() == 1);
  CHECK(violations[0].dataset == "test/stock");
  CHECK(violations[0].key == "id=7");
  CHECK(violations[0].first == "0x0107000000 (partition 0, offset 5)");
  CHECK(violations[0].second == "0x78 (partition 1, offset 4)");
  feeder.push(*dataflow, 0, {record(0, 6, 0, seven, {})});
  auto changes = dataflow->step();
  REQUIRE(changes.ok());
  REQUIRE(changes->upserts.rows == 1);
  CHECK(text_of(changes->upserts, 0) == "7|2");
  CHECK(dataflow->key_violations(10).empty());
}

TEST_CASE("texts of errors and violations hold no classified value") {
  auto source = event("people", "id:integer email:text");
  source.classified = {"email"};
  const auto person = scan(source, 0);
  const auto cast = std::make_shared<const plan::Expression>(
      plan::Expression{plan::Cast{col(person, 1)}, types::Type(types::TypeId::kInt4), true, -1});
  auto plan = make_plan(project(person, {col(person, 0), cast}, {"id", "contact"}), {source}, Kind::kBag);
  auto dataflow = build(plan);
  Feeder feeder(plan, 1);
  feeder.push(*dataflow, 0,
              {record(0, 0, 0, "", {"1", "ann\"@example.com"}), record(0, 1, 0, "", {"2", "5"})});
  REQUIRE(dataflow->finish_bulk(ignore).ok());
  const auto errors = dataflow->error_rows(10);
  REQUIRE(errors.size() == 1);
  CHECK(errors[0].message == "invalid input syntax for type integer: \"•••\"");
  CHECK(errors[0].row == "id=1, email=•••");

  plan = make_plan(project(person, {col(person, 0), col(person, 1)}, {"id", "contact"}), {source},
                   Kind::kWatchedKey, {0});
  dataflow = build(plan);
  feeder.push(*dataflow, 0, {record(0, 2, 0, "", {"7", "ann"}), record(0, 3, 0, "", {"7", "bob"})});
  REQUIRE(dataflow->finish_bulk(ignore).ok());
  auto violations = dataflow->key_violations(10);
  REQUIRE(violations.size() == 1);
  CHECK(violations[0].key == "id=7");
  CHECK(violations[0].first == "id=7, contact=•••");

  auto accounts = entity("accounts", "email:text amount:integer");
  accounts.classified = {"email"};
  const auto keyed = make_plan(scan(accounts, 0), {accounts}, Kind::kProvedKey, {0});
  dataflow = build(keyed);
  Feeder records(keyed, 1);
  records.push(*dataflow, 0, {record(0, 0, 0, "ann", {"ann", "1"}), record(0, 1, 0, "x", {"ann", "2"})});
  REQUIRE(dataflow->finish_bulk(ignore).ok());
  violations = dataflow->key_violations(10);
  REQUIRE(violations.size() == 1);
  CHECK(violations[0].key == "email=•••");
  CHECK(violations[0].first == "••• (partition 0, offset 0)");
}

TEST_CASE("a key in two partitions is told of") {
  const auto source = entity("stock", "id:integer amount:integer");
  const auto plan = make_plan(scan(source, 0), {source}, Kind::kProvedKey, {0});
  auto dataflow = build(plan);
  Feeder feeder(plan, 1);
  feeder.push(*dataflow, 0, {record(0, 0, 0, "1", {"1", "10"}), record(1, 0, 0, "2", {"2", "20"})});
  CHECK_FALSE(dataflow->key_spans_partitions(0));
  feeder.push(*dataflow, 0, {record(1, 1, 0, "1", {"1", "11"})});
  CHECK(dataflow->key_spans_partitions(0));
}

TEST_CASE("sums wider than their type are asked only when they leave") {
  const auto source = entity("stock", "id:integer amount:integer");
  const auto stock = scan(source, 0);
  const auto sum = group(stock, {}, {{plan::Aggregate::kSum, 1}});
  const auto plan = make_plan(sum, {source}, Kind::kProvedKey, {});
  CHECK(sum->output[0].type.id == types::TypeId::kInt8);
  auto dataflow = build(plan);
  REQUIRE(dataflow->finish_bulk(ignore).ok());
  Feeder feeder(plan, 1);
  feeder.push(*dataflow, 0,
              {record(0, 0, 0, "1", {"1", "2147483647"}), record(0, 1, 0, "2", {"2", "2147483647"})});
  auto changes = dataflow->step();
  REQUIRE(changes.ok());
  CHECK(text_of(changes->upserts, 0) == "4294967294");
}

TEST_CASE("beyond the memory limit push says so") {
  const auto source = entity("stock", "id:integer note:text");
  const auto plan = make_plan(scan(source, 0), {source}, Kind::kProvedKey, {0});
  DataflowOptions options;
  options.memory_limit_bytes = 200000;
  auto dataflow = build(plan, options);
  SourceBatch batch;
  types::ColumnBuilder ids{types::Type(types::TypeId::kInt4)};
  types::ColumnBuilder notes{types::Type(types::TypeId::kText)};
  types::ColumnBuilder identity{types::Type(types::TypeId::kBytea)};
  for (int i = 0; i < 5000; ++i) {
    ids.append(i);
    notes.append_text(std::string(100, 'n'));
    identity.append_text(std::to_string(i));
    batch.offsets.push_back(i);
    batch.timestamps_ms.push_back(0);
  }
  batch.rows.rows = 5000;
  batch.rows.columns = {ids.finish(), notes.finish()};
  batch.identity = identity.finish();
  batch.tombstone.assign(5000, 0);
  const auto status = dataflow->push(0, batch);
  REQUIRE_FALSE(status.ok());
  CHECK(status.error().code == "MemoryExceeded");
  CHECK(status.error().retry == base::Retry::kTransient);
  CHECK(dataflow->state_bytes() > 500000);
}

TEST_CASE("plans that cannot run are refused") {
  const auto source = event("orders", "id:integer");
  const auto order = scan(source, 0);
  const auto refused = [](const plan::Plan& plan) {
    auto made = Dataflow::build(plan, {});
    return !made.ok() && made.error().code == "BadPlan";
  };
  CHECK(refused(plan::Plan{}));
  CHECK(refused(make_plan(order, {source}, Kind::kWatchedKey, {})));
  CHECK(refused(make_plan(order, {source}, Kind::kWatchedKey, {4})));
  auto no_source = make_plan(order, {source}, Kind::kBag);
  no_source.sources.clear();
  CHECK(refused(no_source));
  CHECK(refused(make_plan(group(order, {0}, {}), {source}, Kind::kPosition)));
  CHECK(refused(
      make_plan(filter(order, call("=", {plan::column(3, types::TypeId::kInt4, true), lit("integer", "1")})),
                {source}, Kind::kBag)));
}

}  // namespace offtake::engine::testing
