// What a Dataset says of its columns is checked against its schema.
#include "world.h"

namespace offtake::reconcile {
namespace {

constexpr const char* kOrders = R"(
apiVersion: offtake.dev/v1alpha1
kind: DataProduct
metadata: {name: listed}
spec:
  sql: SELECT o.id, o.cents FROM orders o
  history: {from: 30d}
)";

struct Case {
  const char* what;
  const char* spec;
  const char* reason;
  const char* words;
};

constexpr Case kCases[] = {
    {"an event time that is not there", "type: Event, eventTime: {column: placed}", "BadEventTime",
     "spec.eventTime.column names column placed, which the schema does not have"},
    {"an event time that is no time", "type: Event, eventTime: {column: cents}", "BadEventTime",
     "spec.eventTime.column names cents, which is bigint and no time"},
    {"a key that is not there", "type: Entity, key: {columns: [ids]}", "BadKey",
     "spec.key.columns names column ids, which the schema does not have; did you mean id?"},
    {"a record key without the column", "type: Entity, key: {columns: [ids], from: RecordKey, format: Avro}",
     "BadKey", "spec.key.columns names column ids"},
};

}  // namespace

TEST_CASE(
    "a dataset that names a column wrongly is not ready, and products over it wait for it to be right") {
  for (const Case& wrong : kCases) {
    CAPTURE(wrong.what);
    World world;
    world.register_schema("orders-key", R"({"type": "record", "name": "Key", "fields": [
      {"name": "order_id", "type": "long"}]})");
    world.add_dataset("orders", kOrderSchema, wrong.spec);
    world.produce("orders", R"({"id": 1, "customer": "a", "cents": 5})");
    const auto ready = said(world.dataset("orders").status.conditions, "Ready");
    CHECK_MESSAGE(ready.starts_with(std::string("False ") + wrong.reason), ready);
    CHECK_MESSAGE(ready.find(wrong.words) != std::string::npos, ready);
    world.apply(kOrders);
    const auto stuck = world.until("listed", [&](const resources::DataProduct& p) {
      return said(p.status.conditions, "Planned").starts_with("False");
    });
    CHECK(said(stuck.status.conditions, "Planned").find(wrong.words) != std::string::npos);
    CHECK(said(stuck.status.conditions, "Ready").starts_with(std::string("False ") + wrong.reason));
    CHECK(world.controls("listed").empty());
  }
}

TEST_CASE("a corrected dataset heals by itself") {
  World world;
  world.add_dataset("orders", kOrderSchema, "type: Event, eventTime: {column: placed}");
  world.produce("orders", R"({"id": 1, "customer": "a", "cents": 5})");
  world.apply(kOrders);
  world.until("listed", [&](const resources::DataProduct& p) {
    return said(p.status.conditions, "Ready").starts_with("False BadEventTime");
  });
  world.apply(R"(
apiVersion: offtake.dev/v1alpha1
kind: Dataset
metadata: {name: orders}
spec: {type: Event, source: {eventStoreName: embedded, topic: orders}, schema: {format: Avro}}
)");
  world.reconcile_dataset("orders");
  CHECK(said(world.dataset("orders").status.conditions, "Ready").starts_with("True"));
  world.until_live("listed");
}

}  // namespace offtake::reconcile
