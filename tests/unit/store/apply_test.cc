#include "store_fixture.h"

using namespace offtake;
using namespace offtake::store;

namespace {

const FieldManager* manager(const FieldManagers& managers, std::string_view name, bool apply) {
  for (const FieldManager& candidate : managers) {
    if (candidate.name == name && candidate.apply == apply) return &candidate;
  }
  return nullptr;
}

FieldManagers managers_of(const json::Value& object) {
  return read_managers(object.at({"metadata", "managedFields"}));
}

}  // namespace

TEST_CASE("apply owns what it names, not the defaults") {
  StoreFixture f;
  const Written made = f.apply(product("sql: SELECT 1, history: {from: 90d}"), "a");
  CHECK(made.created);
  CHECK(made.object.at({"spec", "freshness"}).as_string() == "60s");
  const FieldManagers managers = managers_of(made.object);
  REQUIRE(managers.size() == 1);
  CHECK(managers[0].fields.to_json() == *json::parse(R"({"f:spec":{"f:history":{"f:from":{}},"f:sql":{}}})"));
  const Written again = f.apply(product("sql: SELECT 1, history: {from: 90d}"), "a");
  CHECK_FALSE(again.changed);
  CHECK(again.object == made.object);
}

TEST_CASE("another value of somebody else's field is a conflict") {
  StoreFixture f;
  f.apply(product("sql: SELECT 1, owner: a"), "a");
  const base::Error error = f.apply_error(product("sql: SELECT 2, owner: a, description: d"), "b");
  CHECK(error.code == "Conflict");
  REQUIRE(error.causes.size() == 1);
  CHECK(error.causes[0].code == "FieldManagerConflict");
  CHECK(error.causes[0].location.field == ".spec.sql");
  CHECK(error.causes[0].message == "conflict with \"a\"");
  const Written forced = f.apply(product("sql: SELECT 2, owner: a"), "b", true);
  const FieldManagers managers = managers_of(forced.object);
  CHECK_FALSE(manager(managers, "a", true)->fields.contains({"f:spec", "f:sql"}));
  CHECK(manager(managers, "b", true)->fields.contains({"f:spec", "f:sql"}));
  // An equal value is shared.
  CHECK(manager(managers, "a", true)->fields.contains({"f:spec", "f:owner"}));
  CHECK(manager(managers, "b", true)->fields.contains({"f:spec", "f:owner"}));
}

TEST_CASE("what is no longer named goes, unless it is shared") {
  StoreFixture f;
  f.apply(product("sql: SELECT 1, owner: o, description: d, freshness: 5m"), "a");
  f.apply(product("sql: SELECT 1, description: d"), "b");
  const Written left = f.apply(product("sql: SELECT 1"), "a");
  CHECK(left.object.at({"spec", "owner"}).is_null());
  CHECK(left.object.at({"spec", "description"}).as_string() == "d");
  CHECK(left.object.at({"spec", "freshness"}).as_string() == "60s");  // the default again
}

TEST_CASE("list-maps and sets are merged by item, other lists whole") {
  StoreFixture f;
  const auto dataset = [](std::string_view rest) {
    return fmt::format(
        "apiVersion: offtake.dev/v1alpha1\nkind: Dataset\nmetadata: {{name: d, namespace: default}}\n"
        "spec: {{type: Entity, source: {{eventStoreName: m, topic: t}}, key: {{columns: [id]}}, {}}}\n",
        rest);
  };
  f.apply(dataset("tags: [a], columns: [{path: email, description: x}]"), "a");
  const Written both =
      f.apply(dataset("tags: [b], columns: [{path: email, classification: pii}, {path: p}]"), "b");
  CHECK(json::dump(both.object.at({"spec", "tags"})) == R"(["a","b"])");
  const json::Value& columns = both.object.at({"spec", "columns"});
  REQUIRE(columns.as_array().size() == 2);
  CHECK(columns.as_array()[0] ==
        *json::parse(R"({"path":"email","description":"x","classification":"pii"})"));
  const Written left = f.apply(dataset("tags: []"), "a");
  CHECK(json::dump(left.object.at({"spec", "tags"})) == R"(["b"])");
  CHECK(left.object.at({"spec", "columns"}).as_array()[0] ==
        *json::parse(R"({"path":"email","classification":"pii"})"));
  // key.columns is atomic.
  const base::Error error = f.apply_error(
      "apiVersion: offtake.dev/v1alpha1\nkind: Dataset\nmetadata: {name: d, namespace: default}\n"
      "spec: {key: {columns: [id, other]}}\n",
      "c");
  REQUIRE(error.causes.size() == 2);
  CHECK(error.causes[0].location.field == ".spec.key.columns");
}

TEST_CASE("update takes ownership of what it changes only") {
  StoreFixture f;
  Written made = f.apply(product("sql: SELECT 1, owner: o"), "a");
  json::Value edited = made.object;
  edited.find("spec")->set("owner", "p");
  edited.find("metadata")->get_or_add("labels").set("team", "x");
  const auto updated = f.store->update(edited, {"editor", false});
  REQUIRE(updated.ok());
  const FieldManagers managers = managers_of(updated->object);
  CHECK_FALSE(manager(managers, "a", true)->fields.contains({"f:spec", "f:owner"}));
  REQUIRE(manager(managers, "editor", false) != nullptr);
  // With the labels themselves, of which there were none.
  CHECK(manager(managers, "editor", false)->fields.paths().size() == 3);
  CHECK(f.apply_error(product("sql: SELECT 1, owner: o"), "a").causes.size() == 1);
}

TEST_CASE("apply on status ignores the spec, and the other way round") {
  StoreFixture f;
  const Written made = f.apply(product("sql: SELECT 1"), "a");
  resources::DataProduct object = resources::from_json<resources::DataProduct>(made.object);
  resources::set_condition(object.status.conditions,
                           {"Ready", resources::Truth::kFalse, "Filling", "10 %", 1, {}}, f.clock.now());
  object.spec.sql = "SELECT 2";
  const auto written = apply_status(*f.store, object);
  REQUIRE(written.ok());
  CHECK(written->object.at({"spec", "sql"}).as_string() == "SELECT 1");
  CHECK(written->object.at({"metadata", "generation"}).as_int() == 1);
  CHECK(resources::from_json<resources::DataProduct>(written->object).status.conditions.size() == 1);
  const auto again = apply_status(*f.store, object);
  REQUIRE(again.ok());
  CHECK_FALSE(again->changed);
  const Written edited = f.apply(product("sql: SELECT 3"), "a");
  CHECK(edited.object.at({"metadata", "generation"}).as_int() == 2);
  CHECK_FALSE(edited.object["status"].is_null());
  object.metadata.uid = "another";
  const auto gone = apply_status(*f.store, object);
  REQUIRE_FALSE(gone.ok());
  CHECK(gone.error().code == "Conflict");
}

TEST_CASE("a manager applying with a uid does not make the object anew") {
  StoreFixture f;
  CHECK(f.apply_error(product("sql: SELECT 1", "name: x, namespace: default, uid: abc"), "a").code ==
        "Conflict");
}

TEST_CASE("pausing by another manager leaves the rest alone") {
  StoreFixture f;
  f.apply(product("sql: SELECT 1, owner: o"), "offtake");
  f.apply(product("paused: true"), "offtake-pause");
  CHECK(f.apply(product("sql: SELECT 1, owner: o"), "offtake").object.at({"spec", "paused"}).as_bool());
  // An apply that names nothing gives up what it owned.
  ApplyOptions options;
  options.field_manager = "offtake-pause";
  auto resumed = f.store->apply(
      yaml_object(
          "apiVersion: offtake.dev/v1alpha1\nkind: DataProduct\nmetadata: {name: x, namespace: default}"),
      options);
  REQUIRE(resumed.ok());
  CHECK(resumed->object.at({"spec", "paused"}).is_null());
  CHECK(resumed->object.at({"spec", "owner"}).as_string() == "o");
}
