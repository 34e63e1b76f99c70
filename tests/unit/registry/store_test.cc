// Durability, writers that come together, clients, and requests that make no sense.
#include <doctest/doctest.h>

#include <random>
#include <set>
#include <thread>

#include "base/files/files.h"
#include "base/http/server.h"
#include "base/json/value.h"
#include "schemas/registry/client.h"
#include "schemas/registry/handlers.h"

namespace offtake::registry {
namespace {

Registration registration(const std::string& subject, const std::string& text) {
  Registration out;
  out.subject = subject;
  out.content.text = text;
  return out;
}

std::string record(const std::string& name) {
  return fmt::format(R"({{"type":"record","name":"{}","fields":[{{"name":"a","type":"int"}}]}})", name);
}

std::unique_ptr<Store> open(const std::filesystem::path& path) {
  auto store = Store::open(path);
  REQUIRE_MESSAGE(store.ok(), (store.ok() ? std::string() : store.error().text()));
  return std::move(*store);
}

TEST_CASE("what was answered is there after a restart, and ids go on") {
  const auto dir = files::TempDir::make();
  REQUIRE(dir.ok());
  const auto path = dir->path() / "registry.db";
  {
    const auto store = open(path);
    CHECK(store->register_schema(registration("a", record("A")))->id == 1);
    CHECK(store->register_schema(registration("b", record("B")))->id == 2);
    CHECK(store->put_config("a", R"({"compatibilityLevel":"FULL"})").ok());
    CHECK(store->put_mode("b", Mode::kReadOnly, false).ok());
    CHECK(store->register_schema(registration("c", record("C")))->id == 3);
    CHECK(store->delete_subject("c", false).ok());
    CHECK(store->delete_subject("c", true).ok());
  }
  const auto store = open(path);
  CHECK(store->read([](const State& state) { return state.subjects(true, false, ""); }) ==
        std::vector<std::string>{"a", "b"});
  CHECK(store->read([](const State& state) { return state.level_of("a"); }) == Level::kFull);
  CHECK(store->read([](const State& state) { return state.mode_of("b"); }) == Mode::kReadOnly);
  CHECK(store->register_schema(registration("a", record("A")))->id == 1);
  CHECK(store->register_schema(registration("d", record("C")))->id == 4);
}

TEST_CASE("writers together") {
  const auto dir = files::TempDir::make();
  REQUIRE(dir.ok());
  const auto store = open(dir->path() / "registry.db");
  constexpr int kThreads = 8, kEach = 25;
  std::vector<std::vector<int>> ids(kThreads);
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([&, thread] {
        for (int i = 0; i < kEach; ++i) {
          // Half of the schemas are the same for all threads.
          const bool shared = i % 2 == 0;
          const auto name = shared ? fmt::format("S{}", i) : fmt::format("T{}x{}", thread, i);
          const auto registered = store->register_schema(registration("s-" + name, record(name)));
          if (registered.ok()) ids[static_cast<std::size_t>(thread)].push_back(registered->id);
          static_cast<void>(store->read([&](const State& state) { return state.by_id(".", 1).ok(); }));
        }
      });
    }
  }
  std::set<int> all;
  for (const auto& list : ids) {
    CHECK(list.size() == kEach);
    all.insert(list.begin(), list.end());
  }
  CHECK(all.size() == 13 + kThreads * 12);
  CHECK(*all.rbegin() == static_cast<int>(all.size()));  // no id was lost
  CHECK(store->read([](const State& state) { return state.subjects(false, false, "").size(); }) ==
        all.size());
}

TEST_CASE("both clients see the same") {
  const auto store = open(":memory:");
  http::Router router;
  add_routes(router, *store, "/registry");
  const auto server = http::Server::start(std::move(router), {});
  REQUIRE(server.ok());
  auto local = local_client(*store);
  // The first URL answers nothing.
  auto remote =
      confluent_client({.urls = {"http://127.0.0.1:1", "http://" + (*server)->address() + "/registry"},
                        .user = "u",
                        .password = "p",
                        .bearer_token = "",
                        .ca_file = ""});
  REQUIRE(remote.ok());
  int round = 0;
  for (Client* client : {local.get(), remote->get()}) {
    CAPTURE(round);
    const std::string subject = fmt::format("orders/{} value", round++);
    CHECK(client->ping().ok());
    const auto missing = client->version(subject, kLatest);
    REQUIRE(!missing.ok());
    CHECK(missing.error().code == "RegistrySubjectNotFound");
    CHECK(missing.error().retry == base::Retry::kWaiting);
    CHECK(client->conflicts(subject, record("O"))->empty());
    const auto first = client->register_schema(subject, record("O"));
    REQUIRE_MESSAGE(first.ok(), (first.ok() ? std::string() : first.error().text()));
    CHECK(first->version == 1);
    CHECK(first->text == record("O"));
    CHECK(client->version(subject, 1)->id == first->id);
    CHECK(client->version(subject, kLatest)->text == record("O"));
    CHECK(*client->text_by_id(first->id) == record("O"));
    CHECK(client->text_by_id(999).error().code == "RegistrySchemaNotFound");
    CHECK(*client->versions(subject) == std::vector<int>{1});
    const std::string other = R"({"type":"record","name":"O","fields":[{"name":"b","type":"int"}]})";
    CHECK(client->conflicts(subject, other)->size() == 1);
    const auto refused = client->register_schema(subject, other);
    REQUIRE(!refused.ok());
    CHECK(refused.error().code == "RegistryIncompatible");
    CHECK(client->register_schema(subject, "nonsense").error().code == "RegistryInvalidSchema");
  }
  // A schema with references is given whole.
  Registration money = registration("money", record("m.Money"));
  REQUIRE(store->register_schema(money).ok());
  Registration order =
      registration("order", R"({"type":"record","name":"Order","fields":[{"name":"x","type":"m.Money"}]})");
  order.content.references = {{"m.Money", "money", 1}};
  REQUIRE(store->register_schema(order).ok());
  const std::string whole =
      R"({"type":"record","name":"Order","fields":[{"name":"x","type":{"type":"record","name":"Money","namespace":"m","fields":[{"name":"a","type":"int"}]}}]})";
  CHECK(local->version("order", 1)->text == whole);
  CHECK((*remote)->version("order", 1)->text == whole);
  (*server)->stop();
  CHECK((*remote)->ping().error().retry == base::Retry::kTransient);
}

TEST_CASE("media types") {
  const auto store = open(":memory:");
  http::Router router;
  add_routes(router, *store, "");
  const auto ask = [&](std::string_view accept, std::string_view content_type) {
    http::Request request;
    request.method = "POST";
    request.target = request.path = "/subjects/a/versions";
    request.body = R"({"schema":"\"string\""})";
    if (!accept.empty()) request.headers.set("Accept", accept);
    if (!content_type.empty()) request.headers.set("Content-Type", content_type);
    return router.handle(request);
  };
  CHECK(ask("", "").headers.get("Content-Type") == "application/vnd.schemaregistry.v1+json");
  CHECK(ask("application/json", "application/json; charset=utf-8").headers.get("Content-Type") ==
        "application/json");
  CHECK(ask("text/html, */*;q=0.1", "application/octet-stream").status == 200);
  CHECK(ask("text/html", "application/json").status == 406);
  CHECK(ask("", "text/plain").status == 415);
}

// Any request gets an answer, and the registry still works afterwards.
TEST_CASE("requests that make no sense") {
  const auto store = open(":memory:");
  http::Router router;
  add_routes(router, *store, "");
  std::mt19937 random(11);
  const std::vector<std::string> pieces{
      "subjects", "a",    "versions",     "latest",        "-1",   "1",   "99999999999", "schemas", "ids",
      "config",   "mode", "schema",       "compatibility", "%00",  "%FF", ":.x:y",       ":.",      ":",
      "",         "..",   "referencedby", "contexts",      "types"};
  const std::vector<std::string> bodies{
      "",
      "{",
      "[]",
      "null",
      R"({"schema":null})",
      R"({"schema":"\"string\""})",
      R"({"schema":"[\"int\",\"long\"]"})",
      R"({"schema":"\"x\"","references":[{"name":"x","subject":"a","version":-1}]})",
      R"({"schema":"{}","references":7})",
      R"({"schema":"\"long\"","id":-5,"version":99999999999,"metadata":{"a":{}},"ruleSet":[]})",
      R"({"mode":"IMPORT"})",
      R"({"compatibility":"none"})",
      R"({"compatibility":[]})",
      R"({"normalize":true})",
      "\xFF\xFE",
      R"({"schema":"\u0000"})",
      R"({"schema":"{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"r\",\"type\":\"R\",\"default\":{}}]}"})",
      "{\"schema\":\"" + std::string(5000, '[') + "\"}"};
  const std::vector<std::string> queries{"",
                                         "?deleted=true",
                                         "?permanent=True",
                                         "?normalize=true",
                                         "?verbose=true",
                                         "?force=true",
                                         "?subject=:.x:",
                                         "?offset=-1&limit=x",
                                         "?%%%"};
  const auto pick = [&](const auto& list) { return list[random() % list.size()]; };
  for (int i = 0; i < 20'000; ++i) {
    http::Request request;
    request.method = pick(std::vector<std::string>{"GET", "POST", "PUT", "DELETE"});
    for (std::size_t depth = random() % 6; depth > 0; --depth) request.target += "/" + pick(pieces);
    request.path = request.target;
    const std::string query = pick(queries);
    request.target += query;
    if (!query.empty()) request.query = http::decode_query(query.substr(1));
    request.body = pick(bodies);
    const http::Response response = router.handle(request);
    INFO(request.method, " ", request.target, " ", request.body);
    REQUIRE(response.status >= 200);
    REQUIRE(response.status < 500);
    if (response.status != 404 && response.status != 405 && response.status != 400) {
      REQUIRE(json::parse(response.body, 250).ok());
    }
  }
  CHECK(store->put_mode("", Mode::kReadWrite, true).ok());
  CHECK(store->register_schema(registration("fresh", record("Fresh"))).ok());
}

}  // namespace
}  // namespace offtake::registry
