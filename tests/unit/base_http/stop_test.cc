// What is left of a server that was stopped: nothing.
#include <doctest/doctest.h>

#include <memory>

#include "base/http/client.h"
#include "base/http/server.h"

namespace offtake::http {

TEST_CASE("what handlers hold is gone when the server has stopped") {
  for (int i = 0; i < 300; ++i) {
    auto held = std::make_shared<int>(1);
    const std::weak_ptr<int> seen = held;
    Router router;
    router.add("GET", "/", [held](const Request&) { return Response::of(200, "here", "text/plain"); });
    held.reset();
    auto started = Server::start(std::move(router), {});
    REQUIRE(started.ok());
    {
      ClientOptions options;
      options.base_url = fmt::format("http://127.0.0.1:{}", (*started)->port());
      REQUIRE(Client(options).get("/").ok());
    }
    REQUIRE_FALSE(seen.expired());
    started->reset();
    REQUIRE(seen.expired());
  }
}

}  // namespace offtake::http
