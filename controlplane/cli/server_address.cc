#include "controlplane/cli/server_address.h"

#include <cstdlib>

#include "base/files/files.h"
#include "controlplane/server/server.h"

namespace offtake::cli {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.pop_back();
  return text;
}

base::Result<std::string> read_token(const std::string& file) {
  if (file.empty()) return std::string();
  auto text = files::read_file(file, 64 << 10);
  if (!text) return std::move(text).error().in("--token-file");
  return trimmed(*std::move(text));
}

}  // namespace

const std::vector<Option>& server_options() {
  static const std::vector<Option> kOptions = {
      {"--server", "URL", "the server, with --token-file"},
      {"--token-file", "FILE", "holds the token for --server"},
      {"--kubeconfig", "FILE", "says where the server is"},
      {"--context", "NAME", "the context of the kubeconfig to use"},
  };
  return kOptions;
}

base::Result<ServerAddress> find_server(const Arguments& arguments) {
  ServerAddress out;
  if (arguments.has("server")) {
    out.url = arguments.text("server");
    auto token = read_token(arguments.text("token-file"));
    if (!token) return std::move(token).error();
    out.token = token->empty() ? environment("OFFTAKE_TOKEN") : *std::move(token);
    return out;
  }
  const bool named = arguments.has("kubeconfig") || arguments.has("context");
  if (const std::string url = environment("OFFTAKE_SERVER"); !url.empty() && !named) {
    out.url = url;
    out.token = environment("OFFTAKE_TOKEN");
    return out;
  }
  const files::Path file =
      arguments.has("kubeconfig") ? files::Path(arguments.text("kubeconfig")) : server::default_kubeconfig();
  if (!arguments.has("kubeconfig") && !files::exists(file)) {
    return base::terminal("NoServer", "it is not known where the server is")
        .with_hint(fmt::format("start one with `offtake serve` (it writes {}), or give --server URL "
                               "--token-file FILE, or OFFTAKE_SERVER and OFFTAKE_TOKEN",
                               file.string()));
  }
  return kubernetes::read_kubeconfig(file, arguments.text("context"));
}

}  // namespace offtake::cli
