#include "operators/plan/plan_json.h"

#include <doctest/doctest.h>

namespace offtake::test {
namespace {

using types::TypeId;

plan::Plan sample() {
  plan::Plan plan;
  plan::SourceUse use;
  use.dataset_namespace = "retail";
  use.dataset = "orders";
  use.kind = plan::SourceUse::Kind::kEntity;
  use.columns = {{"order_id", types::Type(TypeId::kInt8), false},
                 {"amount", types::Type::numeric(10, 2), true}};
  use.key = {0};
  plan.sources = {use};
  auto scan = std::make_shared<plan::Node>();
  scan->node = plan::Scan{0, {0, 1}};
  scan->output = use.columns;
  auto group = std::make_shared<plan::Node>();
  plan::GroupBy by;
  by.input = scan;
  by.group = {0};
  by.aggregates = {{plan::Aggregate::kSum, 1, types::Type(TypeId::kNumeric)},
                   {plan::Aggregate::kCountAll, -1, types::Type(TypeId::kInt8)}};
  group->node = by;
  group->output = {{"order_id", types::Type(TypeId::kInt8), false},
                   {"total", types::Type(TypeId::kNumeric), true},
                   {"n", types::Type(TypeId::kInt8), false}};
  plan.root = group;
  plan.identity = {plan::Identity::Kind::kProvedKey, {0}};
  return plan;
}

std::string refusal(json::Value value) {
  const auto read = plan::plan_from_json(value);
  return read.ok() ? "" : read.error().code + ": " + read.error().message;
}

}  // namespace

TEST_CASE("plans survive JSON") {
  const json::Value value = plan::to_json(sample());
  const auto again = plan::plan_from_json(value);
  REQUIRE(again.ok());
  CHECK(json::dump_canonical(plan::to_json(*again)) == json::dump_canonical(value));
  CHECK(explain(*again) == explain(sample()));
}

TEST_CASE("what a source leaves out, counts and hides survives JSON, and is not there where there is none") {
  plan::Plan plan = sample();
  CHECK(json::dump_canonical(plan::to_json(plan)).find("minTimestampMs") == std::string::npos);
  plan.sources[0].min_timestamp_ms = 1'787'616'000'123;
  plan.sources[0].event_time = 1;
  plan.sources[0].classified = {"email", "address.street"};
  json::Value value = plan::to_json(plan);
  const auto again = plan::plan_from_json(value);
  REQUIRE(again.ok());
  CHECK(again->sources[0].min_timestamp_ms == 1'787'616'000'123);
  CHECK(again->sources[0].event_time == 1);
  CHECK(again->sources[0].classified == plan.sources[0].classified);
  CHECK(json::dump_canonical(plan::to_json(*again)) == json::dump_canonical(value));
  value.find("sources")->as_array()[0].set("eventTime", 2);
  CHECK(refusal(value) == "BadPlan: plan.sources[0].eventTime holds a column number that does not exist");
}

TEST_CASE("damaged plans are refused with the path") {
  const json::Value good = plan::to_json(sample());
  CHECK(refusal(good) == "");
  CHECK(refusal(json::Value::object()) == "BadPlan: plan.sources must be a list");
  json::Value bad = good;
  bad.find("root")->find("input")->set("source", 1);
  CHECK(refusal(bad) == "BadPlan: plan.root.input.source is no source of the plan");
  bad = good;
  bad.find("root")->find("input")->find("columns")->as_array()[0] = json::Value(7);
  CHECK(refusal(bad) == "BadPlan: plan.root.input.columns holds a column number that does not exist");
  bad = good;
  bad.find("root")->set("op", "sort");
  CHECK(refusal(bad) == "BadPlan: plan.root.op is not known: 'sort'");
  bad = good;
  bad.find("root")->find("output")->as_array().pop_back();
  CHECK(refusal(bad) == "BadPlan: plan.root.output has another width than the node");
  bad = good;
  bad.find("identity")->find("key")->as_array()[0] = json::Value(3);
  CHECK(refusal(bad) == "BadPlan: plan.identity.key holds a column number that does not exist");
}

TEST_CASE("types survive JSON") {
  std::vector<types::Type> all = {types::Type::numeric(10, 2)};
  for (int id = 0; id < static_cast<int>(TypeId::kArray); ++id) all.emplace_back(static_cast<TypeId>(id));
  all.push_back(types::Type::array(types::Type::numeric(5, 1), true));
  all.push_back(types::Type::map(types::Type(TypeId::kUuid), false));
  all.push_back(types::Type::record({{"a b", all.back(), true}, {"c", types::Type(TypeId::kText), false}}));
  for (const types::Type& type : all) {
    const auto again = plan::type_from_json(plan::to_json(type));
    REQUIRE_MESSAGE(again.ok(), types::to_string(type));
    CHECK_MESSAGE(*again == type, types::to_string(type));
  }
}

TEST_CASE("aggregates have PostgreSQL's types") {
  const auto type = [](plan::Aggregate aggregate, TypeId argument) {
    const auto found = plan::aggregate_type(aggregate, types::Type(argument));
    return found.ok() ? types::to_string(*found) : found.error().code;
  };
  using enum plan::Aggregate;
  CHECK(type(kSum, TypeId::kInt4) == "bigint");
  CHECK(type(kSum, TypeId::kInt8) == "numeric");
  CHECK(type(kSum, TypeId::kFloat4) == "real");
  CHECK(type(kAvg, TypeId::kInt4) == "numeric");
  CHECK(type(kAvg, TypeId::kFloat4) == "double precision");
  CHECK(type(kAvg, TypeId::kInterval) == "interval");
  CHECK(type(kMax, TypeId::kText) == "text");
  CHECK(type(kMin, TypeId::kBoolean) == "UnsupportedAggregate");
  CHECK(type(kSum, TypeId::kText) == "UnsupportedAggregate");
  CHECK(type(kCount, TypeId::kJsonb) == "bigint");
}

TEST_CASE("expressions are compared by structure") {
  const auto a = plan::column(0, types::Type(TypeId::kInt4), true);
  const auto b = plan::literal(types::Datum::int4(5));
  const auto sum = [&](const plan::ExpressionPtr& x, const plan::ExpressionPtr& y, int position) {
    return plan::Expression{plan::Call{"+", {x, y}}, types::Type(TypeId::kInt4), true, position};
  };
  CHECK(plan::equal(sum(a, b, 3), sum(a, plan::literal(types::Datum::int4(5)), 9)));
  CHECK(!plan::equal(sum(a, b, 3), sum(b, a, 3)));
  CHECK(!plan::equal(*plan::literal(*types::Datum::parse(types::Type(TypeId::kNumeric), "1.0")),
                     *plan::literal(*types::Datum::parse(types::Type(TypeId::kNumeric), "1.00"))));
  std::vector<int> columns;
  plan::collect_columns(sum(a, b, 0), columns);
  CHECK(columns == std::vector<int>{0});
}

}  // namespace offtake::test
