// The law of every operator: the sum of its incremental outputs over any split of the input into batches and
// epochs equals the query over the sum of the inputs; and a dataflow that was saved and restored between
// epochs goes on as if nothing had been (restarting.h).
#include <doctest/doctest.h>

#include "tests/unit/engine/feeder.h"
#include "tests/unit/engine/oracle.h"
#include "tests/unit/engine/plan_builder.h"
#include "tests/unit/engine/restarting.h"
#include "tests/unit/engine/target_model.h"

namespace offtake::engine::testing {
namespace {

using Kind = plan::Identity::Kind;
using plan::Aggregate;
using plan::JoinKind;

// What a target shows of a relation: all of it, or for a watched key the rows whose key one distinct row
// claims.
std::multiset<std::string> shown(const plan::Plan& plan, const types::Batch& rows, std::size_t& violated,
                                 std::size_t& null_keys) {
  std::multiset<std::string> out;
  if (plan.identity.kind != Kind::kWatchedKey) {
    for (std::size_t row = 0; row < rows.rows; ++row) out.insert(text_of(rows, row));
    return out;
  }
  std::map<std::string, std::set<std::string>> claims;
  for (std::size_t row = 0; row < rows.rows; ++row) {
    bool null_key = false;
    for (const int column : plan.identity.key) {
      null_key = null_key || rows.columns[static_cast<std::size_t>(column)]->is_null(row);
    }
    null_keys += null_key ? 1 : 0;
    if (null_key) continue;
    std::string key;
    types::append_canonical_row(rows, plan.identity.key, row, key);
    claims[key].insert(text_of(rows, row));
  }
  for (const auto& [key, texts] : claims) {
    if (texts.size() == 1) {
      out.insert(*texts.begin());
    } else {
      ++violated;
    }
  }
  return out;
}

// What is in one and not in the other, a line a row.
std::string difference(const std::multiset<std::string>& target, const std::multiset<std::string>& expected) {
  std::vector<std::string> rows;
  std::set_difference(target.begin(), target.end(), expected.begin(), expected.end(),
                      std::back_inserter(rows));
  std::string out;
  for (const std::string& row : rows) out += "too much: " + row + "\n";
  rows.clear();
  std::set_difference(expected.begin(), expected.end(), target.begin(), target.end(),
                      std::back_inserter(rows));
  for (const std::string& row : rows) out += "missing: " + row + "\n";
  return out;
}

std::size_t total(const std::vector<ErrorRow>& errors) {
  std::int64_t sum = 0;
  for (const ErrorRow& error : errors) {
    CHECK(error.weight > 0);
    sum += error.weight;
  }
  return static_cast<std::size_t>(sum);
}

void check_against_oracle(const plan::Plan& plan, const Feeder& feeder, const Dataflow& dataflow,
                          const TargetModel& target) {
  const Relation relation = evaluate(plan, feeder.relations());
  std::size_t violated = 0;
  std::size_t null_keys = 0;
  CHECK(difference(target.rows(), shown(plan, relation.rows, violated, null_keys)) == "");
  CHECK(dataflow.key_violations(1000).size() == violated + feeder.violated_keys());
  CHECK(total(dataflow.error_rows(100000)) == relation.errors + null_keys);
}

void check_law(const plan::Plan& plan, unsigned seeds = 25) {
  for (unsigned seed = 1; seed <= seeds; ++seed) {
    CAPTURE(seed);
    Feeder feeder(plan, seed);
    Restarting dataflow(plan);
    TargetModel target(plan, true);
    feeder.push_random(dataflow, feeder.random()() % 60);
    if (plan.identity.kind == Kind::kPosition) {
      auto changes = dataflow.take_stateless();
      REQUIRE(changes.ok());
      target.apply(*changes);
    }
    REQUIRE(dataflow
                .finish_bulk([&](Changes&& changes) -> base::Status {
                  CHECK(changes.insert_only());
                  target.apply(changes);
                  return {};
                })
                .ok());
    check_against_oracle(plan, feeder, dataflow, target);
    for (int epoch = 0; epoch < 8; ++epoch) {
      if (seed % 5 == 0 || epoch == static_cast<int>(seed % 8)) dataflow.restart();
      feeder.push_random(dataflow, feeder.random()() % 30);
      auto changes = dataflow.step();
      REQUIRE(changes.ok());
      target.apply(*changes);
      check_against_oracle(plan, feeder, dataflow, target);
      for (std::size_t source = 0; source < plan.sources.size(); ++source) {
        dataflow.key_spans_partitions(static_cast<int>(source));
      }
    }
    CHECK(dataflow.restarts() > 0);
  }
}

const std::string kOrders = "id:bigint customer:integer amount:numeric note:text";
const std::string kCustomers = "id:integer city:text level:numeric";

struct Shop {
  plan::SourceUse orders = event("orders", kOrders);
  plan::SourceUse customers = entity("customers", kCustomers);
  std::vector<plan::SourceUse> sources{orders, customers};
  plan::NodePtr order = scan(orders, 0);
  plan::NodePtr customer = scan(customers, 1);
};

}  // namespace

TEST_CASE("scan of events and of entities") {
  Shop shop;
  check_law(make_plan(shop.order, {shop.orders}, Kind::kBag));
  check_law(make_plan(shop.order, {shop.orders}, Kind::kPosition));
  const auto customers = entity("customers", kCustomers);
  check_law(make_plan(scan(customers, 0), {customers}, Kind::kProvedKey, {0}));
  check_law(make_plan(scan(customers, 0), {customers}, Kind::kBag));
}

TEST_CASE("filter and project, with rows in error") {
  Shop shop;
  const auto positive = filter(shop.order, call(">", {col(shop.order, 1), lit("integer", "0")}));
  check_law(make_plan(positive, {shop.orders}, Kind::kBag));
  const auto quotient =
      project(shop.order,
              {col(shop.order, 0),
               call("/", {col(shop.order, 0), call("-", {col(shop.order, 0), lit("bigint", "3")})})},
              {"id", "quotient"});
  check_law(make_plan(quotient, {shop.orders}, Kind::kBag));
  check_law(make_plan(quotient, {shop.orders}, Kind::kPosition));
  const auto failing = filter(
      shop.order, call("=", {call("/", {lit("integer", "6"), col(shop.order, 1)}), lit("integer", "2")}));
  check_law(make_plan(failing, {shop.orders}, Kind::kPosition));
  const auto customers = entity("customers", kCustomers);
  const auto customer = scan(customers, 0);
  const auto of_entity = project(
      customer, {col(customer, 0), call("/", {lit("numeric", "10"), col(customer, 2)})}, {"id", "share"});
  check_law(make_plan(of_entity, {customers}, Kind::kProvedKey, {0}));
}

TEST_CASE("watched keys: absent while more than one distinct row claims them") {
  Shop shop;
  check_law(make_plan(shop.order, {shop.orders}, Kind::kWatchedKey, {0}));
  check_law(make_plan(shop.customer, {shop.orders, shop.customers}, Kind::kWatchedKey, {2}));
  check_law(make_plan(shop.customer, {shop.orders, shop.customers}, Kind::kWatchedKey, {1, 2}));
}

TEST_CASE("inner and left join, with residual conditions and NULL keys") {
  Shop shop;
  for (const JoinKind kind : {JoinKind::kInner, JoinKind::kLeft}) {
    CAPTURE(static_cast<int>(kind));
    check_law(make_plan(join(kind, shop.order, shop.customer, {1}, {0}), shop.sources, Kind::kBag));
    check_law(make_plan(join(kind, shop.customer, shop.order, {0}, {1}), shop.sources, Kind::kBag));
    // numeric keys of several scales, two columns
    check_law(make_plan(join(kind, shop.order, shop.customer, {2, 3}, {2, 1}), shop.sources, Kind::kBag));
    const auto both = join(kind, shop.customer, shop.order, {0}, {1});
    const auto residual =
        join(kind, shop.customer, shop.order, {0}, {1}, call("<", {col(both, 2), col(both, 5)}));
    check_law(make_plan(residual, shop.sources, Kind::kBag));
    const auto failing = join(kind, shop.customer, shop.order, {0}, {1},
                              call(">", {call("/", {col(both, 2), col(both, 5)}), lit("numeric", "1")}));
    check_law(make_plan(failing, shop.sources, Kind::kBag));
    // one dataset with itself
    check_law(make_plan(join(kind, shop.customer, shop.customer, {2}, {2}), shop.sources, Kind::kBag));
    check_law(make_plan(join(kind, shop.order, shop.order, {1}, {1}), shop.sources, Kind::kBag), 1);
  }
}

TEST_CASE("group by, every aggregate, over events and entities") {
  Shop shop;
  const std::vector<AggregateOf> all = {{Aggregate::kCountAll}, {Aggregate::kCount, 2}, {Aggregate::kSum, 0},
                                        {Aggregate::kSum, 1},   {Aggregate::kSum, 2},   {Aggregate::kAvg, 0},
                                        {Aggregate::kAvg, 2},   {Aggregate::kMin, 0},   {Aggregate::kMax, 3},
                                        {Aggregate::kMin, 3},   {Aggregate::kMax, 1}};
  check_law(make_plan(group(shop.order, {1}, all), {shop.orders}, Kind::kProvedKey, {0}));
  check_law(make_plan(group(shop.order, {}, all), {shop.orders}, Kind::kProvedKey, {}));
  check_law(
      make_plan(group(shop.order, {2}, {{Aggregate::kCountAll}}), {shop.orders}, Kind::kProvedKey, {0}));
  check_law(make_plan(group(shop.order, {3, 1}, {}), {shop.orders}, Kind::kProvedKey, {0, 1}));
  const auto city =
      group(shop.customer, {1},
            {{Aggregate::kCountAll}, {Aggregate::kMin, 2}, {Aggregate::kMax, 0}, {Aggregate::kSum, 2}});
  check_law(make_plan(city, shop.sources, Kind::kProvedKey, {0}));
  check_law(make_plan(group(shop.customer, {2}, {{Aggregate::kCountAll}, {Aggregate::kSum, 0}}), shop.sources,
                      Kind::kProvedKey, {0}));
  check_law(make_plan(group(shop.customer, {}, {{Aggregate::kCountAll}, {Aggregate::kMax, 2}}), shop.sources,
                      Kind::kProvedKey, {}));
}

TEST_CASE("keys with several spellings: floats, intervals, documents") {
  const auto source = entity("points", "id:integer x:float8 every:interval doc:jsonb");
  const auto point = scan(source, 0);
  for (const int key : {1, 2, 3}) {
    CAPTURE(key);
    check_law(make_plan(group(point, {key}, {{Aggregate::kCountAll}, {Aggregate::kSum, 0}}), {source},
                        Kind::kProvedKey, {0}));
    check_law(make_plan(join(JoinKind::kLeft, point, point, {key}, {key}), {source}, Kind::kBag));
    check_law(make_plan(point, {source}, Kind::kWatchedKey, {key}));
  }
  check_law(make_plan(group(point, {2}, {{Aggregate::kSum, 1}, {Aggregate::kAvg, 1}, {Aggregate::kMin, 1}}),
                      {source}, Kind::kProvedKey, {0}));
}

TEST_CASE("operators on operators") {
  Shop shop;
  const auto joined = join(JoinKind::kLeft, shop.order, shop.customer, {1}, {0});
  const auto by_city =
      group(joined, {5}, {{Aggregate::kCountAll}, {Aggregate::kSum, 2}, {Aggregate::kMax, 6}});
  check_law(make_plan(by_city, shop.sources, Kind::kProvedKey, {0}));
  const auto busy = filter(by_city, call(">", {col(by_city, 1), lit("bigint", "2")}));
  check_law(make_plan(busy, shop.sources, Kind::kProvedKey, {0}));
  const auto back = join(JoinKind::kLeft, shop.customer, busy, {1}, {0});
  check_law(make_plan(back, shop.sources, Kind::kProvedKey, {0}));
  const auto per_customer = group(shop.order, {1}, {{Aggregate::kCountAll}, {Aggregate::kSum, 0}});
  check_law(make_plan(join(JoinKind::kLeft, shop.customer, per_customer, {0}, {0}), shop.sources,
                      Kind::kProvedKey, {0}));
  const auto twice = group(per_customer, {1}, {{Aggregate::kCountAll}, {Aggregate::kMax, 2}});
  check_law(make_plan(twice, shop.sources, Kind::kProvedKey, {0}));
  const auto three = join(JoinKind::kInner, joined, shop.customer, {1}, {0});
  check_law(make_plan(three, shop.sources, Kind::kBag), 10);
}

}  // namespace offtake::engine::testing
