// Credentials that a program gives: asked for, refused, ended, and what is said when it gives none.
#include "operators/kubernetes/credential_plugin.h"

#include <doctest/doctest.h>

#include "base/http/server.h"
#include "operators/kubernetes/client.h"

namespace offtake::kubernetes {
namespace {

constexpr const char* kVersion = "client.authentication.k8s.io/v1";

// A cluster whose plugin is this script of the shell.
class WithPlugin {
 public:
  explicit WithPlugin(const std::string& script) {
    REQUIRE(files::write_file_atomic(folder_.path() / "plugin", script).ok());
    cluster.url = "https://c:6443";
    cluster.ca_pem = "authority";
    cluster.plugin =
        CredentialPlugin{"/bin/sh", {(folder_.path() / "plugin").string()}, {}, kVersion, "", true};
  }
  files::Path path(const char* name) const { return folder_.path() / name; }
  Cluster cluster;

 private:
  files::TempDir folder_ = *files::TempDir::make();
};

std::string answer(const std::string& status) {
  return fmt::format(R"(echo '{{"apiVersion": "{}", "kind": "ExecCredential", "status": {}}}')", kVersion,
                     status);
}

std::string said(const std::string& script) {
  const auto asked = ask_plugin(WithPlugin(script).cluster);
  REQUIRE_FALSE(asked.ok());
  CHECK(asked.error().code == "CredentialPlugin");
  return asked.error().text();
}

}  // namespace

TEST_CASE("a plugin is told of the server and gives a token with its end, or a certificate") {
  WithPlugin token("echo \"$KUBERNETES_EXEC_INFO\" > \"$0.asked\"; echo \"$PROFILE\" >> \"$0.asked\"\n" +
                   answer(R"({"token": "t", "expirationTimestamp": "2026-01-02T03:04:05Z"})"));
  token.cluster.plugin->environment = {{"PROFILE", "test"}};
  const auto given = ask_plugin(token.cluster);
  REQUIRE(given.ok());
  CHECK(given->token == "t");
  CHECK(base::format_instant(given->expires.value_or(0)) == "2026-01-02T03:04:05Z");
  const auto asked = *files::read_file(token.path("plugin.asked"), 1 << 16);
  CHECK(asked.find(R"("server":"https://c:6443")") != std::string::npos);
  CHECK(asked.find(R"("interactive":false)") != std::string::npos);
  CHECK(asked.find("\ntest\n") != std::string::npos);

  const auto certificate =
      ask_plugin(WithPlugin(answer(R"({"clientCertificateData": "c", "clientKeyData": "k"})")).cluster);
  REQUIRE(certificate.ok());
  CHECK(certificate->certificate_pem == "c");
  CHECK(certificate->key_pem == "k");
  CHECK_FALSE(certificate->expires);
}

TEST_CASE("a plugin that gives nothing says why") {
  CHECK(said("echo no such profile >&2; exit 3").find("ended with 3: no such profile") != std::string::npos);
  CHECK(said("echo hello").find("prints no ExecCredential") != std::string::npos);
  CHECK(said(answer("{}")).find("neither a token nor a certificate") != std::string::npos);
  CHECK(said(answer(R"({"clientCertificateData": "c"})")).find("not both") != std::string::npos);
  CHECK(said(answer(R"({"token": "t", "expirationTimestamp": "soon"})")).find("soon") != std::string::npos);
  CHECK(said(R"(echo '{"apiVersion": "client.authentication.k8s.io/v1beta1", "kind": "ExecCredential"}')")
            .find("v1beta1") != std::string::npos);
  WithPlugin missing("");
  missing.cluster.plugin->command = "offtake-no-such-plugin";
  missing.cluster.plugin->install_hint = "ask the platform team";
  const auto asked = ask_plugin(missing.cluster);
  CHECK(asked.error().text().find("does not start") != std::string::npos);
  CHECK(asked.error().hint == "ask the platform team");
}

TEST_CASE("a client asks its plugin when it begins, when a token ends, and when one is refused") {
  std::mutex mutex;
  std::vector<std::string> tokens;
  http::Router router;
  router.add("GET", "/version", [&](const http::Request& request) {
    std::lock_guard lock(mutex);
    tokens.emplace_back(request.bearer_token());
    return http::Response::of(tokens.back() == "t2" ? 401 : 200, "{}", "application/json");
  });
  auto server = http::Server::start(std::move(router), {});
  REQUIRE(server.ok());
  // t1, t2, t3 …, of which the first has ended when it is given.
  WithPlugin plugin(
      "n=$(cat \"$0.count\" 2>/dev/null || echo 0); n=$((n + 1)); echo $n > \"$0.count\"\n"
      "[ $n = 1 ] && end=2020-01-01T00:00:00Z || end=2100-01-01T00:00:00Z\n"
      "echo \"{\\\"apiVersion\\\": \\\"client.authentication.k8s.io/v1\\\", "
      "\\\"kind\\\": \\\"ExecCredential\\\", \\\"status\\\": "
      "{\\\"token\\\": \\\"t$n\\\", \\\"expirationTimestamp\\\": \\\"$end\\\"}}\"\n");
  Settings settings;
  settings.cluster = plugin.cluster;
  settings.cluster.ca_pem.clear();
  settings.cluster.url = "http://" + (*server)->address();
  Client client(settings);
  const auto ask = [&] {
    http::ClientRequest request;
    request.path = "/version";
    return client.send(request).ok();
  };
  CHECK(ask());
  CHECK(tokens == std::vector<std::string>{"t1"});
  CHECK(ask());  // t1 has ended, t2 is refused
  CHECK(tokens == std::vector<std::string>{"t1", "t2", "t3"});
  CHECK(ask());
  CHECK(tokens.back() == "t3");
}

TEST_CASE("a client without credentials says what its plugin said") {
  WithPlugin plugin("echo sign in first >&2; exit 1");
  Settings settings;
  settings.cluster = plugin.cluster;
  settings.cluster.url = "http://127.0.0.1:1";
  Client client(settings);
  const auto got = client.get(kConfigMaps, "a", "b");
  REQUIRE_FALSE(got.ok());
  CHECK(got.error().text().find("sign in first") != std::string::npos);
}

}  // namespace offtake::kubernetes
