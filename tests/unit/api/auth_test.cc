#include "controlplane/auth/auth.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "base/crypto/crypto.h"
#include "base/files/files.h"

using namespace offtake;

namespace {

http::Request request(std::string method, std::string path, std::string token = "") {
  http::Request out;
  out.method = std::move(method);
  out.target = path;
  out.path = std::move(path);
  out.remote_address = "127.0.0.1";
  out.headers.set("Host", "127.0.0.1:7070");
  if (!token.empty()) out.headers.set("Authorization", "Bearer " + token);
  return out;
}

}  // namespace

TEST_CASE("401 without the token, but for what is open") {
  const auto guard = auth::make_guard({"secret-token-of-the-test"});
  for (const char* path : {"/api", "/apis/offtake.dev/v1alpha1/datasets", "/openapi/v3", "/version",
                           "/metrics", "/offtake/v1/events"}) {
    CAPTURE(path);
    const auto refused = guard(request("GET", path));
    REQUIRE(refused.has_value());
    CHECK(refused->status == 401);
    CHECK(refused->body.find("\"reason\":\"Unauthorized\"") != std::string::npos);
    CHECK(guard(request("GET", path, "secret-token-of-the-tesT")).has_value());
    CHECK_FALSE(guard(request("GET", path, "secret-token-of-the-test")).has_value());
  }
  for (const char* path :
       {"/healthz", "/readyz", "/livez", "/", "/assets/x.js", "/products/retail/x", "/registry/subjects"}) {
    CAPTURE(path);
    CHECK_FALSE(guard(request("GET", path)).has_value());
  }
  CHECK_FALSE(guard(request("POST", "/offtake/v1/session")).has_value());
  CHECK(guard(request("POST", "/healthz")).has_value());
  CHECK(guard(request("POST", "/anything")).has_value());
  CHECK(auth::make_guard({"secret-token-of-the-test", auth::Hosts("0.0.0.0")})(
            request("GET", "/registry/subjects"))
            .has_value());
}

TEST_CASE("beyond loopback the registry takes the token in the ways that registry clients know") {
  const std::string token = "secret-token-of-the-test";
  const auto guard = auth::make_guard({token, auth::Hosts("0.0.0.0")});
  const auto with = [](const char* method, const char* path, const std::string& authorization) {
    http::Request out = request(method, path);
    out.remote_address = "10.0.0.7";
    if (!authorization.empty()) out.headers.set("Authorization", authorization);
    return out;
  };
  const auto basic = [](const std::string& pair) { return "Basic " + crypto::base64(pair); };
  const auto refused = guard(with("GET", "/registry/subjects", ""));
  REQUIRE(refused.has_value());
  CHECK(refused->status == 401);
  CHECK(refused->headers.get("WWW-Authenticate").starts_with("Basic "));
  CHECK(refused->body == R"({"error_code":401,"message":"Unauthorized"})");
  for (const char* method : {"GET", "POST", "DELETE"}) {
    CAPTURE(method);
    CHECK_FALSE(guard(with(method, "/registry/subjects", basic("offtake:" + token))).has_value());
    CHECK_FALSE(guard(with(method, "/registry/subjects", "Bearer " + token)).has_value());
    for (const std::string& wrong :
         {basic("offtake:" + token + "x"), basic("root:" + token), basic(token), basic("offtake:"),
          std::string("Basic ?"), std::string("Basic "), "Bearer " + token + "x"}) {
      CAPTURE(wrong);
      CHECK(guard(with(method, "/registry/subjects", wrong)).has_value());
    }
  }
  // Basic is the registry's alone; the workers' token reads there and opens nothing else.
  CHECK(guard(with("GET", "/apis/offtake.dev/v1alpha1/datasets", basic("offtake:" + token))).has_value());
  const std::string reader = "Bearer " + auth::registry_reader_token(token);
  CHECK_FALSE(guard(with("GET", "/registry/schemas/ids/1", reader)).has_value());
  CHECK(guard(with("POST", "/registry/subjects/x/versions", reader)).has_value());
  CHECK(guard(with("GET", "/apis/offtake.dev/v1alpha1/datasets", reader)).has_value());
}

TEST_CASE("foreign Host and Origin") {
  const auto guard = auth::make_guard({"secret-token-of-the-test"});
  http::Request foreign = request("GET", "/api", "secret-token-of-the-test");
  foreign.headers.set("Host", "evil.example:7070");
  REQUIRE(guard(foreign).has_value());
  CHECK(guard(foreign)->status == 403);
  // A name that begins like an address of this machine and may mean any.
  for (const char* host : {"127.evil.example:7070", "127.0.0.1.evil.example", "127.1.2", "localhost.evil"}) {
    CAPTURE(host);
    http::Request rebound = request("GET", "/registry/subjects");
    rebound.headers.set("Host", host);
    REQUIRE(guard(rebound).has_value());
    CHECK(guard(rebound)->status == 403);
  }
  for (const char* host : {"127.8.9.10:7070", "[::1]:7070", "[::1]", "localhost:7070", "localhost"}) {
    CAPTURE(host);
    http::Request local = request("GET", "/registry/subjects");
    local.headers.set("Host", host);
    CHECK_FALSE(guard(local).has_value());
  }
  http::Request site = request("GET", "/api", "secret-token-of-the-test");
  site.headers.set("Origin", "http://evil.example");
  CHECK(guard(site).has_value());
  site.headers.set("Origin", "http://127.0.0.1:7070");
  CHECK_FALSE(guard(site).has_value());
}

TEST_CASE("the token file is made once, for its owner only") {
  auto folder = files::TempDir::make();
  REQUIRE(folder.ok());
  const auto path = folder->path() / "token";
  auto made = auth::load_or_make_token(path);
  REQUIRE(made.ok());
  CHECK(made->size() >= 32);
  CHECK(*auth::load_or_make_token(path) == *made);
  CHECK((std::filesystem::status(path).permissions() & std::filesystem::perms::all) ==
        (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
  REQUIRE(files::write_file_atomic(path, "short\n", 0600).ok());
  CHECK(auth::load_or_make_token(path).error().code == "BadToken");
}
