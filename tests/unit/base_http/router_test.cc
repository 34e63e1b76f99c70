#include "base/http/router.h"

#include <doctest/doctest.h>

using namespace offtake;
using http::Request;
using http::Response;

namespace {
http::Handler says(std::string name) {
  return [name](const Request& request) {
    std::string text = name;
    for (const auto& [key, value] : request.params) text += fmt::format(" {}={}", key, value);
    return Response::of(200, text, "text/plain");
  };
}

http::Router example() {
  http::Router router;
  router.add("GET", "/", says("root"));
  router.add("GET", "/ns/{namespace}/datasets/{name}", says("dataset"));
  router.add("PUT", "/ns/{namespace}/datasets/{name}", says("put"));
  router.add("GET", "/ns/{namespace}/datasets/special", says("special"));
  router.add("GET", "/ns/{other}/{kind}", says("kind"));
  router.add("GET", "/assets/{path...}", says("asset"));
  router.add("*", "/any", says("any"));
  router.add("GET", "/{path...}", says("index"));
  return router;
}

std::string answer(const http::Router& router, std::string method, std::string target) {
  Request request;
  request.method = std::move(method);
  request.target = std::move(target);
  request.path = request.target;
  const Response response = router.handle(request);
  return response.status == 200 ? response.body
                                : fmt::format("{} {}", response.status, response.headers.get("allow"));
}
}  // namespace

TEST_CASE("patterns: the most special wins") {
  const http::Router router = example();
  CHECK(answer(router, "GET", "/") == "root");
  CHECK(answer(router, "GET", "/?x=1") == "root");
  CHECK(answer(router, "GET", "/ns/a/datasets/b") == "dataset namespace=a name=b");
  CHECK(answer(router, "GET", "/ns/a/datasets/b?watch=1") == "dataset namespace=a name=b");
  CHECK(answer(router, "GET", "/ns/a%2Fb/datasets/c%20d") == "dataset namespace=a/b name=c d");
  CHECK(answer(router, "GET", "/ns/a/datasets/special") == "special namespace=a");
  CHECK(answer(router, "PUT", "/ns/a/datasets/special") == "put namespace=a name=special");
  CHECK(answer(router, "HEAD", "/ns/a/datasets/b") == "dataset namespace=a name=b");
  CHECK(answer(router, "GET", "/ns/a/b") == "kind other=a kind=b");
  CHECK(answer(router, "GET", "/assets/js/x.js") == "asset path=js/x.js");
  CHECK(answer(router, "GET", "/assets") == "asset path=");
  CHECK(answer(router, "GET", "/ns/a/datasets/") == "index path=ns/a/datasets/");
  CHECK(answer(router, "PURGE", "/any") == "any");
  CHECK(answer(router, "DELETE", "/ns/a/datasets/b") == "405 GET, PUT");
}

TEST_CASE("refusals, guard and finish can be set") {
  http::Router router;
  router.add("GET", "/a", [](const Request&) -> Response { throw std::runtime_error("secret detail"); });
  CHECK(answer(router, "GET", "/b") == "404 ");
  router.set_refusal([](const Request&, int status, const base::Error& error) {
    return Response::of(status, error.code + ": " + error.message, "application/json");
  });
  router.set_guard([](const Request& request) -> std::optional<Response> {
    if (request.bearer_token() == "t") return std::nullopt;
    return Response::of(401, "who?", "text/plain");
  });
  router.set_finish([](const Request&, Response& response) { response.headers.set("X-Seen", "1"); });
  Request request;
  request.method = "GET";
  request.target = "/a";
  CHECK(router.handle(request).status == 401);
  request.headers.set("authorization", "bearer   t");
  const Response failed = router.handle(request);
  CHECK(failed.status == 500);
  CHECK(failed.headers.get("X-Seen") == "1");
  CHECK(failed.body.find("InternalError") == 0);
  CHECK(failed.body.find("secret detail") == std::string::npos);
}

TEST_CASE("headers, queries and escapes") {
  http::Headers headers{{"Content-Type", "a"}, {"X", "1"}};
  headers.add("x", "2");
  CHECK(headers.get("content-TYPE") == "a");
  headers.set("X", "3");
  CHECK(headers.all().size() == 2);
  CHECK_FALSE(headers.has("y"));
  CHECK(http::decode_query("a=1&b=x%20y+z&a=2&c&=d&e=%zz") ==
        http::Pairs{{"a", "1"}, {"b", "x y z"}, {"a", "2"}, {"c", ""}, {"", "d"}, {"e", "%zz"}});
  CHECK(http::encode_query({{"a b", "é&"}}) == "a%20b=%C3%A9%26");
  CHECK(http::percent_encode("a/b-c_d.e~f") == "a%2Fb-c_d.e~f");
  CHECK_FALSE(http::percent_decode("%4").has_value());
  CHECK(*http::percent_decode("%41+") == "A+");
}

TEST_CASE("a fallback answers what no pattern matches, and nothing else") {
  http::Router router;
  router.add("GET", "/known/{name}", says("known"));
  router.set_fallback([](const Request& request) -> std::optional<Response> {
    if (request.method != "GET" && request.method != "HEAD") return std::nullopt;
    if (request.path == "/broken") throw std::runtime_error("a bug");
    if (request.path.starts_with("/page")) return Response::of(200, "page", "text/html");
    return std::nullopt;
  });
  CHECK(answer(router, "GET", "/known/x") == "known name=x");
  CHECK(answer(router, "POST", "/known/x") == "405 GET");
  CHECK(answer(router, "GET", "/page/of/it") == "page");
  CHECK(answer(router, "HEAD", "/page") == "page");
  CHECK(answer(router, "POST", "/page") == "404 ");
  CHECK(answer(router, "GET", "/other") == "404 ");
  CHECK(answer(router, "GET", "/broken") == "500 ");
  router.set_guard([](const Request&) { return std::optional(Response::of(401, "", "text/plain")); });
  CHECK(answer(router, "GET", "/page") == "401 ");
}
