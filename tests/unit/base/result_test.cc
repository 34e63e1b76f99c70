#include "base/result.h"

#include <doctest/doctest.h>

#include <set>

#include "base/id.h"

using namespace offtake::base;

TEST_CASE("an error's text says where, what and what to do") {
  Location location;
  location.file = "orders.yaml";
  location.line = 4;
  location.column = 12;
  const Error error = terminal("UnknownColumn", "column 'custmer_id' is not known")
                          .with_hint("did you mean customer_id?")
                          .at(location);
  CHECK(error.text() == "orders.yaml:4:12: column 'custmer_id' is not known; did you mean customer_id?");
  location.field = "spec.sql";
  CHECK(location.text() == "orders.yaml: spec.sql:4:12");
  CHECK(transient("X", "b").in("a").message == "a: b");
}

TEST_CASE("a result converts from what converts to its value") {
  struct Base {
    virtual ~Base() = default;
  };
  struct Derived : Base {};
  const auto make = []() -> Result<std::unique_ptr<Base>> { return std::make_unique<Derived>(); };
  CHECK(make().ok());
  const Status failed = fenced("gone");
  CHECK(failed.error().retry == Retry::kFenced);
}

TEST_CASE("identifiers have their form and do not repeat") {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string uuid = random_uuid();
    REQUIRE(uuid.size() == 36);
    CHECK(uuid[14] == '4');
    CHECK(std::string_view("89ab").find(uuid[19]) != std::string_view::npos);
    seen.insert(uuid);
  }
  CHECK(seen.size() == 1000);
  CHECK(random_id().size() == 16);
  CHECK(random_password(40).size() == 40);
}
