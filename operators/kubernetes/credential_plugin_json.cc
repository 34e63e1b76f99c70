#include "base/crypto/crypto.h"
#include "base/json/value.h"
#include "base/process/output_log.h"
#include "base/process/process.h"
#include "operators/kubernetes/credential_plugin.h"

namespace offtake::kubernetes {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 60s;
constexpr std::size_t kLargestAnswer = 1 << 20;

base::Error failed(const CredentialPlugin& plugin, std::string_view why) {
  auto error = base::transient("CredentialPlugin", fmt::format("the plugin {} {}", plugin.command, why));
  if (plugin.install_hint.empty()) return error;
  return std::move(error).with_hint(plugin.install_hint);
}

std::string request_of(const Cluster& cluster) {
  json::Value spec = json::Object{{"interactive", false}};
  if (cluster.plugin->wants_server) {
    json::Value server = json::Object{{"server", cluster.url}};
    if (!cluster.ca_pem.empty()) server.set("certificate-authority-data", crypto::base64(cluster.ca_pem));
    if (cluster.insecure) server.set("insecure-skip-tls-verify", true);
    spec.set("cluster", std::move(server));
  }
  return json::dump(json::Object{
      {"apiVersion", cluster.plugin->api_version}, {"kind", "ExecCredential"}, {"spec", std::move(spec)}});
}

base::Result<std::string> run(const Cluster& cluster) {
  const CredentialPlugin& plugin = *cluster.plugin;
  auto folder = files::TempDir::make();
  if (!folder) return std::move(folder).error();
  process::Command command;
  command.argv = {plugin.command};
  command.argv.insert(command.argv.end(), plugin.arguments.begin(), plugin.arguments.end());
  command.env = plugin.environment;
  command.env.emplace_back("KUBERNETES_EXEC_INFO", request_of(cluster));
  command.output_file = folder->path() / "answer";
  command.error_file = folder->path() / "said";
  auto started = process::spawn(command);
  if (!started) return failed(plugin, "does not start: " + started.error().message);
  if (!process::wait_gone(*started, kPatience)) {
    if (auto ended = process::terminate(*started, 1s); !ended) return std::move(ended).error();
    if (auto reaped = process::reap(*started); !reaped) return std::move(reaped).error();
    return failed(plugin, fmt::format("has not answered within {} s", kPatience.count()));
  }
  auto exit = process::reap(*started);
  if (!exit) return std::move(exit).error();
  if (!*exit || (*exit)->code != 0 || (*exit)->signal != 0) {
    const std::string said = process::last_lines(command.error_file, 0);
    return failed(
        plugin, fmt::format("ended with {}{}{}", *exit ? (*exit)->code : -1, said.empty() ? "" : ": ", said));
  }
  return files::read_file(command.output_file, kLargestAnswer);
}

}  // namespace

base::Result<Credential> ask_plugin(const Cluster& cluster) {
  const CredentialPlugin& plugin = *cluster.plugin;
  auto text = run(cluster);
  if (!text) return std::move(text).error();
  auto answer = json::parse(*text);
  if (!answer || answer->string_or("kind") != "ExecCredential")
    return failed(plugin, "prints no ExecCredential");
  if (answer->string_or("apiVersion") != plugin.api_version) {
    return failed(plugin, fmt::format("answers with apiVersion `{}`, and the kubeconfig says {}",
                                      answer->string_or("apiVersion"), plugin.api_version));
  }
  const json::Value& status = (*answer)["status"];
  Credential out;
  out.token = status.string_or("token");
  out.certificate_pem = status.string_or("clientCertificateData");
  out.key_pem = status.string_or("clientKeyData");
  if (out.certificate_pem.empty() != out.key_pem.empty())
    return failed(plugin, "gives a certificate or a key, not both");
  if (out.token.empty() && out.certificate_pem.empty())
    return failed(plugin, "gives neither a token nor a certificate");
  if (const std::string expires = status.string_or("expirationTimestamp"); !expires.empty()) {
    auto when = base::parse_instant(expires);
    if (!when) return failed(plugin, fmt::format("gives an expirationTimestamp that is none: {}", expires));
    out.expires = *when;
  }
  return out;
}

}  // namespace offtake::kubernetes
