// Watches that wait while others write.
#include <set>
#include <thread>

#include "cases.h"

using namespace std::chrono_literals;

namespace offtake::resource_client_test {
namespace {

using store::WatchEventType;

// The next change, with a bookmark passed over; a case that waits in vain fails.
store::WatchEvent next_change(store::Watch& watch) {
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  while (std::chrono::steady_clock::now() < deadline) {
    auto event = watch.next(1s);
    if (!event) FAIL(event.error().code << ": " << event.error().text());
    if (event->has_value() && (*event)->type != WatchEventType::kBookmark) return **std::move(event);
  }
  FAIL("nothing came");
  return {};
}

std::string name_of(const store::WatchEvent& event) {
  return event.object["metadata"].string_or("name");
}

std::unique_ptr<store::Watch> open_watch(World& world, std::string_view version,
                                         const resources::Kind& kind = products()) {
  store::ListOptions options;
  if (kind.namespaced) options.namespace_name = world.space;
  auto watch = world.client.watch(kind, version, options);
  if (!watch) FAIL(watch.error().text());
  return *std::move(watch);
}

std::string version_now(World& world) {
  store::ListOptions options;
  options.namespace_name = world.space;
  auto listed = world.client.list(products(), options);
  if (!listed) FAIL(listed.error().text());
  return listed->resource_version;
}

void must(const base::Result<store::Written>& written) {
  if (!written) FAIL(written.error().code << ": " << written.error().text());
}

base::Error first_error(World& world, std::string_view version) {
  auto watch = world.client.watch(products(), version, {});
  if (!watch) return watch.error();
  auto event = (*watch)->next(20s);
  if (event) FAIL("a watch from " << version << " went on");
  return event.error();
}

}  // namespace

CONFORMANCE_CASE("watch: changes reach one who waits, in their order") {
  const auto watch = open_watch(world, version_now(world));
  const auto writer = world.backing.another();
  std::jthread write([&] {
    (void)writer->create(product(world, "a"));
    (void)writer->apply(product(world, "a", "me"), {"other", true, false, false});
    (void)writer->remove(products(), world.space, "a");
  });
  CHECK(next_change(*watch).type == WatchEventType::kAdded);
  const store::WatchEvent changed = next_change(*watch);
  CHECK(changed.type == WatchEventType::kModified);
  CHECK(changed.object["spec"].string_or("owner") == "me");
  const store::WatchEvent gone = next_change(*watch);
  CHECK(gone.type == WatchEventType::kDeleted);
  CHECK(gone.object["spec"].string_or("owner") == "me");
}

CONFORMANCE_CASE("watch: what is there comes first, then what happens") {
  must(world.client.create(product(world, "a")));
  const auto watch = open_watch(world, "");
  CHECK(name_of(next_change(*watch)) == "a");
  must(world.client.create(product(world, "b")));
  CHECK(name_of(next_change(*watch)) == "b");
  REQUIRE(world.client.remove(products(), world.space, "a").ok());
  const store::WatchEvent gone = next_change(*watch);
  CHECK(gone.type == WatchEventType::kDeleted);
  CHECK(name_of(gone) == "a");
}

CONFORMANCE_CASE("watch: nothing happens") {
  const auto watch = open_watch(world, version_now(world));
  auto none = watch->next(0ms);
  REQUIRE(none.ok());
  CHECK_FALSE(none->has_value());
}

CONFORMANCE_CASE("watch: close ends what waits, and what comes after") {
  const auto watch = open_watch(world, version_now(world));
  std::jthread closer([&] { watch->close(); });
  const auto before = std::chrono::steady_clock::now();
  auto none = watch->next(60s);
  CHECK(std::chrono::steady_clock::now() - before < 20s);
  REQUIRE(none.ok());
  CHECK_FALSE(none->has_value());
  none = watch->next(60s);
  REQUIRE(none.ok());
  CHECK_FALSE(none->has_value());
}

CONFORMANCE_CASE("watch: on from the position where another one stopped") {
  const std::string start = version_now(world);
  must(world.client.create(product(world, "a")));
  must(world.client.create(product(world, "b")));
  auto watch = open_watch(world, start);
  CHECK(name_of(next_change(*watch)) == "a");
  const std::string position = watch->position();
  watch = open_watch(world, position);
  CHECK(name_of(next_change(*watch)) == "b");
}

CONFORMANCE_CASE("watch: from too far back is told so") {
  CHECK(first_error(world, world.backing.unknown_version(version_now(world))).code == "Expired");
}

CONFORMANCE_CASE("watch: a list and a watch from it miss nothing and see nothing twice") {
  constexpr int kObjects = 40;
  const auto writer = world.backing.another();
  std::jthread write([&] {
    for (int i = 0; i < kObjects; ++i) (void)writer->create(product(world, fmt::format("p{:02}", i)));
  });
  store::ListOptions options;
  options.namespace_name = world.space;
  auto listed = world.client.list(products(), options);
  REQUIRE(listed.ok());
  std::multiset<std::string> seen;
  for (const json::Value& item : listed->items) seen.insert(item["metadata"].string_or("name"));
  const auto watch = open_watch(world, listed->resource_version);
  while (seen.size() < kObjects) seen.insert(name_of(next_change(*watch)));
  CHECK(std::set<std::string>(seen.begin(), seen.end()).size() == kObjects);
}

CONFORMANCE_CASE("watch: two see the same in the same order") {
  const std::string start = version_now(world);
  const auto one = open_watch(world, start), two = open_watch(world, start);
  std::vector<std::jthread> writers;
  for (int w = 0; w < 3; ++w) {
    writers.emplace_back([&world, w] {
      const auto client = world.backing.another();
      for (int i = 0; i < 5; ++i) (void)client->create(product(world, fmt::format("w{}-{}", w, i)));
    });
  }
  std::vector<std::string> first, second;
  for (int i = 0; i < 15; ++i) first.push_back(name_of(next_change(*one)));
  for (int i = 0; i < 15; ++i) second.push_back(name_of(next_change(*two)));
  CHECK(first == second);
}

CONFORMANCE_CASE("watch: versions only grow") {
  const auto watch = open_watch(world, version_now(world));
  for (int i = 0; i < 5; ++i) must(world.client.apply(product(world, "a", fmt::format("o{}", i))));
  std::int64_t last = 0;
  for (int i = 0; i < 5; ++i) {
    const std::int64_t version =
        std::stoll(next_change(*watch).object["metadata"].string_or("resourceVersion"));
    CHECK(version > last);
    last = version;
  }
}

CONFORMANCE_CASE("watch: Secrets, and kinds of the whole cluster") {
  const auto& secrets = resources::kind_of<resources::Secret>();
  const auto secret_watch = open_watch(world, "", secrets);
  must(world.client.create(from_yaml(world, "{kind: Secret, name: s, stringData: {a: one}}")));
  CHECK(next_change(*secret_watch).object["data"].string_or("a") == "b25l");

  const auto& stores = resources::kind_of<resources::EventStore>();
  const std::string name = world.space + "-m";
  store::ListOptions options;
  options.field_selector = "metadata.name=" + name;
  auto watch = world.client.watch(stores, "", options);
  REQUIRE(watch.ok());
  must(world.client.create(from_yaml(world, "{kind: EventStore, name: " + name + ", spec: {embedded: {}}}")));
  CHECK(name_of(next_change(**watch)) == name);
  REQUIRE(world.client.remove(stores, "", name).ok());
  CHECK(next_change(**watch).type == WatchEventType::kDeleted);
}

CONFORMANCE_CASE("list: a page from too far back is told so") {
  for (const char* name : {"a", "b", "c"}) must(world.client.create(product(world, name)));
  store::ListOptions options;
  options.namespace_name = world.space;
  options.limit = 1;
  auto page = world.client.list(products(), options);
  REQUIRE(page.ok());
  options.continue_token = world.backing.outdated(*page);
  if (options.continue_token.empty()) {
    MESSAGE("left out: OFFTAKE_TEST_ETCD does not say where its etcd is");
    return;
  }
  auto next = world.client.list(products(), options);
  REQUIRE_FALSE(next.ok());
  CHECK(next.error().code == "Expired");
}

}  // namespace offtake::resource_client_test
