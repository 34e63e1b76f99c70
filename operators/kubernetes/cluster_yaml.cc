#include <cstdlib>

#include "base/crypto/crypto.h"
#include "base/yaml/node.h"
#include "operators/kubernetes/cluster.h"

namespace offtake::kubernetes {
namespace {

constexpr std::size_t kLargestFile = 4 << 20;

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.pop_back();
  return text;
}

// A kubeconfig while it is read.
class Kubeconfig {
 public:
  Kubeconfig(files::Path file, json::Value content) : file_(std::move(file)), content_(std::move(content)) {}

  base::Result<Cluster> cluster(std::string_view wanted) const {
    const std::string name = wanted.empty() ? content_.string_or("current-context") : std::string(wanted);
    const json::Value& context = entry("contexts", name, "context");
    if (!context.is_object()) {
      auto error = bad(name.empty() ? "it names no current context, and none was given"
                                    : fmt::format("there is no context `{}`", name));
      const auto known = names("contexts");
      if (known.empty()) return error;
      return std::move(error).with_hint(fmt::format("known are: {}", fmt::join(known, ", ")));
    }
    Cluster out;
    out.origin = fmt::format("kubeconfig {}, context {}", file_.string(), name);
    out.namespace_name = context.string_or("namespace", "default");
    const json::Value& server = entry("clusters", context.string_or("cluster"), "cluster");
    out.url = server.string_or("server");
    if (out.url.empty()) return bad(fmt::format("the context `{}` names no server", name));
    out.insecure = server.bool_or("insecure-skip-tls-verify");
    if (auto read = take(server, "certificate-authority", out.ca_pem); !read) return std::move(read).error();
    const json::Value& user = entry("users", context.string_or("user"), "user");
    if (user.find("auth-provider") != nullptr) {
      return bad(fmt::format("the user `{}` is proved by an auth-provider, which is not available",
                             context.string_or("user")))
          .with_hint("give it an exec plugin, a token, a tokenFile or a client certificate");
    }
    if (const json::Value& exec = user["exec"]; exec.is_object()) {
      auto plugin = plugin_of(exec);
      if (!plugin) return std::move(plugin).error();
      out.plugin = *std::move(plugin);
    }
    if (auto read = take(user, "client-certificate", out.certificate_pem); !read)
      return std::move(read).error();
    if (auto read = take(user, "client-key", out.key_pem); !read) return std::move(read).error();
    out.token = user.string_or("token");
    if (const std::string token_file = user.string_or("tokenFile");
        out.token.empty() && !token_file.empty()) {
      out.token_file = beside(token_file);
      auto token = files::read_file(out.token_file, kLargestFile);
      if (!token) return std::move(token).error().in(file_.string());
      out.token = trimmed(*std::move(token));
    }
    return out;
  }

 private:
  base::Result<CredentialPlugin> plugin_of(const json::Value& exec) const {
    CredentialPlugin out;
    out.command = exec.string_or("command");
    if (out.command.empty()) return bad("an exec plugin has no command");
    // A name is looked up in PATH; a path is the kubeconfig's.
    if (out.command.find('/') != std::string::npos) out.command = beside(out.command).string();
    out.api_version = exec.string_or("apiVersion");
    if (out.api_version != "client.authentication.k8s.io/v1" &&
        out.api_version != "client.authentication.k8s.io/v1beta1") {
      return bad(fmt::format("the exec plugin {} is of apiVersion `{}`", out.command, out.api_version))
          .with_hint("client.authentication.k8s.io/v1 and /v1beta1 are known");
    }
    if (exec.string_or("interactiveMode") == "Always") {
      return bad(fmt::format("the exec plugin {} wants a terminal (interactiveMode: Always)", out.command))
          .with_hint("use one that asks nothing, or a token");
    }
    out.install_hint = exec.string_or("installHint");
    out.wants_server = exec.bool_or("provideClusterInfo");
    if (const json::Value& list = exec["args"]; list.is_array()) {
      for (const json::Value& item : list.as_array()) {
        if (item.is_string()) out.arguments.push_back(item.as_string());
      }
    }
    if (const json::Value& list = exec["env"]; list.is_array()) {
      for (const json::Value& item : list.as_array()) {
        out.environment.emplace_back(item.string_or("name"), item.string_or("value"));
      }
    }
    return out;
  }

  base::Error bad(std::string message) const {
    return base::terminal("BadKubeconfig", fmt::format("{}: {}", file_.string(), message));
  }

  const json::Value& entry(const char* list, const std::string& name, const char* member) const {
    static const json::Value kNone;
    const json::Value& entries = content_[list];
    if (!entries.is_array()) return kNone;
    for (const json::Value& item : entries.as_array()) {
      if (item.string_or("name") == name) return item[member];
    }
    return kNone;
  }

  std::vector<std::string> names(const char* list) const {
    std::vector<std::string> out;
    const json::Value& entries = content_[list];
    if (!entries.is_array()) return out;
    for (const json::Value& item : entries.as_array()) out.push_back(item.string_or("name"));
    return out;
  }

  files::Path beside(const std::string& path) const { return file_.parent_path() / path; }

  // NAME is a file, NAME-data its content in base64.
  base::Status take(const json::Value& from, const std::string& name, std::string& into) const {
    if (const std::string data = from.string_or(name + "-data"); !data.empty()) {
      auto decoded = crypto::base64_decode(data);
      if (!decoded) return bad(fmt::format("{}-data is not base64", name));
      into = *std::move(decoded);
    } else if (const std::string path = from.string_or(name); !path.empty()) {
      auto content = files::read_file(beside(path), kLargestFile);
      if (!content) return std::move(content).error().in(file_.string());
      into = *std::move(content);
    }
    return {};
  }

  files::Path file_;
  json::Value content_;
};

}  // namespace

base::Result<Cluster> read_kubeconfig(const files::Path& file, std::string_view context) {
  auto text = files::read_file(file, kLargestFile);
  if (!text) return std::move(text).error();
  auto documents = yaml::parse(*text, file.string());
  if (!documents) return std::move(documents).error();
  if (documents->empty()) {
    return base::terminal("BadKubeconfig", fmt::format("{}: there is nothing in it", file.string()));
  }
  return Kubeconfig(file, yaml::to_json(documents->front().root)).cluster(context);
}

base::Result<Cluster> in_cluster(const files::Path& folder) {
  const char* host = std::getenv("KUBERNETES_SERVICE_HOST");
  const char* port = std::getenv("KUBERNETES_SERVICE_PORT");
  if (host == nullptr || *host == '\0' || !files::exists(folder / "token")) {
    return base::terminal("NotInCluster", "this process runs in no pod that has a service account")
        .with_hint("give --kubeconfig FILE (and --context NAME), or run it in a pod");
  }
  Cluster out;
  const bool v6 = std::string_view(host).find(':') != std::string_view::npos;
  out.url = fmt::format("https://{}:{}", v6 ? fmt::format("[{}]", host) : host,
                        port != nullptr && *port != '\0' ? port : "443");
  out.origin = "the pod's service account";
  out.token_file = folder / "token";
  auto token = files::read_file(out.token_file, kLargestFile);
  if (!token) return std::move(token).error();
  out.token = trimmed(*std::move(token));
  auto ca = files::read_file(folder / "ca.crt", kLargestFile);
  if (!ca) return std::move(ca).error();
  out.ca_pem = *std::move(ca);
  if (auto name = files::read_file(folder / "namespace", kLargestFile)) {
    out.namespace_name = trimmed(*std::move(name));
  }
  return out;
}

}  // namespace offtake::kubernetes
