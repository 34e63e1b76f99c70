// Many who write at once.
#include <set>
#include <thread>

#include "cases.h"

namespace offtake::resource_client_test {
namespace {

using Step = std::function<void(store::ResourceClient& client, int thread)>;

// Each thread with a client of its own.
void in_threads(World& world, int threads, const Step& step) {
  std::vector<std::jthread> all;
  for (int t = 0; t < threads; ++t) {
    all.emplace_back([&world, &step, t] {
      const auto client = world.backing.another();
      step(*client, t);
    });
  }
}

// A write that lost to another one, and may be tried again as it is.
bool overtaken(const base::Error& error) {
  return error.code == "Conflict" && error.causes.empty();
}

json::Value must_get(World& world, std::string_view name) {
  auto found = world.client.get(products(), world.space, name);
  if (!found) FAIL(found.error().text());
  return *std::move(found);
}

}  // namespace

CONFORMANCE_CASE("concurrency: updates over what was read lose nothing") {
  constexpr int kThreads = 4, kEach = 10;
  REQUIRE(world.client.create(product(world, "a")).ok());
  std::atomic<int> failed{0};
  in_threads(world, kThreads, [&](store::ResourceClient& client, int) {
    for (int done = 0; done < kEach;) {
      auto present = client.get(products(), world.space, "a");
      if (!present) {
        ++failed;
        return;
      }
      json::Value& notes = present->get_or_add("metadata").get_or_add("annotations");
      notes.set("count", std::to_string(std::stoi("0" + notes.string_or("count")) + 1));
      auto written = client.update(*present);
      if (written) ++done;
      if (!written && written.error().code != "Conflict") {
        ++failed;
        return;
      }
    }
  });
  CHECK(failed == 0);
  CHECK(must_get(world, "a").at({"metadata", "annotations", "count"}).as_string() ==
        std::to_string(kThreads * kEach));
}

CONFORMANCE_CASE("concurrency: of many who make one name, one does") {
  std::atomic<int> made{0}, told{0};
  in_threads(world, 8, [&](store::ResourceClient& client, int thread) {
    auto written = client.create(product(world, "a", fmt::format("o{}", thread)));
    if (written) ++made;
    if (!written && written.error().code == "AlreadyExists") ++told;
  });
  CHECK(made == 1);
  CHECK(told == 7);
}

CONFORMANCE_CASE("concurrency: of many who delete one object, one is told that it went") {
  REQUIRE(world.client.create(product(world, "a")).ok());
  std::atomic<int> gone{0}, told{0};
  in_threads(world, 6, [&](store::ResourceClient& client, int) {
    auto deleted = client.remove(products(), world.space, "a");
    if (deleted && deleted->gone) ++gone;
    if (!deleted && deleted.error().code == "NotFound") ++told;
  });
  CHECK(gone >= 1);
  CHECK(gone + told == 6);
}

CONFORMANCE_CASE("concurrency: names that are made up are all different") {
  std::mutex mutex;
  std::set<std::string> names;
  in_threads(world, 4, [&](store::ResourceClient& client, int) {
    for (int i = 0; i < 10; ++i) {
      auto written = client.create(from_yaml(world, "{kind: Secret, metadata: {generateName: s-}}"));
      if (!written) continue;
      const std::lock_guard lock(mutex);
      names.insert(written->object["metadata"].string_or("name"));
    }
  });
  CHECK(names.size() == 40);
}

CONFORMANCE_CASE("concurrency: applies of several managers are all there") {
  constexpr int kManagers = 6;
  REQUIRE(world.client.apply(product(world, "a")).ok());
  std::atomic<int> failed{0};
  in_threads(world, kManagers, [&](store::ResourceClient& client, int thread) {
    json::Value own = from_yaml(
        world, fmt::format("{{kind: DataProduct, name: a, metadata: {{labels: {{l{}: x}}}}}}", thread));
    for (int i = 0; i < 5; ++i) {
      own.find("metadata")->find("labels")->set(fmt::format("l{}", thread), fmt::format("v{}", i));
      auto written = client.apply(own, {fmt::format("m{}", thread), false, false, false});
      while (!written && overtaken(written.error())) {
        written = client.apply(own, {fmt::format("m{}", thread), false, false, false});
      }
      if (!written) ++failed;
    }
  });
  CHECK(failed == 0);
  const json::Value stored = must_get(world, "a");
  CHECK(stored.at({"metadata", "labels"}).as_object().size() == kManagers);
  for (const auto& [name, value] : stored.at({"metadata", "labels"}).as_object())
    CHECK(value.as_string() == "v4");
  CHECK(stored.at({"metadata", "managedFields"}).as_array().size() == kManagers + 1);
}

CONFORMANCE_CASE("concurrency: of applies that disagree one wins, the others are told") {
  std::atomic<int> won{0}, told{0};
  REQUIRE(world.client.apply(product(world, "a")).ok());
  in_threads(world, 6, [&](store::ResourceClient& client, int thread) {
    const json::Value own =
        from_yaml(world, fmt::format("{{kind: DataProduct, name: a, spec: {{owner: o{}}}}}", thread));
    auto written = client.apply(own, {fmt::format("m{}", thread), false, false, false});
    while (!written && overtaken(written.error())) {
      written = client.apply(own, {fmt::format("m{}", thread), false, false, false});
    }
    if (written) ++won;
    if (!written && written.error().code == "Conflict") ++told;
  });
  CHECK(won == 1);
  CHECK(told == 5);
}

CONFORMANCE_CASE("concurrency: finalizers of several holders are all there") {
  auto made = world.client.create(product(world, "a"));
  REQUIRE(made.ok());
  std::atomic<int> failed{0};
  in_threads(world, 4, [&](store::ResourceClient& client, int thread) {
    for (int tried = 0; tried < 100; ++tried) {
      auto read = store::get<resources::DataProduct>(client, world.space, "a");
      if (read &&
          store::add_finalizer(client, products(), read->metadata, fmt::format("example.org/f{}", thread)))
        return;
    }
    ++failed;
  });
  CHECK(failed == 0);
  CHECK(must_get(world, "a").at({"metadata", "finalizers"}).as_array().size() == 4);
}

CONFORMANCE_CASE("concurrency: a status is written beside edits of the spec") {
  auto made = world.client.apply(product(world, "a"));
  REQUIRE(made.ok());
  auto object = resources::from_json<resources::DataProduct>(made->object);
  std::atomic<int> failed{0};
  in_threads(world, 2, [&](store::ResourceClient& client, int thread) {
    for (int i = 0; i < 10; ++i) {
      if (thread == 0) {
        auto written = client.apply(product(world, "a", fmt::format("o{}", i)));
        while (!written && overtaken(written.error()))
          written = client.apply(product(world, "a", fmt::format("o{}", i)));
        if (!written) ++failed;
      } else {
        resources::DataProduct own = object;
        own.status.observed_generation = i + 1;
        if (!store::apply_status(client, own)) ++failed;
      }
    }
  });
  CHECK(failed == 0);
  const json::Value stored = must_get(world, "a");
  CHECK(stored["spec"].string_or("owner") == "o9");
  CHECK(stored["status"].int_or("observedGeneration") == 10);
  CHECK(stored["metadata"].int_or("generation") == 11);
}

}  // namespace offtake::resource_client_test
