#include "operators/kubernetes/cluster.h"

#include <doctest/doctest.h>

#include <cstdlib>

#include "base/crypto/crypto.h"

namespace offtake::kubernetes {
namespace {

class Folder {
 public:
  files::Path write(const std::string& name, std::string_view content) const {
    const files::Path path = directory_.path() / name;
    REQUIRE(files::make_dirs(path.parent_path(), 0700).ok());
    REQUIRE(files::write_file_atomic(path, content).ok());
    return path;
  }
  files::Path path() const { return directory_.path(); }

 private:
  files::TempDir directory_ = *files::TempDir::make();
};

constexpr const char* kTwo = R"(
apiVersion: v1
kind: Config
current-context: second
clusters:
- name: a
  cluster: {server: "https://a:6443", certificate-authority: pki/ca.crt}
- name: b
  cluster: {server: "https://b:6443", insecure-skip-tls-verify: true}
users:
- name: with-token
  user: {token: secret}
- name: with-certificate
  user: {client-certificate: pki/me.crt, client-key-data: a2V5}
contexts:
- name: first
  context: {cluster: a, user: with-certificate, namespace: retail}
- name: second
  context: {cluster: b, user: with-token}
- name: nowhere
  context: {cluster: c, user: with-token}
)";

}  // namespace

TEST_CASE("a kubeconfig's current context, and another one by name") {
  const Folder folder;
  folder.write("pki/ca.crt", "authority");
  folder.write("pki/me.crt", "certificate");
  const auto file = folder.write("config", kTwo);
  const auto current = read_kubeconfig(file);
  REQUIRE(current.ok());
  CHECK(current->url == "https://b:6443");
  CHECK(current->insecure);
  CHECK(current->token == "secret");
  CHECK(current->namespace_name == "default");
  CHECK(current->origin.find("context second") != std::string::npos);
  const auto first = read_kubeconfig(file, "first");
  REQUIRE(first.ok());
  CHECK(first->ca_pem == "authority");
  CHECK(first->certificate_pem == "certificate");
  CHECK(first->key_pem == "key");
  CHECK(first->namespace_name == "retail");
}

TEST_CASE("a token file is beside the kubeconfig, and read without its line end") {
  const Folder folder;
  folder.write("token", "abc\n");
  const auto file = folder.write("config", R"(
clusters: [{name: c, cluster: {server: "https://c"}}]
users: [{name: u, user: {tokenFile: token}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
)");
  const auto found = read_kubeconfig(file, "x");
  REQUIRE(found.ok());
  CHECK(found->token == "abc");
  CHECK(found->token_file == folder.path() / "token");
}

TEST_CASE("what a kubeconfig lacks is said with the file and what there is") {
  const Folder folder;
  const auto file = folder.write("config", kTwo);
  const auto said = [&](std::string_view context) {
    const auto read = read_kubeconfig(file, context);
    REQUIRE_FALSE(read.ok());
    return read.error().text();
  };
  CHECK(said("third").find("there is no context `third`; known are: first, second, nowhere") !=
        std::string::npos);
  CHECK(said("nowhere").find("the context `nowhere` names no server") != std::string::npos);
  CHECK(said("first").find("ca.crt") != std::string::npos);  // a file that is not there
  const auto none = folder.write("none", "kind: Config\n");
  CHECK(read_kubeconfig(none).error().text().find("names no current context") != std::string::npos);
  const auto of_user = [&](const std::string& user) {
    return folder.write("user", fmt::format(R"(
clusters: [{{name: c, cluster: {{server: "https://c"}}}}]
users: [{{name: u, user: {}}}]
contexts: [{{name: x, context: {{cluster: c, user: u}}}}]
)",
                                            user));
  };
  const auto said_of = [&](const std::string& user) {
    return read_kubeconfig(of_user(user), "x").error().text();
  };
  CHECK(said_of("{auth-provider: {name: gcp}}").find("auth-provider") != std::string::npos);
  CHECK(said_of("{exec: {command: aws}}").find("apiVersion ``") != std::string::npos);
  CHECK(said_of("{exec: {apiVersion: client.authentication.k8s.io/v1}}").find("no command") !=
        std::string::npos);
  CHECK(said_of("{exec: {apiVersion: client.authentication.k8s.io/v1, command: a, interactiveMode: Always}}")
            .find("wants a terminal") != std::string::npos);
}

TEST_CASE("a kubeconfig's plugin is a name in PATH, or a path beside the kubeconfig") {
  const Folder folder;
  const auto file = folder.write("config", R"(
clusters: [{name: c, cluster: {server: "https://c"}}]
users:
- name: u
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1
      command: bin/tokens
      args: [get, "--cluster=c"]
      env: [{name: PROFILE, value: test}]
      provideClusterInfo: true
      installHint: ask the platform team
contexts: [{name: x, context: {cluster: c, user: u}}]
)");
  const auto found = read_kubeconfig(file, "x");
  REQUIRE(found.ok());
  REQUIRE(found->plugin);
  CHECK(found->plugin->command == (folder.path() / "bin/tokens").string());
  CHECK(found->plugin->arguments == std::vector<std::string>{"get", "--cluster=c"});
  CHECK(found->plugin->environment.front() == std::pair<std::string, std::string>("PROFILE", "test"));
  CHECK(found->plugin->wants_server);
}

TEST_CASE("in a pod: the service account's files, and the address from the environment") {
  const Folder folder;
  ::unsetenv("KUBERNETES_SERVICE_HOST");
  CHECK(in_cluster(folder.path()).error().code == "NotInCluster");
  folder.write("token", "t\n");
  folder.write("ca.crt", "authority");
  folder.write("namespace", "offtake-system");
  ::setenv("KUBERNETES_SERVICE_HOST", "fd00::1", 1);
  ::setenv("KUBERNETES_SERVICE_PORT", "6443", 1);
  const auto found = in_cluster(folder.path());
  ::unsetenv("KUBERNETES_SERVICE_HOST");
  ::unsetenv("KUBERNETES_SERVICE_PORT");
  REQUIRE(found.ok());
  CHECK(found->url == "https://[fd00::1]:6443");
  CHECK(found->token == "t");
  CHECK(found->ca_pem == "authority");
  CHECK(found->namespace_name == "offtake-system");
}

}  // namespace offtake::kubernetes
