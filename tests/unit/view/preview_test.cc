// Previews over the embedded log: what is read, what is shown, and that nothing else happens.
#include "controlplane/view/preview.h"

#include <doctest/doctest.h>

#include "base/yaml/node.h"
#include "controlplane/resources/validate.h"
#include "controlplane/view/preview_summary.h"
#include "operators/worker/decode_spec.h"
#include "schemas/avro/encoder.h"
#include "schemas/avro/framing.h"
#include "tests/unit/reconcile/world.h"

namespace offtake::view {
namespace {

using reconcile::kOrderSchema;
using reconcile::World;

constexpr const char* kCustomerSchema = R"({"type": "record", "name": "Customer", "fields": [
  {"name": "name", "type": "string"}, {"name": "city", "type": "string"}, {"name": "email", "type": "string"}]})";

using Put = std::pair<std::string, std::string>;  // key; JSON of the value, empty for a tombstone

// Appends records with keys, all in partition 0.
void put(World& world, const std::string& topic, const char* avro, const std::vector<Put>& records) {
  const int id = world.register_schema(topic, avro);
  const auto parsed = avro::parse(avro);
  REQUIRE(parsed.ok());
  std::vector<std::string> values(records.size());
  std::vector<sources::embedded::NewRecordView> views;
  for (std::size_t i = 0; i < records.size(); ++i) {
    sources::embedded::NewRecordView view;
    view.partition = 0;
    view.key = records[i].first;
    if (!records[i].second.empty()) {
      avro::append_frame(static_cast<std::uint32_t>(id), values[i]);
      auto json = json::parse(records[i].second);
      REQUIRE(json.ok());
      REQUIRE(avro::encode_json(parsed->root(), *json, values[i]).ok());
      view.value = values[i];
    }
    views.push_back(view);
  }
  REQUIRE(world.log->append(topic, views).ok());
}

std::string customer(const std::string& name, const std::string& city) {
  return fmt::format(R"({{"name": "{0}", "city": "{1}", "email": "{0}@example.org"}})", name, city);
}

void add_shop(World& world) {
  world.add_dataset("orders", kOrderSchema, "type: Event");
  world.add_dataset("customers", kCustomerSchema,
                    "type: Entity, key: {columns: [name], from: Value}, "
                    "columns: [{path: email, classification: pii.email}]");
}

void order(World& world, int id, const std::string& customer, int cents, base::Micros at = -1) {
  world.produce("orders", fmt::format(R"({{"id": {}, "customer": "{}", "cents": {}}})", id, customer, cents),
                at);
}

resources::DataProduct product(const std::string& sql, const std::string& more = "",
                               const std::string& space = "shop") {
  auto documents = yaml::parse(fmt::format(
      "apiVersion: offtake.dev/v1alpha1\nkind: DataProduct\nmetadata: {{name: x, namespace: {}}}\n"
      "spec:\n  sql: |\n    {}\n{}",
      space, sql, more));
  REQUIRE(documents.ok());
  auto checked = resources::check(yaml::to_json(documents->at(0).root));
  if (!checked.ok()) FAIL(checked.errors[0].text());
  return resources::from_json<resources::DataProduct>(checked.object);
}

struct Asked {
  std::size_t limit = 20;
  std::optional<base::Micros> from = {};
  planning::Overlay overlay = {};
  std::function<bool()> wanted = [] { return true; };
};

PreviewReport preview_of(World& world, const resources::DataProduct& product, const Asked& asked = {}) {
  const std::optional<resources::DataProduct> stored;
  auto prepared = PreparedPreview::make({product, stored, asked.overlay, asked.limit, asked.from},
                                        base::system_clock().now(), *world.resources, *world.platform);
  if (!prepared.runnable()) return std::move(prepared).report();
  return std::move(prepared).run(asked.wanted);
}

// "1 ada; 2 NULL"
std::string text_of(const PreviewReport& report) {
  for (const auto& error : report.errors) FAIL(error.text());
  for (const auto& error : report.waiting) FAIL(error.text());
  std::string out;
  for (const auto& row : report.rows) {
    out += out.empty() ? "" : "; ";
    for (std::size_t i = 0; i < row.size(); ++i) out += (i == 0 ? "" : " ") + row[i].value_or("NULL");
  }
  return out;
}

std::string summary(const PreviewReport& report) {
  return fmt::format("{}", fmt::join(report.summary, "\n"));
}

// The engine's side of a preview, with limits of one's own.
struct Direct {
  Direct(World& world, const resources::DataProduct& asked)
      : draft(planning::draft({asked, nullptr, base::system_clock().now(), {}, {}, false}, *world.resources,
                              *world.platform)) {
    REQUIRE(draft.ok());
    input.plan = &draft.job.plan;
    const auto store = world.platform->settings().embedded_log;
    for (std::size_t i = 0; i < draft.job.sources.size(); ++i) {
      input.sources.push_back({draft.job.sources[i].dataset, draft.job.sources[i].topic, store, [this, i] {
                                 return sources::RecordDecoder::create(worker::decode_spec(draft.job, i));
                               }});
    }
  }
  planning::Draft draft;
  preview::Input input;
};

constexpr const char* kJoined =
    "SELECT o.id, o.cents, c.city, c.email FROM orders o LEFT JOIN customers c ON c.name = o.customer";

}  // namespace

TEST_CASE("a join shows the target's rows, masked, says which keys are missing, and leaves nothing behind") {
  World world;
  add_shop(world);
  put(world, "customers", kCustomerSchema,
      {{"ada", customer("ada", "Turin")},
       {"bob", customer("bob", "Bern")},
       {"ada", customer("ada", "Oslo")},
       {"cyd", customer("cyd", "Rome")},
       {"cyd", ""}});
  for (int i = 1; i <= 4; ++i)
    order(world, i, std::vector<std::string>{"ada", "bob", "cyd", "dee"}[i - 1], 100 * i);
  const auto report = preview_of(world, product(kJoined));
  // PostgreSQL over the same records gives these; the e-mail is somebody's.
  CHECK(text_of(report) == "1 100 Oslo •••; 2 200 Bern •••; 3 300 NULL •••; 4 400 NULL •••");
  REQUIRE(report.columns.size() == 4);
  CHECK(report.columns[3].masked);
  CHECK_FALSE(report.columns[2].masked);
  CHECK(report.columns[1].target_type == "INTEGER");
  CHECK(summary(report) ==
        "shop/orders: all 4 records\nshop/customers: joined 2 of 4; scanned to its first record");
  CHECK(json::dump(to_json(report)).find("example.org") == std::string::npos);

  const auto products = world.resources->list(resources::kind_of<resources::DataProduct>());
  REQUIRE(products.ok());
  CHECK(products->items.empty());
  CHECK(world.log->topics().size() == 2);
  const auto target_class = store::get<resources::TargetClass>(*world.resources, "", "sqlite");
  REQUIRE(target_class.ok());
  auto provisioner = world.platform->provisioner(*target_class);
  REQUIRE(provisioner.ok());
  auto controls = (*provisioner)->controls({"here", "", "shop", "x", "x"});
  CHECK((!controls.ok() || controls->empty()));
}

TEST_CASE("an entity counts as what it is now, also where an older record has a wanted value") {
  World world;
  add_shop(world);
  put(world, "customers", kCustomerSchema,
      {{"ada", customer("ada", "Turin")},
       {"bob", customer("bob", "Turin")},
       {"ada", customer("ada", "Oslo")}});
  order(world, 1, "Turin", 5);
  // Joined on no key: everyone of the order's city.
  const auto report =
      preview_of(world, product("SELECT o.id, c.name FROM orders o JOIN customers c ON c.city = o.customer"));
  CHECK(text_of(report) == "1 bob");
}

TEST_CASE("keys are looked for piece by piece, far back, by an expression as well") {
  World world;
  add_shop(world);
  std::vector<Put> customers = {{"first", customer("first", "Turin")}};
  for (int i = 0; i < 30'000; ++i)
    customers.emplace_back(fmt::format("c{}", i), customer(fmt::format("c{}", i), "Bern"));
  put(world, "customers", kCustomerSchema, customers);
  order(world, 1, "C29999", 5);
  const std::string sql =
      "SELECT o.id, c.city FROM orders o JOIN customers c ON upper(c.name) = upper(o.customer)";
  const auto near = preview_of(world, product(sql));
  CHECK(text_of(near) == "1 Bern");
  CHECK(near.found.sources[1].records < 5'000);
  CHECK(summary(near).find("not joined on its whole key") != std::string::npos);
  order(world, 2, "FIRST", 5);
  const auto far = preview_of(world, product(sql));
  CHECK(text_of(far) == "1 Bern; 2 Turin");
  CHECK(far.found.sources[1].records == 30'001);
  CHECK(far.found.sources[1].kept == 2);
  CHECK(summary(far) == "shop/orders: all 2 records\nshop/customers: joined 2 of 2");
}

TEST_CASE("the newest rows come first; --from goes back by time; a product without history shows as much") {
  World world;
  add_shop(world);
  const base::Micros now = base::system_clock().now();
  for (int i = 1; i <= 50; ++i) order(world, i, "ada", i, now - (60 - i) * 60'000'000LL);
  const char* sql = "SELECT o.id FROM orders o";
  const auto newest = preview_of(world, product(sql), {.limit = 3});
  CHECK(text_of(newest) == "50; 49; 48");
  CHECK(newest.found.rows_found == 50);
  // The records of the last 15 minutes: 46 to 50.
  const auto since = preview_of(world, product(sql), {.from = 15 * 60'000'000LL});
  CHECK(text_of(since) == "50; 49; 48; 47; 46");
  CHECK(since.summary[0].starts_with("shop/orders: the newest 5 records, back to "));
  CHECK(text_of(preview_of(world, product(sql, "  history: {from: Now}\n"), {.limit = 1})) == "50");
  // What the window of the product cuts off is not shown either.
  CHECK(text_of(preview_of(world, product(sql, "  history: {from: 690s}\n"))) == "50; 49");
}

TEST_CASE("more is read until there are rows, up to a bound, and aggregates say what they are of") {
  World world;
  add_shop(world);
  std::vector<Put> orders;
  for (int i = 0; i < 12'000; ++i) {
    orders.emplace_back("",
                        fmt::format(R"({{"id": {}, "customer": "c{}", "cents": {}}})", i, i % 7, i % 1'000));
  }
  put(world, "orders", kOrderSchema, orders);
  const auto rare = preview_of(world, product("SELECT o.id FROM orders o WHERE o.cents = 500"), {.limit = 5});
  CHECK(text_of(rare) == "11500; 10500; 9500; 8500; 7500");
  CHECK(rare.found.sources[0].kept == 8'000);
  const auto grouped = preview_of(
      world, product("SELECT o.customer, count(*) AS n FROM orders o GROUP BY o.customer"), {.limit = 2});
  CHECK(grouped.rows.size() == 2);
  CHECK(grouped.found.rows_found == 7);
  CHECK(summary(grouped).find("aggregates are of the records read, not of all") != std::string::npos);
}

TEST_CASE("what is in error is shown with its message, and the rest as well") {
  World world;
  add_shop(world);
  order(world, 1, "ada", 0);
  order(world, 2, "bob", 4);
  put(world, "orders", kOrderSchema, {{"k", R"({"id": 3, "customer": "cyd", "cents": 2})"}});
  sources::embedded::NewRecordView bad;
  const std::string rubbish("\0\0\0\0\1\x02", 6);
  bad.value = rubbish;
  bad.partition = 0;
  REQUIRE(world.log->append("orders", std::span(&bad, 1)).ok());
  order(world, 4, "dee", 8);
  const auto report = preview_of(world, product("SELECT o.id, 100 / o.cents AS share FROM orders o"));
  CHECK(text_of(report) == "4 12; 3 50; 2 25");
  REQUIRE(report.found.errors.size() == 1);
  CHECK(report.found.errors[0].message == "division by zero");
  CHECK(report.found.bad_records_count == 1);
  REQUIRE(report.found.bad_records.size() == 1);
  CHECK(report.found.bad_records[0].find("offset 3") != std::string::npos);
}

TEST_CASE("values are spelled as the target holds them") {
  World world;
  add_shop(world);
  order(world, 1, "ada", 5);
  order(world, 2, "bob", 5);
  const auto report = preview_of(
      world, product("SELECT o.id, o.id > 1 AS big, CAST('2026-01-02 03:04:05+00' AS timestamptz) AS since, "
                     "CAST(o.cents AS numeric(6,2)) / 2 AS half FROM orders o"));
  // SQLite has neither booleans nor times.
  CHECK(text_of(report) ==
        "2 1 2026-01-02T03:04:05.000000Z 2.5000000000000000; "
        "1 0 2026-01-02T03:04:05.000000Z 2.5000000000000000");
}

TEST_CASE("who may not read a dataset sees nothing of it, whatever is sent along") {
  World world;
  add_shop(world);
  order(world, 1, "ada", 5);
  world.apply("apiVersion: v1\nkind: Namespace\nmetadata: {name: other}\n");
  const auto asked = product("SELECT o.id FROM shop.orders o", "", "other");
  const auto refused = [&](const planning::Overlay& overlay, const resources::DataProduct& by) {
    const auto report = preview_of(world, by, {.overlay = overlay});
    CHECK(report.rows.empty());
    return report.errors.empty() ? std::string() : report.errors[0].code;
  };
  CHECK(refused({}, asked) == "AccessDenied");
  // A changed copy of the dataset does not count, nor does another one over its topic.
  auto stored = world.resources->get(resources::kind_of<resources::Dataset>(), "shop", "orders");
  REQUIRE(stored.ok());
  json::Value open = *stored;
  open.get_or_add("spec").set("access", json::Object{{"namespaces", json::Object{{"from", "All"}}}});
  CHECK(refused({{open}}, asked) == "AccessDenied");
  json::Value mine = open;
  mine.get_or_add("metadata").set("namespace", "other");
  mine.get_or_add("metadata").set("name", "mine");
  CHECK(refused({{mine}}, product("SELECT o.id FROM mine o", "", "other")) == "AccessDenied");
}

TEST_CASE("a new dataset over a stored one's topic keeps its columns masked") {
  World world;
  add_shop(world);
  put(world, "customers", kCustomerSchema, {{"ada", customer("ada", "Turin")}});
  auto copy = *world.resources->get(resources::kind_of<resources::Dataset>(), "shop", "customers");
  copy.get_or_add("metadata").set("name", "people");
  copy.get_or_add("spec").erase("columns");
  const auto report =
      preview_of(world, product("SELECT p.name, p.email FROM people p"), {.overlay = {{copy}}});
  CHECK(text_of(report) == "ada •••");
}

TEST_CASE("time that is over is said, and a caller that is gone ends it") {
  World world;
  add_shop(world);
  put(world, "customers", kCustomerSchema, {{"ada", customer("ada", "Turin")}});
  order(world, 1, "ada", 5);
  const auto gone = preview_of(world, product(kJoined), {.wanted = [] { return false; }});
  REQUIRE(gone.errors.size() == 1);
  CHECK(gone.errors[0].code == "Cancelled");

  Direct direct(world, product(kJoined));
  direct.input.limits.lookup_time = std::chrono::milliseconds(0);
  auto made = preview::run(direct.input);
  REQUIRE(made.ok());
  CHECK(made->rows.rows == 1);
  CHECK(made->sources[1].time_over);
  CHECK(made->sources[1].found_keys == 0);
  CHECK_FALSE(made->sources[1].complete);
}

TEST_CASE("a look-up that stops half-way says how many keys it has and how far it came") {
  World world;
  add_shop(world);
  std::vector<Put> customers;
  for (int i = 0; i < 5'000; ++i)
    customers.emplace_back(fmt::format("c{}", i), customer(fmt::format("c{}", i), "Bern"));
  customers.emplace_back(
      "last", fmt::format(R"({{"name": "last", "city": "Bern", "email": "{}"}})", std::string(300'000, 'm')));
  put(world, "customers", kCustomerSchema, customers);
  order(world, 1, "c0", 5);
  order(world, 2, "last", 5);
  Direct direct(world, product(kJoined));
  // The newest alone is more than may be kept.
  direct.input.limits.bytes = 200 << 10;
  auto made = preview::run(direct.input);
  REQUIRE(made.ok());
  REQUIRE(made->rows.rows == 2);
  CHECK(made->rows.columns[2]->is_null(0));
  CHECK(made->rows.columns[2]->text(1) == "Bern");
  const auto& looked_up = made->sources[1];
  CHECK(looked_up.records == 1);
  CHECK_FALSE(looked_up.complete);
  const auto lines = summary_of(*made, {"shop/orders", "shop/customers"});
  REQUIRE(lines.size() == 3);
  CHECK(lines[1].starts_with("shop/customers: joined 1 of 2; scanned back to 20"));
  CHECK(lines[2] == "shop/customers: no further back: as much as is kept was read");
}

}  // namespace offtake::view
