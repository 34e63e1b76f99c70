// Objects as large as they may be.
#include "base/crypto/crypto.h"
#include "cases.h"

namespace offtake::resource_client_test {

CONFORMANCE_CASE("size: a query of 64 KiB, and not one byte more") {
  json::Value object = product(world, "a");
  object.find("spec")->set("sql", std::string(64 << 10, 'x'));
  REQUIRE(world.client.create(object).ok());
  const auto read = store::get<resources::DataProduct>(world.client, world.space, "a");
  REQUIRE(read.ok());
  CHECK(read->spec.sql.size() == 64 << 10);
  object.find("spec")->set("sql", std::string((64 << 10) + 1, 'x'));
  const auto refused = world.client.apply(object, {"other", true, false, false});
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == "Invalid");
  REQUIRE_FALSE(refused.error().causes.empty());
  CHECK(refused.error().causes[0].location.field == "spec.sql");
}

CONFORMANCE_CASE("size: a Secret of 1 MiB, and not more") {
  std::string bytes(1 << 20, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 31 % 251);
  json::Value secret = from_yaml(world, "{kind: Secret, name: s}");
  secret.set("data", json::Object{{"a", crypto::base64(bytes)}});
  REQUIRE(world.client.create(secret).ok());
  const auto read = store::get<resources::Secret>(world.client, world.space, "s");
  REQUIRE(read.ok());
  CHECK(read->value("a") == bytes);
  secret.find("metadata")->set("name", "t");
  secret.find("data")->set("b", crypto::base64("x"));
  const auto refused = world.client.create(secret);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == "Invalid");
}

CONFORMANCE_CASE("size: annotations of 256 KiB together, and not more") {
  json::Value object = product(world, "a");
  json::Value& notes = object.find("metadata")->set("annotations", json::Value::object());
  notes.set("one", std::string(200 << 10, 'x'));
  REQUIRE(world.client.create(object).ok());
  notes.set("two", std::string(60 << 10, 'x'));
  const auto refused = world.client.apply(object, {"other", true, false, false});
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == "Invalid");
}

CONFORMANCE_CASE("size: a thousand columns") {
  json::Value object = from_yaml(
      world, "{kind: Dataset, name: d, spec: {type: Event, source: {eventStoreName: m, topic: t}}}");
  json::Value& columns = object.find("spec")->set("columns", json::Value::array());
  for (int i = 0; i < 1000; ++i) {
    columns.push_back(json::Object{{"path", fmt::format("c{}", i)}, {"description", std::string(500, 'x')}});
  }
  REQUIRE(world.client.apply(object).ok());
  const auto& datasets = resources::kind_of<resources::Dataset>();
  CHECK(world.client.get(datasets, world.space, "d")->at({"spec", "columns"}).as_array().size() == 1000);
  CHECK_FALSE(world.client.apply(object)->changed);
  columns.push_back(json::Object{{"path", "one_more"}});
  CHECK(world.client.apply(object).error().code == "Invalid");
}

}  // namespace offtake::resource_client_test
