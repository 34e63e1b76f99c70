// The catalogue over real parts: resources that change, schemas and figures that come, stores that are away.
#include "controlplane/catalog/catalog.h"

#include <doctest/doctest.h>

#include <thread>

#include "controlplane/view/sample.h"
#include "schemas/avro/encoder.h"
#include "schemas/avro/framing.h"
#include "tests/unit/reconcile/world.h"

namespace offtake::view {
namespace {

using namespace std::chrono_literals;
using catalog::Catalog;
using reconcile::kOrderSchema;
using reconcile::World;

constexpr const char* kCustomerSchema = R"({"type": "record", "name": "Customer", "fields": [
  {"name": "name", "type": "string", "doc": "as on the passport"}, {"name": "email", "type": ["null", "string"]},
  {"name": "at", "type": {"type": "record", "name": "At", "fields": [{"name": "city", "type": "string"}]}}]})";

void add_shop(World& world) {
  world.add_dataset(
      "orders", kOrderSchema,
      "type: Event, owner: sales, tags: [core], columns: [{path: cents, description: The total}], "
      "relationships: [{name: c, dataset: {name: customers}, columns: [{from: customer, to: name}]}]");
  world.add_dataset(
      "customers", kCustomerSchema,
      "type: Entity, owner: care, key: {columns: [name], from: Value}, "
      "columns: [{path: email, classification: pii.email}, {path: at.city, classification: pii.city}]");
}

// A record with a key, as an Entity's have one.
void put_customer(World& world, std::string_view key, std::string_view text) {
  const int id = world.register_schema("customers", kCustomerSchema);
  const auto parsed = avro::parse(kCustomerSchema);
  REQUIRE(parsed.ok());
  auto said = json::parse(text);
  REQUIRE(said.ok());
  std::string value;
  avro::append_frame(static_cast<std::uint32_t>(id), value);
  REQUIRE(avro::encode_json(parsed->root(), *said, value).ok());
  sources::embedded::NewRecordView view;
  view.partition = 0;
  view.key = key;
  view.value = value;
  REQUIRE(world.log->append("customers", std::vector{view}).ok());
}

// What is asked of stores comes by itself: within seconds, or it does not come.
template <class Done>
void eventually(const Done& done) {
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  while (!done()) {
    if (std::chrono::steady_clock::now() > deadline) FAIL("it did not come");
    std::this_thread::sleep_for(10ms);
  }
}

catalog::Answer found(Catalog& catalog, const std::string& words, const std::string& reader = "") {
  auto answer = catalog.search({words, {}, 50, ""}, reader);
  if (!answer.ok()) FAIL(answer.error().text());
  return *std::move(answer);
}

std::string names(const catalog::Answer& answer) {
  std::vector<std::string> out;
  for (const auto& item : answer.items) out.push_back(item.hit.entry->dataset.metadata.name);
  return fmt::format("{}", fmt::join(out, " "));
}

std::string rows_of(const SampleReport& report) {
  std::string out;
  for (const auto& row : report.rows) {
    out += out.empty() ? "" : "; ";
    for (std::size_t i = 0; i < row.size(); ++i) out += (i == 0 ? "" : " ") + row[i].value_or("NULL");
  }
  return out;
}

base::Result<SampleReport> sampled(World& world, const std::string& name, const std::string& reader = "",
                                   std::size_t limit = 20) {
  auto made = PreparedSample::make("shop", name, reader, limit, *world.resources, *world.platform);
  if (!made) return std::move(made).error();
  if (!made->runnable()) return std::move(*made).report();
  return std::move(*made).run([] { return true; });
}

}  // namespace

TEST_CASE("what is stored is found at once, its columns and figures when the store has answered") {
  World world;
  Catalog catalog(*world.resources, *world.platform, base::system_clock());
  CHECK(found(catalog, "").items.empty());
  add_shop(world);
  CHECK(names(found(catalog, "sales")) == "orders");
  CHECK(names(found(catalog, "")) == "customers orders");
  // Only the registry has the schemas of these: there is no definition.
  eventually([&] { return names(found(catalog, "passport")) == "customers"; });
  eventually([&] { return names(found(catalog, "cents")) == "orders"; });

  const base::Micros now = base::system_clock().now();
  world.produce("orders", R"({"id": 1, "customer": "ada", "cents": 100})", now - 7'200'000'000);
  world.produce("orders", R"({"id": 2, "customer": "ada", "cents": 200})", now - 60'000'000);
  world.produce("orders", R"({"id": 3, "customer": "bob", "cents": 300})", now - 30'000'000);
  eventually([&] {
    const auto item = found(catalog, "orders").items.at(0);
    return item.figures != nullptr && item.figures->records == 3;
  });
  const auto figures = found(catalog, "orders").items.at(0).figures;
  CHECK(*figures->oldest / 1000 == (now - 7'200'000'000) / 1000);
  CHECK(*figures->newest / 1000 == (now - 30'000'000) / 1000);
  CHECK(figures->per_second == doctest::Approx(2.0 / 300));
  CHECK(figures->bytes.value_or(0) > 0);
  CHECK(figures->spark.size() == 24);

  world.remove(resources::kind_of<resources::Dataset>(), "customers");
  world.reconcile_dataset("customers");
  CHECK(names(found(catalog, "")) == "orders");
}

TEST_CASE("an edit is seen by the next search") {
  World world;
  add_shop(world);
  Catalog catalog(*world.resources, *world.platform, base::system_clock());
  CHECK(found(catalog, "lighthouse").items.empty());
  for (int i = 0; i < 30; ++i) {
    world.apply(
        fmt::format("apiVersion: offtake.dev/v1alpha1\nkind: Dataset\nmetadata: {{name: orders}}\n"
                    "spec: {{type: Event, description: lighthouse number x{}x, schema: {{format: Avro}}, "
                    "source: {{eventStoreName: embedded, topic: orders}}}}\n",
                    i));
    CHECK(found(catalog, fmt::format("x{}x", i)).items.size() == 1);
  }
}

TEST_CASE("a new version of a schema is found when the dataset knows it") {
  World world;
  add_shop(world);
  Catalog catalog(*world.resources, *world.platform, base::system_clock());
  eventually([&] { return names(found(catalog, "cents")) == "orders"; });
  world.register_schema("orders", R"({"type": "record", "name": "Order", "fields": [
    {"name": "id", "type": "long"}, {"name": "customer", "type": "string"}, {"name": "cents", "type": "long"},
    {"name": "voucher", "type": ["null", "string"], "default": null}]})");
  world.reconcile_dataset("orders");
  eventually([&] { return names(found(catalog, "voucher")) == "orders"; });
  auto detail = catalog.dataset("shop", "orders", "");
  REQUIRE(detail.ok());
  REQUIRE(detail->versions.size() == 2);
  CHECK(detail->versions_total == 2);
  CHECK(*detail->versions[0].compatible == catalog::Compatible::kFull);
  CHECK(detail->versions[0].changes.at(0).path == "voucher");
}

TEST_CASE("schemas that are too many are not held, and that is said") {
  World world;
  const auto add = [&](const std::string& name) {
    json::Value schema = json::Value(std::string(kOrderSchema));
    world.apply(
        fmt::format("apiVersion: offtake.dev/v1alpha1\nkind: Dataset\nmetadata: {{name: {0}}}\n"
                    "spec: {{type: Event, schema: {{format: Avro, definition: {1}}}, description: {0},"
                    " source: {{eventStoreName: embedded, topic: {0}}}}}\n",
                    name, json::dump(schema)));
  };
  for (const char* name : {"one", "three", "two"}) add(name);
  catalog::Holdings holdings(*world.resources, 4'000);
  REQUIRE(holdings.catch_up().ok());
  const auto known = [&](const char* name) {
    return holdings.index().find(fmt::format("shop/{}", name))->schema_known;
  };
  CHECK(known("one"));
  CHECK(known("three"));
  CHECK(!known("two"));
  CHECK(holdings.index().find("shop/two")->schema_problem.find("as many columns as it may") !=
        std::string::npos);
  // What goes makes room for what comes.
  world.remove(resources::kind_of<resources::Dataset>(), "one");
  add("four");
  REQUIRE(holdings.catch_up().ok());
  CHECK(holdings.index().find("shop/one") == nullptr);
  CHECK(known("four"));
}

TEST_CASE("a store that is away holds up nothing but itself") {
  World world;
  add_shop(world);
  // Nobody listens there.
  world.apply(R"(
apiVersion: offtake.dev/v1alpha1
kind: EventStore
metadata: {name: away}
spec: {kafka: {bootstrapServers: ["127.0.0.1:1"]}, registry: {confluent: {urls: ["http://127.0.0.1:1"]}}}
---
apiVersion: offtake.dev/v1alpha1
kind: Dataset
metadata: {name: lost}
spec: {source: {eventStoreName: away, topic: lost}, schema: {format: Avro}, description: lost at sea, type: Event}
)");
  Catalog catalog(*world.resources, *world.platform, base::system_clock());
  for (int i = 0; i < 20; ++i) {
    const auto began = std::chrono::steady_clock::now();
    const auto answer = found(catalog, "lost");
    CHECK(std::chrono::steady_clock::now() - began < 100ms);
    REQUIRE(answer.items.size() == 1);
    CHECK(answer.items[0].figures == nullptr);
  }
  eventually([&] { return found(catalog, "orders").items.at(0).figures != nullptr; });
  const auto began = std::chrono::steady_clock::now();
  auto detail = catalog.dataset("shop", "lost", "");
  CHECK(std::chrono::steady_clock::now() - began < 3s);
  REQUIRE(detail.ok());
  CHECK(detail->item.figures == nullptr);
  CHECK(!detail->item.hit.entry->schema_known);
  CHECK(detail->pending.size() + detail->unavailable.size() > 0);
}

TEST_CASE("schemas come while the store of their topics is away, and it is not asked for each topic") {
  World world;
  world.apply(R"(
apiVersion: offtake.dev/v1alpha1
kind: EventStore
metadata: {name: half}
spec: {kafka: {bootstrapServers: ["127.0.0.1:1"]}, registry: {embedded: {}}}
)");
  for (int i = 0; i < 6; ++i) {
    world.apply(
        fmt::format("apiVersion: offtake.dev/v1alpha1\nkind: Dataset\nmetadata: {{name: half-{0}}}\n"
                    "spec: {{type: Event, schema: {{format: Avro}}, source: {{eventStoreName: half, topic: "
                    "half-{0}}}}}\n",
                    i));
  }
  Catalog catalog(*world.resources, *world.platform, base::system_clock());
  CHECK(found(catalog, "half").items.size() == 6);
  for (int i = 0; i < 6; ++i) world.register_schema(fmt::format("half-{}", i), kOrderSchema);
  const auto began = std::chrono::steady_clock::now();
  eventually([&] { return found(catalog, "cents").items.size() == 6; });
  // What one topic has learned of the store the others take over: not six times its time-out.
  for (int i = 0; i < 6; ++i) {
    eventually([&] {
      auto detail = catalog.dataset("shop", fmt::format("half-{}", i), "");
      REQUIRE(detail.ok());
      CHECK(detail->versions_total == 1);
      return detail->pending.empty() && !detail->unavailable.empty();
    });
  }
  CHECK(std::chrono::steady_clock::now() - began < 30s);
}

TEST_CASE("one dataset in full") {
  World world;
  add_shop(world);
  world.apply(R"(
apiVersion: offtake.dev/v1alpha1
kind: DataProduct
metadata: {name: totals}
spec: {owner: finance, sql: "SELECT o.id, o.cents, c.name FROM orders o JOIN customers c ON c.name = o.customer"}
)");
  Catalog catalog(*world.resources, *world.platform, base::system_clock());
  auto detail = catalog.dataset("shop", "orders", "");
  REQUIRE(detail.ok());
  CHECK(detail->pending.empty());
  CHECK(detail->unavailable.empty());
  CHECK(detail->item.hit.entry->columns.size() == 3);
  REQUIRE(detail->used_by.size() == 1);
  REQUIRE(detail->used_by[0].reads != nullptr);
  CHECK(detail->used_by[0].reads->at("shop/orders") == std::vector<std::string>{"id", "customer", "cents"});
  CHECK(detail->used_by[0].reads->at("shop/customers") == std::vector<std::string>{"name"});
  REQUIRE(detail->relationships.size() == 1);
  CHECK(detail->relationships[0].relationship.problem.empty());
  CHECK(found(catalog, "orders").items.at(0).hit.products == 1);
  CHECK(catalog.dataset("shop", "gone", "").error().code == "NotFound");

  auto lineage = catalog.lineage(catalog::NodeKind::kProduct, "shop", "totals", "");
  REQUIRE(lineage.ok());
  std::vector<std::string> ids;
  for (const auto& node : lineage->nodes) ids.push_back(node.place.id);
  CHECK(fmt::format("{}", fmt::join(ids, " ")) ==
        "product/shop/totals dataset/shop/orders dataset/shop/customers target/shop/totals");
  CHECK(lineage->edges.size() == 3);
  world.remove(resources::kind_of<resources::DataProduct>(), "totals");
  CHECK(catalog.lineage(catalog::NodeKind::kProduct, "shop", "totals", "").error().code == "NotFound");
  CHECK(found(catalog, "orders").items.at(0).hit.products == 0);
}

TEST_CASE("what a namespace may not read is shown, and says so; its records are not") {
  World world;
  world.apply("apiVersion: v1\nkind: Namespace\nmetadata: {name: other}\n");
  add_shop(world);
  world.produce("orders", R"({"id": 1, "customer": "ada", "cents": 100})");
  Catalog catalog(*world.resources, *world.platform, base::system_clock());
  const auto item = found(catalog, "orders", "other").items.at(0);
  CHECK(item.readable.error().code == "AccessDenied");
  CHECK(item.readable.error().hint.find("sales") != std::string::npos);
  CHECK(found(catalog, "orders", "shop").items.at(0).readable.ok());
  CHECK(found(catalog, "orders").items.at(0).readable.ok());
  CHECK(sampled(world, "orders", "other").error().code == "AccessDenied");
  CHECK(rows_of(*sampled(world, "orders", "shop")) == "1 ada 100");
}

TEST_CASE("a sample is of the newest records, newest first, with classified values masked") {
  World world;
  add_shop(world);
  for (int i = 1; i <= 9; ++i)
    world.produce("orders", fmt::format(R"({{"id": {}, "customer": "c{}", "cents": {}}})", i, i, i * 100));
  CHECK(rows_of(*sampled(world, "orders", "", 3)) == "9 c9 900; 8 c8 800; 7 c7 700");
  put_customer(world, "ada", R"({"name": "ada", "email": "ada@example.org", "at": {"city": "Graz"}})");
  put_customer(world, "bob", R"({"name": "bob", "email": null, "at": {"city": "Oslo"}})");
  put_customer(world, "ada", R"({"name": "ada", "email": null, "at": {"city": "Wien"}})");
  const auto report = sampled(world, "customers");
  REQUIRE(report.ok());
  CHECK(rows_of(*report) == "ada ••• •••; bob ••• •••");
  CHECK(!report->columns[0].masked);
  CHECK(report->columns[2].masked);
  CHECK(sampled(world, "gone").error().code == "NotFound");
}

TEST_CASE("a sample of what has no topic or schema yet says what it waits for") {
  World world;
  world.apply(R"(
apiVersion: offtake.dev/v1alpha1
kind: Dataset
metadata: {name: later}
spec: {source: {eventStoreName: embedded, topic: later}, schema: {format: Avro}, type: Event}
)");
  auto report = sampled(world, "later");
  REQUIRE(report.ok());
  REQUIRE(report->waiting.size() == 1);
  CHECK(report->waiting[0].code == "SubjectMissing");
  world.register_schema("later", kOrderSchema);
  report = sampled(world, "later");
  REQUIRE(report.ok());
  REQUIRE(report->waiting.size() == 1);
  CHECK(report->waiting[0].code == "TopicMissing");
}

}  // namespace offtake::view
