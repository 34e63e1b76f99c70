// Products on topics: the Dataset that they own.
#include "controlplane/planning/derived.h"
#include "world.h"

namespace offtake::reconcile {
namespace {

constexpr const char* kClass =
    "apiVersion: offtake.dev/v1alpha1\nkind: TargetClass\nmetadata: {name: records}\n"
    "spec: {engine: topic, provisioner: {external: {eventStoreName: embedded}}, parameters: {partitions: "
    "'2'}}\n";

std::string product(const std::string& name, const std::string& sql) {
  return fmt::format(
      "apiVersion: offtake.dev/v1alpha1\nkind: DataProduct\nmetadata: {{name: {}}}\n"
      "spec: {{owner: sales, description: Of {}, sql: '{}', target: {{className: records}}}}\n",
      name, name, sql);
}

constexpr const char* kTotals =
    "SELECT customer, count(*) AS orders, CAST(sum(cents) AS bigint) AS cents, max(lower(note)) AS note "
    "FROM orders GROUP BY customer";

constexpr const char* kNotedSchema = R"({"type": "record", "name": "Order", "fields": [
  {"name": "id", "type": "long"}, {"name": "customer", "type": "string"}, {"name": "cents", "type": "long"},
  {"name": "note", "type": ["null", "string"], "default": null}]})";

void add_orders(World& world) {
  world.apply(kClass);
  world.add_dataset("orders", kNotedSchema,
                    "type: Event, columns: [{path: customer, description: Who ordered}, "
                    "{path: note, description: What she said, classification: pii.text}]");
  for (int i = 1; i <= 3; ++i)
    world.produce("orders", fmt::format(R"({{"id": {}, "customer": "a", "cents": 5, "note": "N"}})", i));
}

}  // namespace

TEST_CASE("a product on a topic owns a dataset, which says what its columns stem from") {
  World world;
  add_orders(world);
  world.apply(product("totals", kTotals));
  world.until_live("totals");
  resources::Dataset made = world.dataset("totals");
  CHECK(planning::is_owned(made, world.product("totals")));
  CHECK(made.spec.type == resources::DatasetType::kEntity);
  CHECK(made.spec.owner == "sales");
  CHECK(made.spec.description == "Of totals");
  CHECK(made.spec.source.topic == "shop.totals");
  CHECK(made.spec.key->columns == std::vector<std::string>{"customer"});
  REQUIRE(made.spec.columns.size() == 2);
  CHECK(made.spec.columns[0].path == "customer");
  CHECK(made.spec.columns[0].description == "Who ordered");
  CHECK(made.spec.columns[0].classification.empty());
  CHECK(made.spec.columns[1].path == "note");
  CHECK(made.spec.columns[1].description.empty());  // not the same value
  CHECK(made.spec.columns[1].classification == "pii.text");
  world.reconcile_dataset("totals");
  CHECK(resources::is_true(world.dataset("totals").status.conditions, resources::condition::kReady));

  // Others read it as any dataset.
  world.apply(
      "apiVersion: offtake.dev/v1alpha1\nkind: DataProduct\nmetadata: {name: reader}\n"
      "spec: {sql: 'SELECT customer, orders FROM totals'}\n");
  world.until_live("reader");

  // While they do, neither goes.
  world.remove(resources::kind_of<resources::DataProduct>(), "totals");
  world.reconcile("totals");
  CHECK(said(world.product("totals").status.conditions, "Ready") ==
        "False InUse: Deleted once it is no longer used by DataProduct shop/reader");
  world.reconcile_dataset("totals");
  CHECK(world.dataset("totals").metadata.deleting());
}

TEST_CASE("an edit that gives another column changes the dataset, too") {
  World world;
  add_orders(world);
  world.apply(product("totals", "SELECT customer, count(*) AS orders FROM orders GROUP BY customer"));
  world.until_live("totals");
  CHECK(world.dataset("totals").spec.columns.size() == 1);
  world.apply(product("totals", kTotals));
  world.until_live("totals", 2);
  CHECK(world.dataset("totals").spec.columns.size() == 2);
}

TEST_CASE("a dataset that was deleted is made again") {
  World world;
  add_orders(world);
  world.apply(product("totals", kTotals));
  world.until_live("totals");
  world.remove(resources::kind_of<resources::Dataset>(), "totals");
  const auto& kind = resources::kind_of<resources::Dataset>();
  for (int look = 0; look < 10 && world.resources->get(kind, "shop", "totals").ok(); ++look)
    world.reconcile_dataset("totals");
  REQUIRE_FALSE(world.resources->get(kind, "shop", "totals").ok());
  world.reconcile("totals");
  CHECK(planning::is_owned(world.dataset("totals"), world.product("totals")));
}

TEST_CASE("a dataset of the product's name that is not its own is left alone") {
  World world;
  add_orders(world);
  world.add_dataset("totals", kOrderSchema, "type: Event");
  world.apply(product("totals", kTotals));
  const auto refused = world.until("totals", [](const resources::DataProduct& p) {
    return said(p.status.conditions, "Planned").starts_with("False DatasetTaken");
  });
  CHECK(world.dataset("totals").spec.source.topic == "totals");
  CHECK(refused.status.revision == std::nullopt);
}

}  // namespace offtake::reconcile
