// Several writers and a watcher at once.
#include <thread>

#include "store_fixture.h"

using namespace offtake;
using namespace offtake::store;
using namespace std::chrono_literals;

TEST_CASE("no update is lost, and a watch sees every version in order") {
  constexpr int kWriters = 4;
  constexpr int kEach = 25;
  StoreFixture f;
  const Written made = f.apply(product("sql: SELECT 1, runner: {threads: 1}"), "m");
  auto watch =
      f.store->watch(product_kind(), made.object.at({"metadata", "resourceVersion"}).as_string(), {});
  REQUIRE(watch.ok());

  std::atomic<int> conflicts{0};
  {
    std::vector<std::jthread> writers;
    for (int w = 0; w < kWriters; ++w) {
      writers.emplace_back([&] {
        for (int i = 0; i < kEach;) {
          json::Value object = *f.store->get(product_kind(), "default", "x");
          json::Value& metadata = object.get_or_add("metadata");
          json::Value& notes = metadata.get_or_add("annotations");
          notes.set("count", std::to_string(std::stoi(notes.string_or("count", "0")) + 1));
          auto written = f.store->update(object);
          if (written.ok()) ++i;
          if (!written.ok()) ++conflicts;
        }
      });
    }
  }
  std::int64_t last = 0;
  int seen = 0;
  std::string count;
  while (seen < kWriters * kEach) {
    auto event = (*watch)->next(5s);
    REQUIRE(event.ok());
    REQUIRE(event->has_value());
    const std::int64_t version = std::stoll((*event)->object.at({"metadata", "resourceVersion"}).as_string());
    CHECK(version > last);
    last = version;
    count = (*event)->object.at({"metadata", "annotations", "count"}).as_string();
    ++seen;
  }
  CHECK(count == std::to_string(kWriters * kEach));
  CHECK_FALSE((*watch)->next(0ms)->has_value());
}
