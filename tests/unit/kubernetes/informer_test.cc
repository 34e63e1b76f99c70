#include "operators/kubernetes/informer.h"

#include <doctest/doctest.h>

#include <condition_variable>

#include "base/http/server.h"
#include "controlplane/api/api.h"
#include "controlplane/store/cached_client.h"
#include "controlplane/store/embedded_store.h"

namespace offtake::kubernetes {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kRing = 64;

// Offtake's own API, which speaks the protocol, and a client of it.
class World {
 public:
  World() {
    store::StoreOptions options;
    options.path = ":memory:";
    options.secret_key = std::string(32, 'k');
    options.ring_events = kRing;
    store = *store::EmbeddedStore::open(std::move(options));
    start(0);
    Settings settings;
    settings.cluster.url = "http://" + server_->address();
    settings.writes_per_second = 0;
    client = std::make_shared<Client>(settings);
  }
  ~World() { stop(); }

  void start(int port) {
    http::Router router;
    api::ApiOptions options;
    options.client = store.get();
    options.version = "0.0.0";
    api::add_routes(router, options);
    http::ServerOptions where;
    where.port = port;
    server_ = *http::Server::start(std::move(router), where);
    port_ = server_->port();
  }
  void stop() {
    if (server_) server_->stop();
    server_.reset();
  }
  void restart() {
    stop();
    start(port_);
  }

  json::Value put(const std::string& name, const std::string& label) const {
    json::Value object = json::Object{
        {"apiVersion", "v1"},
        {"kind", "Secret"},
        {"metadata",
         json::Object{{"name", name}, {"namespace", "default"}, {"labels", json::Object{{"l", label}}}}}};
    auto written = store->apply(object, {"test", true, false, false});
    REQUIRE(written.ok());
    return written->object;
  }
  void remove(const std::string& name) const {
    REQUIRE(store->remove(resources::kind_of<resources::Secret>(), "default", name).ok());
  }

  std::unique_ptr<store::EmbeddedStore> store;
  std::shared_ptr<Client> client;

 private:
  std::unique_ptr<http::Server> server_;
  int port_ = 0;
};

// What an informer told, as "added a", and waiting for it.
class Told {
 public:
  Informer::Listener listener() {
    return [this](const WatchEvent& event) {
      const char* verb = event.type == WatchEventType::kAdded      ? "added "
                         : event.type == WatchEventType::kModified ? "modified "
                                                                   : "deleted ";
      std::lock_guard lock(mutex_);
      lines_.push_back(verb + event.object["metadata"].string_or("name"));
      changed_.notify_all();
    };
  }
  bool wait_for(const std::string& line) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 10s, [&] { return std::count(lines_.begin(), lines_.end(), line) > 0; });
  }
  long count(const std::string& line) {
    std::lock_guard lock(mutex_);
    return std::count(lines_.begin(), lines_.end(), line);
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> lines_;
};

std::string label_of(const std::optional<json::Value>& object) {
  return object ? object->at({"metadata", "labels"}).string_or("l") : "absent";
}

}  // namespace

TEST_CASE("an informer has what is there and follows it, by one list and one watch") {
  World world;
  world.put("a", "1");
  Informer informer(*world.client, {kSecrets, "default", "", nullptr});
  Told told;
  informer.add(told.listener());
  CHECK_FALSE(informer.synced());
  informer.start();
  REQUIRE(informer.wait_synced(10s));
  CHECK(label_of(informer.get("default", "a")) == "1");
  world.put("a", "2");
  world.put("b", "1");
  REQUIRE(told.wait_for("modified a"));
  REQUIRE(told.wait_for("added b"));
  CHECK(label_of(informer.get("default", "a")) == "2");
  CHECK(informer.list().size() == 2);
  CHECK(informer.keys() == std::vector<std::string>{"default/a", "default/b"});
  CHECK_FALSE(informer.get("default", "a")->at({"metadata", "managedFields"}).is_array());
  world.remove("a");
  REQUIRE(told.wait_for("deleted a"));
  CHECK(label_of(informer.get("default", "a")) == "absent");
  CHECK(informer.counts().lists == 1);
  CHECK(informer.counts().watches == 1);
  // Who comes later is told of what is there.
  Told later;
  informer.add(later.listener());
  CHECK(later.wait_for("added b"));
}

TEST_CASE("an informer finds again what happened while the server was away and had forgotten it") {
  World world;
  world.put("kept", "1");
  world.put("gone", "1");
  Informer informer(*world.client, {kSecrets, "", "", nullptr});
  Told told;
  informer.add(told.listener());
  informer.start();
  REQUIRE(informer.wait_synced(10s));
  world.stop();
  world.remove("gone");
  world.put("new", "1");
  for (std::size_t i = 0; i < 2 * kRing; ++i) world.put("kept", std::to_string(i));
  world.restart();
  REQUIRE(told.wait_for("deleted gone"));
  REQUIRE(told.wait_for("added new"));
  REQUIRE(told.wait_for("modified kept"));
  CHECK(label_of(informer.get("default", "kept")) == std::to_string(2 * kRing - 1));
  CHECK(informer.counts().lists == 2);
  CHECK_FALSE(informer.trouble());
}

TEST_CASE("what this process wrote is read at once, and does not come back when it is gone") {
  World world;
  Informer informer(*world.client, {kSecrets, "default", "", nullptr});
  Told told;
  informer.add(told.listener());
  informer.start();
  REQUIRE(informer.wait_synced(10s));
  const json::Value first = world.put("a", "1");
  informer.put(first);
  CHECK(label_of(informer.get("default", "a")) == "1");
  const json::Value second = world.put("a", "2");
  informer.put(second);
  informer.put(first);  // an answer that comes late
  CHECK(label_of(informer.get("default", "a")) == "2");
  world.remove("a");
  REQUIRE(told.wait_for("deleted a"));
  informer.put(second);
  CHECK(label_of(informer.get("default", "a")) == "absent");
}

TEST_CASE("objects are found by what the index gives") {
  World world;
  world.put("a", "1");
  world.put("b", "1");
  world.put("c", "2");
  Informer informer(*world.client, {kSecrets, "default", "", [](const json::Value& object) {
                                      return object.at({"metadata", "labels"}).string_or("l");
                                    }});
  Told told;
  informer.add(told.listener());
  informer.start();
  REQUIRE(informer.wait_synced(10s));
  CHECK(informer.list_of("1").size() == 2);
  world.put("b", "2");
  REQUIRE(told.wait_for("modified b"));
  CHECK(informer.list_of("1").size() == 1);
  CHECK(informer.list_of("2").size() == 2);
  world.remove("c");
  REQUIRE(told.wait_for("deleted c"));
  CHECK(informer.list_of("2").size() == 1);
}

TEST_CASE("trouble is told while it lasts") {
  World world;
  Informer informer(*world.client,
                    {ResourceType{"nowhere.dev", "v1", "Thing", "things", true}, "", "", nullptr});
  informer.start();
  CHECK_FALSE(informer.wait_synced(300ms));
  REQUIRE(informer.trouble());
  CHECK(informer.trouble()->code == "KindMissing");
}

TEST_CASE("a cached client reads from memory, writes through, and its watches share one stream") {
  World world;
  store::CachedClient cached(world.client);
  const auto& secrets = resources::kind_of<resources::Secret>();
  cached.keep(secrets, "default");
  cached.start();
  REQUIRE(cached.wait_synced({}));
  auto watch = cached.watch(secrets, "", {"default", "", "", 0, ""});
  REQUIRE(watch.ok());
  const json::Value object = *json::parse(
      R"({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a", "namespace": "default"}})");
  const auto created = cached.create(object);
  REQUIRE(created.ok());
  CHECK(cached.get(secrets, "default", "a").ok());
  CHECK(cached.get(secrets, "default", "b").error().code == "NotFound");
  const auto again = cached.apply(object, {"offtake", true, false, false});
  REQUIRE(again.ok());
  auto event = (*watch)->next(10s);
  REQUIRE(event.ok());
  REQUIRE(event->has_value());
  CHECK((*event)->type == WatchEventType::kAdded);
  CHECK(cached.informer(secrets)->counts().watches == 1);
  // Of another namespace the server is asked.
  CHECK(cached.get(secrets, "offtake-system", "none").error().code == "NotFound");
}

}  // namespace offtake::kubernetes
