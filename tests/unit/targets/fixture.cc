#include "fixture.h"

#include <doctest/doctest.h>

#include "base/id.h"
#include "postgres_fixture.h"
#include "sqlite_fixture.h"

namespace offtake::targets_test {

std::vector<Fixture*> fixtures() {
  static SqliteFixture sqlite;
  static PostgresFixture postgres;
  return {&sqlite, &postgres};
}

Product::Product(Fixture& fixture, const std::string& target_name) : fixture_(fixture) {
  target_ = {"test-installation", base::random_uuid(), "retail", "orders-" + base::random_id(), target_name};
  auto settings = fixture.provisioner_settings();
  // Products of one test run are told apart by their class.
  settings.class_name = "c" + base::random_id();
  auto made = provision::make_provisioner(settings);
  REQUIRE_MESSAGE(made.ok(), made.error().text());
  provisioner_ = *std::move(made);
  const provision::Credentials credentials{base::random_password(), base::random_password()};
  auto ready = provisioner_->ensure(target_, credentials);
  REQUIRE_MESSAGE(ready.ok(), ready.error().text() << " " << ready.error().detail);
  connection_ = ready->writer;
  connection_.password = credentials.writer_password;
}

Product::~Product() {
  const auto removed = provisioner_->remove(target_, false);
  CHECK_MESSAGE(removed.ok(), removed.error().text() << " " << removed.error().detail);
}

std::unique_ptr<Target> Product::open(const TableSpec& table) {
  auto opened = find_engine(connection_.engine)->open(connection_, table, uid());
  REQUIRE_MESSAGE(opened.ok(), opened.error().text() << " " << opened.error().detail);
  return *std::move(opened);
}

}  // namespace offtake::targets_test
