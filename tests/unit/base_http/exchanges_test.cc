#include "base/http/exchanges.h"

#include <doctest/doctest.h>

#include <condition_variable>
#include <latch>
#include <map>
#include <set>

#include "base/http/server.h"

using namespace offtake;
using http::Exchanges;
using std::chrono::milliseconds;

namespace {

std::unique_ptr<http::Server> serve(http::Handler handler) {
  http::Router router;
  router.add("*", "/{path...}", std::move(handler));
  auto server = http::Server::start(std::move(router), {});
  REQUIRE_MESSAGE(server.ok(), server.error().text());
  return *std::move(server);
}

http::ClientOptions at(const std::string& address) {
  http::ClientOptions options;
  options.base_url = "http://" + address;
  options.max_response_bytes = 1000;
  return options;
}

http::ClientRequest post(const std::string& path, std::string body) {
  http::ClientRequest request;
  request.method = "POST";
  request.path = path;
  request.body = std::move(body);
  return request;
}

}  // namespace

TEST_CASE("many calls run at a time, over connections that are kept") {
  std::latch all(20);  // passed only where twenty handlers are there together
  std::mutex mutex;
  std::set<int> ports;
  const auto server = serve([&](const http::Request& request) {
    {
      const std::lock_guard lock(mutex);
      ports.insert(request.remote_port);
    }
    if (request.path == "/together") all.arrive_and_wait();
    return http::Response::of(200, "got " + request.body, "text/plain");
  });
  Exchanges exchanges(at(server->address()));
  std::map<std::uint64_t, std::string> answers;
  const auto take_all = [&] {
    while (exchanges.running() > 0) {
      for (auto& done : exchanges.wait(milliseconds(10'000))) {
        REQUIRE_MESSAGE(done.response.ok(), done.response.error().text());
        CHECK(done.status == 200);
        answers[done.id] = done.response->body;
      }
    }
  };
  for (std::uint64_t i = 0; i < 20; ++i) exchanges.start(i, post("/together", std::to_string(i)));
  CHECK(exchanges.running() == 20);
  take_all();
  const auto first = ports;
  for (std::uint64_t i = 20; i < 40; ++i) exchanges.start(i, post("/again", std::to_string(i)));
  take_all();
  CHECK(answers.size() == 40);
  for (const auto& [id, answer] : answers) CHECK(answer == fmt::format("got {}", id));
  CHECK(first.size() == 20);
  CHECK(ports == first);
}

TEST_CASE("a call that fails has a reason, and shows no query") {
  const auto server = serve([](const http::Request& request) {
    return http::Response::of(request.path == "/large" ? 500 : 200, std::string(2000, 'x'), "text/plain");
  });
  Exchanges exchanges(at(server->address()));
  exchanges.start(1, post("/large?token=geheim", ""));
  auto done = exchanges.wait(milliseconds(10'000));
  REQUIRE(done.size() == 1);
  CHECK(done[0].status == 500);
  CHECK(done[0].response.error().code == "ResponseTooLarge");
  CHECK(done[0].response.error().text().find("geheim") == std::string::npos);
  Exchanges nowhere(at("127.0.0.1:1"));
  nowhere.start(1, post("/?token=geheim", ""));
  done = nowhere.wait(milliseconds(10'000));
  REQUIRE(done.size() == 1);
  CHECK(done[0].status == 0);
  CHECK(done[0].response.error().code == "Unreachable");
  CHECK(done[0].response.error().text().find("geheim") == std::string::npos);
}

TEST_CASE("a wait ends with its time or its stop, and what runs can be given up") {
  std::stop_source stop;
  const auto server = serve([&](const http::Request& request) {
    if (request.path == "/slow") {
      stop.request_stop();
      std::mutex mutex;
      std::condition_variable_any never;
      std::unique_lock lock(mutex);
      never.wait_for(lock, milliseconds(300), [] { return false; });
    }
    return http::Response::of(200, "", "text/plain");
  });
  Exchanges exchanges(at(server->address()));
  CHECK(exchanges.wait(milliseconds(1)).empty());
  exchanges.start(1, post("/slow", ""));
  const auto before = std::chrono::steady_clock::now();
  CHECK(exchanges.wait(milliseconds(60'000), stop.get_token()).empty());
  CHECK(std::chrono::steady_clock::now() - before < std::chrono::seconds(30));
  CHECK(exchanges.running() == 1);
  exchanges.abandon();
  CHECK(exchanges.running() == 0);
  exchanges.start(1, post("/quick", ""));
  CHECK(exchanges.wait(milliseconds(10'000)).size() == 1);
}
