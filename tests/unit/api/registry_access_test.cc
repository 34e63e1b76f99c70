// A registry that asks for credentials, and a worker that reads a schema from it with the file it was given.
#include <doctest/doctest.h>

#include "base/files/files.h"
#include "base/http/client.h"
#include "base/http/server.h"
#include "controlplane/auth/auth.h"
#include "operators/worker/environment.h"
#include "schemas/registry/client.h"
#include "schemas/registry/handlers.h"

using namespace offtake;

TEST_CASE("a worker reads a schema from the registry beyond loopback") {
  const std::string token = "secret-token-of-the-test";
  auto store = registry::Store::open(":memory:");
  REQUIRE(store.ok());
  http::Router router;
  registry::add_routes(router, **store, "/registry");
  router.set_guard(auth::make_guard({token, auth::Hosts("0.0.0.0")}));
  auto server = http::Server::start(std::move(router), {});
  REQUIRE(server.ok());
  const std::string url = "http://" + (*server)->address() + "/registry";

  registry::ConfluentOptions producer;
  producer.urls = {url};
  producer.user = "offtake";
  producer.password = token;
  const std::string text = R"({"type":"record","name":"a","fields":[{"name":"id","type":"long"}]})";
  auto registered = (*registry::confluent_client(producer))->register_schema("a-value", text);
  REQUIRE(registered.ok());
  producer.password = "another";
  CHECK((*registry::confluent_client(producer))->text_by_id(registered->id).error().retry ==
        base::Retry::kTerminal);

  auto folder = files::TempDir::make();
  REQUIRE(folder.ok());
  worker::StoreSpec spec;
  spec.name = "main";
  spec.registry_urls = {url};
  const auto environment = worker::process_environment(folder->path().string(), folder->path().string(), 1);
  CHECK_FALSE(environment.fetch_schema(spec, registered->id).ok());
  REQUIRE(files::make_dirs(folder->path() / "registry-main", 0700).ok());
  REQUIRE(files::write_file_atomic(folder->path() / "registry-main" / "token",
                                   auth::registry_reader_token(token), 0600)
              .ok());
  auto fetched = environment.fetch_schema(spec, registered->id);
  REQUIRE(fetched.ok());
  CHECK(*fetched == text);
}
