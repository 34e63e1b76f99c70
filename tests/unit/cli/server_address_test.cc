#include "controlplane/cli/server_address.h"

#include <doctest/doctest.h>

#include <cstdlib>

#include "base/files/files.h"
#include "controlplane/server/kubeconfig.h"

using namespace offtake;

namespace {

// The environment of one test, put back at its end.
class Environment {
 public:
  Environment() {
    for (const char* name : {"OFFTAKE_SERVER", "OFFTAKE_TOKEN", "XDG_CONFIG_HOME"}) {
      const char* value = std::getenv(name);
      before_.emplace_back(name, value == nullptr ? std::optional<std::string>() : std::string(value));
      unsetenv(name);
    }
    setenv("XDG_CONFIG_HOME", folder.path().c_str(), 1);
  }
  ~Environment() {
    for (const auto& [name, value] : before_) {
      value ? setenv(name.c_str(), value->c_str(), 1) : unsetenv(name.c_str());
    }
  }
  files::TempDir folder = *files::TempDir::make("cli");

 private:
  std::vector<std::pair<std::string, std::optional<std::string>>> before_;
};

}  // namespace

TEST_CASE("without anything it is said how a server is named") {
  Environment environment;
  auto found = cli::find_server({});
  REQUIRE_FALSE(found.ok());
  CHECK(found.error().code == "NoServer");
  CHECK(found.error().hint.find("offtake serve") != std::string::npos);
}

TEST_CASE("flags win over the environment, which wins over the kubeconfig") {
  Environment environment;
  const auto file = environment.folder.path() / "offtake" / "kubeconfig";
  REQUIRE(server::write_kubeconfig(file, "/data/one", "http://127.0.0.1:1", "token-one").ok());
  REQUIRE(server::write_kubeconfig(file, "/data/two", "http://127.0.0.1:2", "token-two").ok());
  auto found = cli::find_server({});
  REQUIRE(found.ok());
  CHECK(found->url == "http://127.0.0.1:2");
  CHECK(found->token == "token-two");
  CHECK(found->namespace_name == "default");

  cli::Arguments context;
  context.set("context", {"/data/one"});
  CHECK(cli::find_server(context)->token == "token-one");
  context.set("context", {"/data/on"});
  auto unknown = cli::find_server(context);
  REQUIRE_FALSE(unknown.ok());
  CHECK(unknown.error().hint.find("/data/one") != std::string::npos);

  setenv("OFFTAKE_SERVER", "http://127.0.0.1:3", 1);
  setenv("OFFTAKE_TOKEN", "token-three", 1);
  CHECK(cli::find_server({})->url == "http://127.0.0.1:3");
  CHECK(cli::find_server({})->token == "token-three");

  const auto token_file = environment.folder.path() / "token";
  REQUIRE(files::write_file_atomic(token_file, "token-four\n").ok());
  cli::Arguments flags;
  flags.set("server", {"http://127.0.0.1:4"});
  flags.set("token-file", {token_file.string()});
  CHECK(cli::find_server(flags)->url == "http://127.0.0.1:4");
  CHECK(cli::find_server(flags)->token == "token-four");
}
