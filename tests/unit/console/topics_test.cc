#include "controlplane/console/topics.h"

#include <doctest/doctest.h>

using namespace offtake::console;

TEST_CASE("topics") {
  const auto read = read_topics("datasets,dataproduct/retail/x,events/retail/x,datasets,targetclasses");
  REQUIRE(read.ok());
  CHECK(*read == Topics{"datasets", "dataproduct/retail/x", "events/retail/x", "targetclasses"});
  CHECK(product_of("dataproduct/retail/x")->key() == "retail/x");
  CHECK_FALSE(product_of("events/retail/x").has_value());
  for (const std::string bad :
       {"", ",", "datasets,", "secrets", "dataproduct", "dataproduct/", "dataproduct/x", "dataproduct//x",
        "dataproduct/x/", "dataproduct/a/b/c", "events/a", "Datasets"}) {
    CAPTURE(bad);
    CHECK_FALSE(read_topics(bad).ok());
  }
  std::string many;
  for (int i = 0; i < 65; ++i) many += fmt::format("{}events/a/{}", i == 0 ? "" : ",", i);
  CHECK_FALSE(read_topics(many).ok());
  CHECK(read_topics(many.substr(0, many.rfind(','))).ok());
}
