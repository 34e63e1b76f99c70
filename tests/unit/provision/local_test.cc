// A file per product: claimed, found again, taken away.
#include <doctest/doctest.h>

#include <filesystem>

#include "base/files/files.h"
#include "base/sqlite/database.h"
#include "operators/provision/provisioner.h"

namespace offtake::provision {
namespace {

struct Place {
  files::TempDir directory = *files::TempDir::make("offtake-provision");
  std::unique_ptr<Provisioner> make(const std::string& class_name = "sqlite") {
    ProvisionerSettings settings;
    settings.engine = "sqlite";
    settings.class_name = class_name;
    settings.directory = directory.path() / "targets";
    return *make_provisioner(settings);
  }
};

ProductTarget product(const std::string& uid, const std::string& name = "orders") {
  return {"installation", uid, "retail", "the-orders", name};
}

}  // namespace

TEST_CASE("a file is made once, claimed, and removed without a trace") {
  Place place;
  auto provisioner = place.make();
  REQUIRE(provisioner->check().ok());
  const auto first = provisioner->ensure(product("u1"), {});
  REQUIRE(first.ok());
  CHECK(first->endpoint_object == "orders");
  CHECK(std::filesystem::exists(first->writer.path));
  const auto again = provisioner->ensure(product("u1"), {});
  REQUIRE(again.ok());
  CHECK(again->writer.path == first->writer.path);

  const auto other = provisioner->ensure(product("u2"), {});
  REQUIRE_FALSE(other.ok());
  CHECK(other.error().code == "TargetNameTaken");
  CHECK(other.error().message.find("the product retail/the-orders") != std::string::npos);
  CHECK(other.error().retry == base::Retry::kTerminal);
  ProductTarget foreign = product("u1");
  foreign.installation = "another";
  CHECK(provisioner->ensure(foreign, {}).error().code == "TargetNameTaken");

  // Another's removal touches nothing.
  REQUIRE(provisioner->remove(product("u2"), false).ok());
  CHECK(std::filesystem::exists(first->writer.path));
  REQUIRE(provisioner->remove(product("u1"), false).ok());
  REQUIRE(provisioner->remove(product("u1"), false).ok());
  CHECK(std::filesystem::is_empty(place.directory.path() / "targets"));
}

TEST_CASE("products that differ in class, namespace or name have files of their own") {
  Place place;
  ProductTarget elsewhere = product("u3");
  elsewhere.product_namespace = "finance";
  std::set<std::string> paths;
  paths.insert(place.make()->ensure(product("u1"), {})->writer.path);
  paths.insert(place.make("other")->ensure(product("u2"), {})->writer.path);
  paths.insert(place.make()->ensure(elsewhere, {})->writer.path);
  paths.insert(place.make()->ensure(product("u4", "Orders"), {})->writer.path);
  paths.insert(place.make()->ensure(product("u5", "../orders"), {})->writer.path);
  paths.insert(place.make()->ensure(product("u6", std::string(300, 'n')), {})->writer.path);
  CHECK(paths.size() == 6);
}

TEST_CASE("retained data keeps its rows and loses its control") {
  Place place;
  auto provisioner = place.make();
  const auto path = provisioner->ensure(product("u1"), {})->writer.path;
  {
    auto database = sqlite::Database::open(path);
    REQUIRE(database
                ->execute("CREATE TABLE orders__r1 (id); INSERT INTO orders__r1 VALUES (7); "
                          "CREATE VIEW orders AS SELECT id FROM orders__r1")
                .ok());
  }
  REQUIRE(provisioner->fence(product("u1"), 1).ok());
  REQUIRE(provisioner->controls(product("u1"))->size() == 1);
  REQUIRE(provisioner->remove(product("u1"), true).ok());
  CHECK(provisioner->controls(product("u1"))->empty());
  auto database = sqlite::Database::open(path, {.read_only = true});
  auto found = database->prepare("SELECT id FROM orders");
  REQUIRE(*found->step());
  CHECK(found->int64(0) == 7);
  const auto taken = provisioner->ensure(product("u2"), {}).error();
  CHECK(taken.code == "TargetNameTaken");
  CHECK(taken.message.find("was retained from the product") != std::string::npos);
  CHECK(provisioner->ensure(product("u1"), {}).error().code == "TargetNameTaken");
  CHECK(provisioner->remove(product("u1"), true).ok());  // once more, as after a crash
}

TEST_CASE("a file that Offtake did not make is not adopted") {
  Place place;
  auto provisioner = place.make();
  const auto path = place.directory.path() / "targets" / "sqlite" / "retail" / "orders.db";
  REQUIRE(files::make_dirs(path.parent_path()).ok());
  REQUIRE(sqlite::Database::open(path)->execute("CREATE TABLE precious (id)").ok());
  const auto refused = provisioner->ensure(product("u1"), {});
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == "TargetNameTaken");
  REQUIRE(provisioner->remove(product("u1"), false).ok());
  CHECK(std::filesystem::exists(path));
}

TEST_CASE("what is not available is refused by name") {
  ProvisionerSettings settings;
  settings.engine = "redis";
  CHECK(make_provisioner(settings).error().message == "engine redis is not available in this version");
  settings.engine = "sqlite";
  settings.parameters = {{"tablespace", "fast"}};
  CHECK(make_provisioner(settings).error().code == "BadParameter");
}

}  // namespace offtake::provision
