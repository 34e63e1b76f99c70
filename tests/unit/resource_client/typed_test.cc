// What resource_client.h offers on top of the verbs: typed reading, finalizers, status, events.
#include "cases.h"

namespace offtake::resource_client_test {
namespace {

resources::DataProduct made_product(World& world, std::string_view name) {
  auto made = world.client.create(product(world, name));
  if (!made) FAIL(made.error().text());
  return resources::from_json<resources::DataProduct>(made->object);
}

resources::DataProduct read_product(World& world, std::string_view name) {
  auto found = store::get<resources::DataProduct>(world.client, world.space, name);
  if (!found) FAIL(found.error().text());
  return *std::move(found);
}

}  // namespace

CONFORMANCE_CASE("typed: typed reading") {
  const auto made = made_product(world, "a");
  const auto read = read_product(world, "a");
  CHECK(read.metadata.uid == made.metadata.uid);
  CHECK(read.spec.sql == "SELECT 1");
  store::ListOptions options;
  options.namespace_name = world.space;
  auto all = store::list<resources::DataProduct>(world.client, options);
  REQUIRE(all.ok());
  REQUIRE(all->size() == 1);
  CHECK(all->at(0).metadata.creation_time.has_value());
}

CONFORMANCE_CASE("typed: a finalizer comes, holds, and lets go") {
  auto object = made_product(world, "a");
  REQUIRE(store::add_finalizer(world.client, products(), object.metadata, "example.org/f").ok());
  CHECK_FALSE(store::add_finalizer(world.client, products(), object.metadata, "example.org/g").ok());
  object = read_product(world, "a");
  CHECK(object.metadata.has_finalizer("example.org/f"));
  CHECK(store::add_finalizer(world.client, products(), object.metadata, "example.org/f").ok());
  REQUIRE(world.client.remove(products(), world.space, "a").ok());
  CHECK(read_product(world, "a").metadata.deleting());
  object = read_product(world, "a");
  CHECK(store::add_finalizer(world.client, products(), object.metadata, "example.org/g").error().code ==
        "Invalid");
  REQUIRE(store::remove_finalizer(world.client, products(), object.metadata, "example.org/f").ok());
  CHECK(world.client.get(products(), world.space, "a").error().code == "NotFound");
}

CONFORMANCE_CASE("typed: a finalizer is for the object that was read only") {
  const auto before = made_product(world, "a");
  REQUIRE(world.client.remove(products(), world.space, "a").ok());
  made_product(world, "a");
  CHECK(store::add_finalizer(world.client, products(), before.metadata, "example.org/f").error().code ==
        "Invalid");
  CHECK(read_product(world, "a").metadata.finalizers.empty());
}

CONFORMANCE_CASE("typed: a status as a whole") {
  auto object = made_product(world, "a");
  resources::set_condition(object.status.conditions,
                           {"Ready", resources::Truth::kFalse, "Filling", "10 %", 1, {}},
                           1'700'000'000'000'000);
  resources::set_condition(object.status.conditions,
                           {"Planned", resources::Truth::kTrue, "Planned", "", 1, {}}, 1'700'000'000'000'000);
  object.status.class_name = "postgres";
  auto written = store::apply_status(world.client, object);
  REQUIRE(written.ok());
  CHECK(written->changed);
  CHECK(read_product(world, "a").status.conditions.size() == 2);
  CHECK_FALSE(store::apply_status(world.client, object)->changed);
  resources::remove_condition(object.status.conditions, "Planned");
  object.status.class_name.clear();
  REQUIRE(store::apply_status(world.client, object).ok());
  const auto read = read_product(world, "a");
  CHECK(read.status.conditions.size() == 1);
  CHECK(read.status.class_name.empty());
  CHECK(read.metadata.generation == 1);
}

CONFORMANCE_CASE("typed: a status is for the object that was read only") {
  const auto before = made_product(world, "a");
  REQUIRE(world.client.remove(products(), world.space, "a").ok());
  CHECK(store::apply_status(world.client, before).error().code == "Conflict");
  made_product(world, "a");
  CHECK(store::apply_status(world.client, before).error().code == "Conflict");
}

CONFORMANCE_CASE("typed: events about an object count up") {
  const auto object = made_product(world, "a");
  const base::Micros now = base::system_clock().now();
  for (int i = 0; i < 3; ++i) {
    store::record_event(world.client, products(), object.metadata, "Normal", "Filled", "all is there",
                        "tests", now);
  }
  store::record_event(world.client, products(), object.metadata, "Warning", "Stalled", "it stands still",
                      "tests", now);
  store::ListOptions options;
  options.namespace_name = world.space;
  options.field_selector = "involvedObject.uid=" + object.metadata.uid + ",reason=Filled";
  auto events = store::list<resources::Event>(world.client, options);
  REQUIRE(events.ok());
  REQUIRE(events->size() == 1);
  CHECK(events->at(0).count == 3);
  CHECK(events->at(0).source.component == "tests");
  options.field_selector = "involvedObject.uid=" + object.metadata.uid;
  CHECK(store::list<resources::Event>(world.client, options)->size() == 2);
}

CONFORMANCE_CASE("typed: an event about an object of the whole cluster") {
  auto made = world.client.create(
      from_yaml(world, "{kind: EventStore, name: " + world.space + "-m, spec: {embedded: {}}}"));
  REQUIRE(made.ok());
  const auto object = resources::from_json<resources::EventStore>(made->object);
  store::record_event(world.client, resources::kind_of<resources::EventStore>(), object.metadata, "Normal",
                      "Reached", "it answers", "tests", base::system_clock().now());
  store::ListOptions options;
  options.namespace_name = "default";
  options.field_selector = "involvedObject.uid=" + object.metadata.uid;
  auto events = store::list<resources::Event>(world.client, options);
  REQUIRE(events.ok());
  CHECK(events->size() == 1);
}

}  // namespace offtake::resource_client_test
