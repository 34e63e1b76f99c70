// The API on a real socket: token, a watch that is open while things change, and the end of the server.
#include "base/http/server.h"

#include <doctest/doctest.h>

#include <future>

#include "base/http/client.h"
#include "controlplane/api/api.h"
#include "controlplane/auth/auth.h"
#include "controlplane/store/embedded_store.h"

using namespace offtake;

TEST_CASE("a watch over a socket sees a change and ends with the server") {
  store::StoreOptions options;
  options.path = ":memory:";
  options.secret_key = std::string(32, 'k');
  auto store = store::EmbeddedStore::open(options);
  REQUIRE(store.ok());
  http::Router router;
  api::add_routes(router, {store->get(), &base::system_clock(), "0.1.0", nullptr});
  router.set_guard(auth::make_guard({"secret-token-of-the-test"}));
  router.set_refusal(api::refusal);
  auto server = http::Server::start(std::move(router), {});
  REQUIRE(server.ok());

  http::ClientOptions client_options;
  client_options.base_url = "http://127.0.0.1:" + std::to_string((*server)->port());
  const http::Client anonymous(client_options);
  CHECK(anonymous.get("/api/v1/namespaces")->status == 401);
  CHECK(anonymous.get("/healthz")->status == 200);
  client_options.bearer_token = "secret-token-of-the-test";
  const http::Client client(client_options);
  CHECK(client.get("/api/v1/namespaces")->status == 200);

  std::promise<void> first;
  std::promise<void> second;
  std::string seen;
  std::jthread watcher([&] {
    http::ClientRequest request;
    request.path = "/api/v1/namespaces?watch=true";
    auto ended = client.stream(request, [&](std::string_view bytes) {
      const bool had_default = seen.find("\"default\"") != std::string::npos;
      const bool had_team = seen.find("\"team\"") != std::string::npos;
      seen += bytes;
      if (!had_default && seen.find("\"default\"") != std::string::npos) first.set_value();
      if (!had_team && seen.find("\"team\"") != std::string::npos) second.set_value();
      return true;
    });
  });
  REQUIRE(first.get_future().wait_for(std::chrono::seconds(10)) == std::future_status::ready);
  CHECK(client.post("/api/v1/namespaces", R"({"metadata":{"name":"team"}})")->status == 201);
  CHECK(second.get_future().wait_for(std::chrono::seconds(10)) == std::future_status::ready);
  (*server)->stop();
  watcher.join();
}
