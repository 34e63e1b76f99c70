#include "operators/kubernetes/client.h"

#include <doctest/doctest.h>

#include <atomic>

#include "base/http/server.h"

namespace offtake::kubernetes {
namespace {

using namespace std::chrono_literals;

// An API server that answers as a test says.
class Scripted {
 public:
  using Answer = std::function<http::Response(const http::Request&, int number)>;

  explicit Scripted(Answer answer) {
    http::Router router;
    router.add("*", "/{path...}", [this, answer](const http::Request& request) {
      tokens.push_back(std::string(request.bearer_token()));
      return answer(request, ++calls);
    });
    http::ServerOptions options;
    options.port = 0;
    server_ = *http::Server::start(std::move(router), options);
  }
  ~Scripted() { server_->stop(); }

  Settings settings() const {
    Settings out;
    out.cluster.url = "http://" + server_->address();
    out.cluster.token = "first";
    out.writes_per_second = 0;
    return out;
  }

  std::atomic<int> calls = 0;
  std::vector<std::string> tokens;  // of one thread at a time

 private:
  std::unique_ptr<http::Server> server_;
};

http::Response json_answer(int status, std::string body) {
  return http::Response::of(status, std::move(body), "application/json");
}

const json::Value kMap =
    *json::parse(R"({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "b"}})");

}  // namespace

TEST_CASE("who is asked to come again later does, and what it sent is done once") {
  Scripted server([](const http::Request&, int number) {
    if (number < 3) {
      auto busy = json_answer(429, R"({"kind": "Status", "reason": "TooManyRequests", "code": 429})");
      busy.headers.set("Retry-After", "0");
      return busy;
    }
    return json_answer(201, R"({"kind": "ConfigMap", "metadata": {"name": "a", "namespace": "b"}})");
  });
  Client client(server.settings());
  const auto made = client.create(kConfigMaps, kMap);
  REQUIRE(made.ok());
  CHECK(made->created);
  CHECK(server.calls == 3);
}

TEST_CASE("a server that stays busy is an error that passes") {
  Scripted server([](const http::Request&, int) {
    auto busy =
        json_answer(429, R"({"kind": "Status", "reason": "TooManyRequests", "code": 429, "message": "m"})");
    busy.headers.set("Retry-After", "0");
    return busy;
  });
  const auto got = Client(server.settings()).get(kConfigMaps, "b", "a");
  REQUIRE_FALSE(got.ok());
  CHECK(got.error().code == "TooManyRequests");
  CHECK(got.error().retry == base::Retry::kTransient);
}

TEST_CASE("a token that is refused is read again, and only once for a request") {
  const auto folder = *files::TempDir::make();
  REQUIRE(files::write_file_atomic(folder.path() / "token", "second\n").ok());
  Scripted server([](const http::Request& request, int) {
    if (request.bearer_token() == "second") return json_answer(200, R"({"kind": "ConfigMap"})");
    return json_answer(401, R"({"kind": "Status", "reason": "Unauthorized", "code": 401})");
  });
  Settings settings = server.settings();
  settings.cluster.token_file = folder.path() / "token";
  settings.cluster.origin = "kubeconfig x";
  Client client(settings);
  CHECK(client.get(kConfigMaps, "b", "a").ok());
  CHECK(server.tokens == std::vector<std::string>{"first", "second"});
  REQUIRE(files::write_file_atomic(folder.path() / "token", "third").ok());
  CHECK(client.get(kConfigMaps, "b", "a").ok());  // the one that is known is good
  settings.cluster.token_file.clear();
  const auto refused = Client(settings).get(kConfigMaps, "b", "a");
  CHECK(refused.error().code == "Unauthorized");
  CHECK(refused.error().text().find("kubeconfig x") != std::string::npos);
}

TEST_CASE(
    "a path that is not served says that a kind is missing; an object that is not there is another thing") {
  Scripted server([](const http::Request& request, int) {
    if (request.path.find("configmaps") != std::string::npos) {
      return json_answer(
          404, R"({"kind": "Status", "reason": "NotFound", "code": 404, "details": {"name": "a"}})");
    }
    return http::Response::of(404, "404 page not found\n", "text/plain");
  });
  Client client(server.settings());
  CHECK(client.get(kConfigMaps, "b", "a").error().code == "NotFound");
  const auto missing = client.list(kLeases);
  CHECK(missing.error().code == "KindMissing");
  CHECK(missing.error().retry == base::Retry::kWaiting);
  CHECK(missing.error().text().find("leases of coordination.k8s.io/v1") != std::string::npos);
  CHECK(client.watch(kLeases, {}, [](const WatchEvent&) {}).error().code == "KindMissing");
}

TEST_CASE("what says in words of its own what is wrong is passed on, and is no missing path") {
  Scripted server([](const http::Request& request, int) {
    if (request.path == "/registry/subjects/a") {
      return json_answer(404, R"({"error_code": 40401, "message": "Subject 'a' not found."})");
    }
    return json_answer(
        404, R"({"code": "UnknownTopic", "message": "there is no topic 'a'", "hint": "create it first"})");
  });
  Client client(server.settings());
  http::ClientRequest request;
  request.path = "/registry/subjects/a";
  const auto subject = client.call(request);
  CHECK(subject.error().code == "NotFound");
  CHECK(subject.error().message == "Subject 'a' not found.");
  request.path = "/events";
  const auto topic = client.call(request);
  CHECK(topic.error().code == "UnknownTopic");
  CHECK(topic.error().message == "there is no topic 'a'");
  CHECK(topic.error().hint == "create it first");
}

TEST_CASE("who may not write sends no write") {
  Scripted server([](const http::Request&, int) { return json_answer(200, R"({"kind": "ConfigMap"})"); });
  Settings settings = server.settings();
  std::atomic<bool> may = false;
  settings.may_write = [&] { return may.load(); };
  Client client(settings);
  CHECK(client.create(kConfigMaps, kMap).error().code == "NotLeader");
  CHECK(server.calls == 0);
  CHECK(client.get(kConfigMaps, "b", "a").ok());
  may = true;
  CHECK(client.create(kConfigMaps, kMap).ok());
  CHECK(client.writes() == 1);
}

TEST_CASE("a watch hands on what comes, and says when it may not go on") {
  Scripted server([](const http::Request& request, int) {
    const bool old = request.query_value("resourceVersion") == "1";
    return json_answer(
        200,
        old ? R"({"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old"}})"
              "\n"
            : R"({"type":"ADDED","object":{"metadata":{"name":"a","resourceVersion":"7"}}})"
              "\n"
              R"({"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"9"}}})"
              "\n");
  });
  Client client(server.settings());
  std::vector<WatchEventType> seen;
  bool opened = false;
  WatchOptions options;
  options.on_open = [&] { opened = true; };
  CHECK(
      client.watch(kConfigMaps, options, [&](const WatchEvent& event) { seen.push_back(event.type); }).ok());
  CHECK(seen == std::vector<WatchEventType>{WatchEventType::kAdded, WatchEventType::kBookmark});
  CHECK(opened);
  options.resource_version = "1";
  CHECK(client.watch(kConfigMaps, options, [](const WatchEvent&) {}).error().code == "Expired");
}

}  // namespace offtake::kubernetes
