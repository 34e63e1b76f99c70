#include <cstdlib>

#include "base/files/files.h"
#include "base/yaml/node.h"
#include "controlplane/cli/server_address.h"
#include "controlplane/resources/validate.h"
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

std::vector<std::string> names_in(const json::Value& list) {
  std::vector<std::string> out;
  if (!list.is_array()) return out;
  for (const json::Value& entry : list.as_array()) out.push_back(entry.string_or("name"));
  return out;
}

const json::Value& entry(const json::Value& list, const std::string& name, const char* member) {
  static const json::Value kNone;
  if (!list.is_array()) return kNone;
  for (const json::Value& item : list.as_array()) {
    if (item.string_or("name") == name) return item[member];
  }
  return kNone;
}

base::Error bad(const files::Path& file, std::string message) {
  return base::terminal("BadKubeconfig", fmt::format("{}: {}", file.string(), message));
}

base::Result<ServerAddress> from_kubeconfig(const files::Path& file, std::string context_name) {
  auto text = files::read_file(file, 4 << 20);
  if (!text) return std::move(text).error();
  auto documents = yaml::parse(*text, file.string());
  if (!documents) return std::move(documents).error();
  if (documents->empty()) return bad(file, "there is nothing in it");
  const json::Value config = yaml::to_json(documents->front().root);
  if (context_name.empty()) context_name = config.string_or("current-context");
  const json::Value& context = entry(config["contexts"], context_name, "context");
  if (!context.is_object()) {
    auto error = bad(file, fmt::format("there is no context `{}`", context_name));
    const auto known = names_in(config["contexts"]);
    const std::string nearest = resources::did_you_mean(context_name, known);
    if (!nearest.empty()) return std::move(error).with_hint(fmt::format("did you mean {}?", nearest));
    return std::move(error).with_hint(fmt::format("known are: {}", fmt::join(known, ", ")));
  }
  const json::Value& cluster = entry(config["clusters"], context.string_or("cluster"), "cluster");
  const json::Value& user = entry(config["users"], context.string_or("user"), "user");
  ServerAddress out;
  out.url = cluster.string_or("server");
  if (out.url.empty()) return bad(file, fmt::format("the context `{}` names no server", context_name));
  out.token = user.string_or("token");
  if (out.token.empty()) {
    auto token = read_token(user.string_or("tokenFile"));
    if (!token) return std::move(token).error();
    out.token = *std::move(token);
  }
  out.ca_file = cluster.string_or("certificate-authority");
  out.default_namespace = context.string_or("namespace", "default");
  return out;
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
  out.default_namespace = "default";
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
  return from_kubeconfig(file, arguments.text("context"));
}

}  // namespace offtake::cli
