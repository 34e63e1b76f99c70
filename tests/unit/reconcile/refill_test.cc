// A refill takes over plan, schemas and resolved history as they are.
#include "world.h"

namespace offtake::reconcile {
namespace {

constexpr const char* kTotals = R"(
apiVersion: offtake.dev/v1alpha1
kind: DataProduct
metadata: {name: totals}
spec:
  sql: SELECT o.customer, count(*) AS orders, sum(o.cents) AS cents FROM orders o GROUP BY o.customer
  history: {from: 30s}
)";

constexpr const char* kMoreColumns = R"({"type": "record", "name": "Order", "fields": [
  {"name": "id", "type": "long"}, {"name": "customer", "type": "string"}, {"name": "cents", "type": "long"},
  {"name": "note", "type": "string", "default": "none"}]})";

// Live from a history that the topic then forgets.
void live_from_short_history(World& world, const std::string& product) {
  world.add_dataset("orders", kOrderSchema, "type: Event", 60'000);
  world.produce("orders", R"({"id": 1, "customer": "a", "cents": 5})");
  world.produce("orders", R"({"id": 2, "customer": "b", "cents": 7})");
  world.apply(product);
}

}  // namespace

TEST_CASE(
    "a refill goes on from where retention has come to, and needs no history that was resolved long ago") {
  World world;
  live_from_short_history(world, kTotals);
  const auto live = world.until_live("totals");
  const auto first = world.job("totals", 1);
  world.log_clock.advance(120'000'000);
  world.produce("orders", R"({"id": 3, "customer": "c", "cents": 9})");
  REQUIRE(world.log->apply_retention().ok());
  world.restart_without_state();
  const auto refilled = world.until_live("totals", 2);
  CHECK(refilled.status.start_time->micros == live.status.start_time->micros);
  const auto second = world.job("totals", 2);
  CHECK(second.sources[0].start == first.sources[0].start);
  CHECK(said(refilled.status.conditions, "Planned").starts_with("True"));
}

TEST_CASE("an edit reuses the resolved history although the topic no longer keeps it") {
  World world;
  live_from_short_history(world, kTotals);
  const auto live = world.until_live("totals");
  world.log_clock.advance(120'000'000);
  world.produce("orders", R"({"id": 3, "customer": "c", "cents": 9})");
  REQUIRE(world.log->apply_retention().ok());
  world.apply(R"(
apiVersion: offtake.dev/v1alpha1
kind: DataProduct
metadata: {name: totals}
spec:
  sql: SELECT o.customer, count(*) AS orders FROM orders o GROUP BY o.customer
  history: {from: 30s}
)");
  const auto edited = world.until_live("totals", 2);
  CHECK(edited.status.start_time->micros == live.status.start_time->micros);
}

TEST_CASE("a refill keeps the schemas of its plan: SELECT * gains no column") {
  World world;
  live_from_short_history(world, R"(
apiVersion: offtake.dev/v1alpha1
kind: DataProduct
metadata: {name: everything}
spec:
  sql: SELECT a.*, b.cents AS again FROM orders a JOIN orders b ON b.id = a.id
)");
  world.until_live("everything");
  const auto first = world.job("everything", 1);
  world.register_schema("orders", kMoreColumns);
  world.log_clock.advance(120'000'000);
  world.produce("orders", R"({"id": 3, "customer": "c", "cents": 9, "note": "new"})");
  REQUIRE(world.log->apply_retention().ok());
  world.restart_without_state();
  world.until_live("everything", 2);
  const auto second = world.job("everything", 2);
  REQUIRE(second.table.columns.size() == first.table.columns.size());
  CHECK(second.table.columns.size() == 4);
  CHECK(second.sources[0].reader.id == first.sources[0].reader.id);
  CHECK(second.fingerprint == first.fingerprint);
}

}  // namespace offtake::reconcile
