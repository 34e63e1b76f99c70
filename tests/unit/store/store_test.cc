#include <filesystem>
#include <fstream>
#include <sstream>

#include "controlplane/store/status.h"
#include "operators/kubernetes/status.h"
#include "store_fixture.h"

using namespace offtake;
using namespace offtake::store;
using namespace std::chrono_literals;

namespace {

json::Value secret(std::string_view name) {
  return yaml_object(
      fmt::format("apiVersion: v1\nkind: Secret\nmetadata: {{name: {}, namespace: default}}\nstringData: "
                  "{{password: hunter2}}",
                  name));
}

json::Value space(std::string_view name) {
  return yaml_object(fmt::format("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {}}}", name));
}

}  // namespace

TEST_CASE("optimistic concurrency, uid and generation") {
  StoreFixture f;
  auto made = f.store->create(yaml_object(product("sql: SELECT 1")));
  REQUIRE(made.ok());
  CHECK(f.store->create(yaml_object(product("sql: SELECT 1"))).error().code == "AlreadyExists");
  json::Value stale = made->object;
  json::Value edit = made->object;
  edit.find("spec")->set("owner", "x");
  auto updated = f.store->update(edit);
  REQUIRE(updated.ok());
  CHECK(updated->object.at({"metadata", "generation"}).as_int() == 2);
  CHECK(updated->object.at({"metadata", "uid"}) == made->object.at({"metadata", "uid"}));
  stale.find("spec")->set("owner", "y");
  CHECK(f.store->update(stale).error().code == "Conflict");
  // Labels are no edit of the spec; a write that changes nothing is none.
  auto labelled = f.store->patch(product_kind(), "default", "x", PatchType::kMerge,
                                 *json::parse(R"({"metadata":{"labels":{"a":"b"}}})"));
  REQUIRE(labelled.ok());
  CHECK(labelled->object.at({"metadata", "generation"}).as_int() == 2);
  auto again = f.store->patch(product_kind(), "default", "x", PatchType::kMerge,
                              *json::parse(R"({"metadata":{"labels":{"a":"b"}}})"));
  REQUIRE(again.ok());
  CHECK_FALSE(again->changed);
  CHECK(again->object == labelled->object);
}

TEST_CASE("what is wrong is refused with every cause, and nothing is stored") {
  StoreFixture f;
  auto made = f.store->create(yaml_object(product("sqll: SELECT 1, freshness: soon")));
  REQUIRE_FALSE(made.ok());
  CHECK(made.error().code == "Invalid");
  CHECK(made.error().causes.size() == 3);
  const json::Value status = to_status(made.error(), &product_kind(), "x");
  CHECK(status["code"].as_int() == 422);
  CHECK(kubernetes::from_status(422, status).causes.size() == 3);
  CHECK(f.store->get(product_kind(), "default", "x").error().code == "NotFound");
  CHECK(f.store->create(yaml_object(product("sql: SELECT 1", "name: x, namespace: nowhere"))).error().code ==
        "NotFound");
  auto fixed = f.store->create(yaml_object(product("sql: SELECT 1, target: {name: a}")));
  REQUIRE(fixed.ok());
  fixed->object.find("spec")->find("target")->set("name", "b");
  CHECK(f.store->update(fixed->object).error().causes.at(0).code == "Immutable");
  auto label = f.store->patch(product_kind(), "default", "x", PatchType::kMerge,
                              *json::parse(R"({"metadata":{"labels":{"a":"not a value"}}})"));
  CHECK(label.error().code == "Invalid");
}

TEST_CASE("places within SQL travel through a Status") {
  base::Error error = base::terminal("Invalid", "DataProduct retail/x: …");
  error.causes.push_back(
      base::terminal("UnknownColumn", "column o.a does not exist").with_hint("did you mean b?"));
  error.causes[0].location = {"", "spec.sql", 4, 12};
  const base::Error back = kubernetes::from_status(422, to_status(error));
  CHECK(back.causes.at(0).text() == error.causes[0].text());
}

TEST_CASE("finalizers hold a deleted object") {
  StoreFixture f;
  auto made = f.store->create(yaml_object(product("sql: SELECT 1")));
  REQUIRE(made.ok());
  auto meta = resources::from_json<resources::DataProduct>(made->object).metadata;
  REQUIRE(add_finalizer(*f.store, product_kind(), meta, "a/b").ok());
  CHECK_FALSE(add_finalizer(*f.store, product_kind(), meta, "c/d").ok());  // the list read is old
  DeleteOptions wrong;
  wrong.uid = "another";
  CHECK(f.store->remove(product_kind(), "default", "x", wrong).error().code == "Conflict");
  auto removed = f.store->remove(product_kind(), "default", "x", {});
  REQUIRE(removed.ok());
  CHECK_FALSE(removed->gone);
  auto held = get<resources::DataProduct>(*f.store, "default", "x");
  REQUIRE(held.ok());
  CHECK(held->metadata.deleting());
  CHECK(add_finalizer(*f.store, product_kind(), held->metadata, "c/d").error().code == "Invalid");
  REQUIRE(remove_finalizer(*f.store, product_kind(), held->metadata, "a/b").ok());
  CHECK(f.store->get(product_kind(), "default", "x").error().code == "NotFound");
}

TEST_CASE("watch: what is there, then changes; a selector sees things come and go") {
  StoreFixture f;
  f.apply(product("sql: SELECT 1", "name: a, namespace: default, labels: {k: v}"), "m");
  ListOptions options;
  options.label_selector = "k=v";
  auto watch = f.store->watch(product_kind(), "", options);
  REQUIRE(watch.ok());
  auto next = [&] {
    auto event = (*watch)->next(1s);
    REQUIRE(event.ok());
    REQUIRE(event->has_value());
    return **event;
  };
  CHECK(next().type == WatchEventType::kAdded);
  const auto patch = [&](const char* text) {
    REQUIRE(f.store->patch(product_kind(), "default", "a", PatchType::kMerge, *json::parse(text)).ok());
  };
  patch(R"({"spec":{"owner":"o"}})");
  CHECK(next().type == WatchEventType::kModified);
  patch(R"({"metadata":{"labels":{"k":"w"}}})");
  CHECK(next().type == WatchEventType::kDeleted);
  patch(R"({"metadata":{"labels":{"k":"v"}}})");
  CHECK(next().type == WatchEventType::kAdded);
  REQUIRE(f.store->remove(product_kind(), "default", "a", {}).ok());
  CHECK(next().type == WatchEventType::kDeleted);
  CHECK_FALSE((*watch)->next(0ms)->has_value());
  std::jthread closer([&] { (*watch)->close(); });
  CHECK_FALSE((*watch)->next(60s)->has_value());
}

TEST_CASE("a watch from too far back is told so") {
  StoreFixture f(":memory:", 3);
  const std::string start = f.store->resource_version();
  for (int i = 0; i < 5; ++i)
    f.apply(product("sql: SELECT 1", fmt::format("name: x{}, namespace: default", i)), "m");
  CHECK(f.store->watch(product_kind(), start, {}).error().code == "Expired");
  CHECK(f.store->watch(product_kind(), f.store->resource_version(), {}).ok());
}

TEST_CASE("lists in pages") {
  StoreFixture f;
  for (int i = 0; i < 7; ++i)
    f.apply(product("sql: SELECT 1", fmt::format("name: x{}, namespace: default", i)), "m");
  ListOptions options;
  options.limit = 3;
  std::vector<std::string> names;
  do {
    auto page = f.store->list(product_kind(), options);
    REQUIRE(page.ok());
    for (const auto& item : page->items) names.push_back(item["metadata"].string_or("name"));
    options.continue_token = page->continue_token;
  } while (!options.continue_token.empty());
  CHECK(names.size() == 7);
  options.field_selector = "metadata.name=x3";
  CHECK(f.store->list(product_kind(), options)->items.size() == 1);
  options.field_selector = "spec.owner=x3";
  CHECK(f.store->list(product_kind(), options).error().code == "BadRequest");
}

TEST_CASE("what is stored is there after a restart, Secrets unreadable on disk") {
  const auto folder =
      std::filesystem::temp_directory_path() / ("offtake-store-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  const auto path = folder / "resources.db";
  json::Value before;
  std::string version;
  {
    StoreFixture f(path);
    REQUIRE(f.store->create(secret("s")).ok());
    before = *f.store->get(resources::kind_of<resources::Secret>(), "default", "s");
    CHECK(resources::from_json<resources::Secret>(before).value("password") == "hunter2");
    version = f.store->resource_version();
  }
  {
    StoreFixture f(path);
    CHECK(*f.store->get(resources::kind_of<resources::Secret>(), "default", "s") == before);
    CHECK(f.store->resource_version() == version);
  }
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream in(entry.path(), std::ios::binary);
    std::stringstream bytes;
    bytes << in.rdbuf();
    CHECK(bytes.str().find("hunter2") == std::string::npos);
    CHECK(bytes.str().find("aHVudGVyMg==") == std::string::npos);
  }
  StoreOptions wrong;
  wrong.path = path;
  wrong.secret_key = std::string(32, 'x');
  CHECK_FALSE(EmbeddedStore::open(wrong).ok());
  std::filesystem::remove_all(folder);
}

TEST_CASE("a namespace is emptied in stages before it goes") {
  StoreFixture f;
  const auto& namespaces = resources::kind_of<resources::Namespace>();
  REQUIRE(f.store->create(space("team")).ok());
  auto made =
      f.store->create(yaml_object(product("sql: SELECT 1", "name: p, namespace: team, finalizers: [a/b]")));
  REQUIRE(made.ok());
  REQUIRE(f.store
              ->create(yaml_object(
                  "apiVersion: offtake.dev/v1alpha1\nkind: Dataset\nmetadata: {name: d, namespace: "
                  "team}\nspec: {type: Event, source: {eventStoreName: m, topic: t}}"))
              .ok());
  CHECK(f.store->remove(namespaces, "", "default", {}).error().code == "Forbidden");
  REQUIRE(f.store->remove(namespaces, "", "team", {}).ok());
  CHECK(f.store->get(namespaces, "", "team")->at({"status", "phase"}).as_string() == "Terminating");
  CHECK(f.store->get(resources::kind_of<resources::Dataset>(), "team", "d").ok());
  CHECK(f.store->create(yaml_object(product("sql: SELECT 1", "name: q, namespace: team"))).error().code ==
        "Forbidden");
  auto held = get<resources::DataProduct>(*f.store, "team", "p");
  REQUIRE(held.ok());
  CHECK(held->metadata.deleting());
  REQUIRE(remove_finalizer(*f.store, product_kind(), held->metadata, "a/b").ok());
  CHECK(f.store->get(namespaces, "", "team").error().code == "NotFound");
  CHECK(f.store->get(resources::kind_of<resources::Dataset>(), "team", "d").error().code == "NotFound");
}

TEST_CASE("dependants go with their last owner") {
  StoreFixture f;
  auto owner = f.store->create(yaml_object(product("sql: SELECT 1")));
  REQUIRE(owner.ok());
  json::Value dependant = secret("s");
  dependant.find("metadata")
      ->set("ownerReferences", json::Array{json::Object{{"apiVersion", "offtake.dev/v1alpha1"},
                                                        {"kind", "DataProduct"},
                                                        {"name", "x"},
                                                        {"uid", owner->object.at({"metadata", "uid"})}}});
  REQUIRE(f.store->create(dependant).ok());
  REQUIRE(f.store->remove(product_kind(), "default", "x", {}).ok());
  CHECK(f.store->get(resources::kind_of<resources::Secret>(), "default", "s").error().code == "NotFound");
}

TEST_CASE("events count up and are forgotten after an hour") {
  StoreFixture f;
  const auto made = f.apply(product("sql: SELECT 1"), "m");
  const auto object = resources::from_json<resources::DataProduct>(made.object);
  const auto say = [&](std::string_view message) {
    record_event(*f.store, product_kind(), object.metadata, "Normal", "Filled", message, "test",
                 f.clock.now());
  };
  say("one");
  say("one");
  ListOptions options;
  options.field_selector = "involvedObject.name=x,involvedObject.uid=" + object.metadata.uid;
  auto events = list<resources::Event>(*f.store, options);
  REQUIRE(events.ok());
  REQUIRE(events->size() == 1);
  CHECK(events->at(0).count == 2);
  f.clock.advance(7'200'000'000);
  say("two");
  events = list<resources::Event>(*f.store, options);
  REQUIRE(events->size() == 1);
  CHECK(events->at(0).message == "two");
}

TEST_CASE("a dry run stores nothing") {
  StoreFixture f;
  REQUIRE(f.store->create(yaml_object(product("sql: SELECT 1")), {"m", true}).ok());
  CHECK(f.store->get(product_kind(), "default", "x").error().code == "NotFound");
}
