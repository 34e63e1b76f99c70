#include "controlplane/cli/api_client.h"

#include <doctest/doctest.h>

#include "base/http/server.h"
#include "controlplane/api/api.h"
#include "controlplane/cli/apply_documents.h"
#include "controlplane/cli/wait_for.h"
#include "controlplane/store/embedded_store.h"

using namespace offtake;
using namespace std::chrono_literals;

namespace {

cli::ServerAddress address_of(std::string url) {
  cli::ServerAddress out;
  out.url = std::move(url);
  out.token = "token";
  return out;
}

// A store behind the real API, and the client against it.
struct World {
  // The view API, which makes plans, is not there, as in a cluster; or it fails.
  explicit World(bool plans_fail = false) {
    store::StoreOptions options;
    options.path = ":memory:";
    options.secret_key = std::string(32, 'k');
    store = *store::EmbeddedStore::open(std::move(options));
    http::Router router;
    api::ApiOptions api;
    api.client = store.get();
    api.version = "0.0.0";
    api::add_routes(router, api);
    if (plans_fail) {
      router.add("*", "/apis/view.offtake.dev/{path...}", [](const http::Request&) {
        return http::Response::of(503, "no plan at present", "text/plain");
      });
    }
    http::ServerOptions where;
    where.port = 0;
    server = *http::Server::start(std::move(router), where);
    client = std::make_unique<cli::ApiClient>(address_of("http://" + server->address()));
  }
  ~World() { server->stop(); }
  std::unique_ptr<store::EmbeddedStore> store;
  std::unique_ptr<http::Server> server;
  std::unique_ptr<cli::ApiClient> client;
};

json::Value config(const std::string& name, const std::string& owner) {
  return *json::parse(R"({"apiVersion": "offtake.dev/v1alpha1", "kind": "DataProduct",
    "metadata": {"name": ")" +
                      name + R"(", "namespace": "default"},
    "spec": {"owner": ")" +
                      owner + R"(", "sql": "SELECT a FROM b"}})");
}

const resources::Kind& products() {
  return resources::kind_of<resources::DataProduct>();
}

}  // namespace

TEST_CASE("apply says created, unchanged and configured") {
  World world;
  auto first = world.client->apply(config("a", "me"));
  REQUIRE(first.ok());
  CHECK(first->created);
  CHECK(first->changed);
  auto second = world.client->apply(config("a", "me"));
  REQUIRE(second.ok());
  CHECK_FALSE(second->created);
  CHECK_FALSE(second->changed);
  auto third = world.client->apply(config("a", "you"));
  REQUIRE(third.ok());
  CHECK_FALSE(third->created);
  CHECK(third->changed);
  // Only a trial: nothing is stored.
  store::ApplyOptions trial;
  trial.dry_run = true;
  CHECK(world.client->apply(config("b", "me"), trial).ok());
  CHECK(world.client->get(products(), "default", "b").error().code == "NotFound");
}

TEST_CASE("a conflict names the owner and the field") {
  World world;
  store::ApplyOptions other;
  other.field_manager = "gitops";
  REQUIRE(world.client->apply(config("a", "me"), other).ok());
  auto refused = world.client->apply(config("a", "you"));
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == "Conflict");
  REQUIRE(refused.error().causes.size() == 1);
  CHECK(refused.error().causes[0].location.field == ".spec.owner");
  CHECK(refused.error().causes[0].message.find("gitops") != std::string::npos);
}

TEST_CASE("what is refused comes with a cause for each field") {
  World world;
  json::Value bad = config("a", "me");
  bad.find("spec")->set("histry", json::Value::object());
  bad.find("spec")->set("freshness", "soon");
  auto refused = world.client->apply(bad);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == "Invalid");
  CHECK(refused.error().causes.size() == 2);
}

TEST_CASE("create, list, patch, update and delete") {
  World world;
  REQUIRE(world.client->create(config("a", "me")).ok());
  CHECK(world.client->create(config("a", "me")).error().code == "AlreadyExists");
  REQUIRE(world.client->create(config("b", "me")).ok());
  store::ListOptions some;
  some.namespace_name = "default";
  some.limit = 1;
  auto page = world.client->list(products(), some);
  REQUIRE(page.ok());
  CHECK(page->items.size() == 1);
  CHECK(page->remaining == 1);
  some.continue_token = page->continue_token;
  CHECK(world.client->list(products(), some)->items.size() == 1);
  auto patched = world.client->patch(products(), "default", "a", store::PatchType::kMerge,
                                     *json::parse(R"({"spec": {"owner": "us"}})"));
  REQUIRE(patched.ok());
  CHECK(patched->object["spec"].string_or("owner") == "us");
  json::Value object = patched->object;
  object.find("spec")->set("owner", "them");
  CHECK(world.client->update(object)->object["spec"].string_or("owner") == "them");
  CHECK(world.client->update(object).error().code == "Conflict");  // that version is gone
  store::DeleteOptions other;
  other.uid = "11111111-1111-4111-8111-111111111111";
  CHECK(world.client->remove(products(), "default", "a", other).error().code == "Conflict");
  auto deleted = world.client->remove(products(), "default", "a");
  REQUIRE(deleted.ok());
  CHECK(deleted->gone);
  CHECK(world.client->get(products(), "default", "a").error().code == "NotFound");
}

TEST_CASE("a watch shows what is there, what changes and what goes") {
  World world;
  REQUIRE(world.client->create(config("a", "me")).ok());
  auto watch = world.client->watch(products(), "");
  REQUIRE(watch.ok());
  const auto next = [&]() -> std::pair<store::WatchEventType, std::string> {
    for (;;) {
      auto event = (*watch)->next(10s);
      REQUIRE(event.ok());
      REQUIRE(event->has_value());
      if ((*event)->type == store::WatchEventType::kBookmark) continue;
      return {(*event)->type, (*event)->object["metadata"].string_or("name")};
    }
  };
  CHECK(next() == std::pair(store::WatchEventType::kAdded, std::string("a")));
  REQUIRE(world.client->create(config("b", "me")).ok());
  CHECK(next() == std::pair(store::WatchEventType::kAdded, std::string("b")));
  REQUIRE(world.client->apply(config("b", "me")).ok());
  REQUIRE(world.client->remove(products(), "default", "a").ok());
  auto last = next();
  if (last.first == store::WatchEventType::kModified) last = next();
  CHECK(last == std::pair(store::WatchEventType::kDeleted, std::string("a")));
  (*watch)->close();
}

TEST_CASE("waiting ends with what it waits for, or says what is instead") {
  World world;
  cli::Console console;
  REQUIRE(world.client->create(config("a", "me")).ok());
  const cli::ObjectName a{&products(), "default", "a"};
  cli::WaitChoices soon;
  soon.timeout = 50ms;
  auto waited = cli::wait_for_condition(*world.client, a, "Ready", "True", soon, console);
  REQUIRE_FALSE(waited.ok());
  CHECK(waited.error().code == "TimedOut");
  CHECK(cli::wait_for_deletion(*world.client, a, "", soon).error().code == "TimedOut");
  cli::WaitChoices patient;
  std::jthread remover([&] {
    auto status = *json::parse(R"({"apiVersion": "offtake.dev/v1alpha1", "kind": "DataProduct",
      "metadata": {"name": "a", "namespace": "default"},
      "status": {"conditions": [{"type": "Ready", "status": "True", "reason": "Live", "message": "Fed.",
        "lastTransitionTime": "2026-11-24T00:00:00Z"}]}})");
    store::ApplyOptions options;
    options.status = true;
    CHECK(world.store->apply(status, options).ok());
  });
  CHECK(cli::wait_for_condition(*world.client, a, "Ready", "True", patient, console).ok());
  remover.join();
  REQUIRE(world.client->remove(products(), "default", "a").ok());
  CHECK(cli::wait_for_deletion(*world.client, a, "", patient).ok());
}

TEST_CASE("documents are sent in order, with the namespaces they need, and nothing when something is wrong") {
  World world(true);
  cli::Console console;
  const char* text = R"(
apiVersion: offtake.dev/v1alpha1
kind: DataProduct
metadata: {name: a, namespace: fresh}
spec: {sql: SELECT a FROM b}
)";
  cli::ApplyChoices unplanned;
  unplanned.plan = false;
  auto documents = resources::read_documents(text, "a.yaml");
  cli::ApplyChoices trial = unplanned;
  trial.dry_run = true;
  CHECK(cli::apply_documents(*world.client, documents, trial, console));
  CHECK(world.client->get(resources::kind_of<resources::Namespace>(), "", "fresh").error().code ==
        "NotFound");
  CHECK(cli::apply_documents(*world.client, documents, unplanned, console));
  CHECK(world.client->get(products(), "fresh", "a").ok());
  // Planning fails: nothing is changed.
  auto edited = resources::read_documents(std::string(text) + "  \n", "a.yaml");
  edited[0].object.find("spec")->set("owner", "us");
  CHECK_FALSE(cli::apply_documents(*world.client, edited, {}, console));
  CHECK(world.client->get(products(), "fresh", "a")->at({"spec", "owner"}).is_null());
}

TEST_CASE("documents are sent without a plan where nobody makes any") {
  World world;
  cli::Console console;
  auto documents = resources::read_documents(
      "apiVersion: offtake.dev/v1alpha1\nkind: DataProduct\nmetadata: {name: a, namespace: fresh}\n"
      "spec: {sql: SELECT a FROM b}\n",
      "a.yaml");
  CHECK(cli::apply_documents(*world.client, documents, {}, console));
  CHECK(world.client->get(products(), "fresh", "a").ok());
}

TEST_CASE("a server that is not there is said, with what to do") {
  cli::ApiClient client(address_of("http://127.0.0.1:1"));
  auto found = client.get(products(), "default", "a");
  REQUIRE_FALSE(found.ok());
  CHECK(found.error().hint.find("offtake serve") != std::string::npos);
}
