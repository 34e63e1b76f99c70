#include "controlplane/cluster/cluster_operator.h"

#include <unistd.h>

#include "base/crypto/crypto.h"
#include "base/http/server.h"
#include "base/id.h"
#include "base/log.h"
#include "base/metrics/metrics.h"
#include "base/process/signals.h"
#include "controlplane/api/api.h"
#include "controlplane/auth/auth.h"
#include "controlplane/cluster/leadership.h"
#include "operators/kubernetes/election.h"
#include "schemas/registry/handlers.h"

namespace offtake::cluster {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kLease = "offtake-operator";
constexpr std::string_view kTokenSecret = "offtake-operator";

std::string own_identity() {
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  return fmt::format("{}_{:08x}", host.data(), base::random_u64() & 0xffffffffU);
}

http::Response plain(int status, std::string text) {
  return http::Response::of(status, std::move(text), "text/plain; charset=utf-8");
}

// The parts of a running operator, in the order in which they need each other.
class Operator {
 public:
  explicit Operator(const OperatorOptions& options) : options_(options) {
    if (options_.namespace_name.empty()) options_.namespace_name = options_.cluster.namespace_name;
    if (options_.pods.worker_namespace.empty()) options_.pods.worker_namespace = options_.namespace_name;
    if (options_.identity.empty()) options_.identity = own_identity();
  }

  base::Status start() {
    if (auto opened = open_registry(); !opened) return opened;
    // The election's own client is held back by nothing.
    kubernetes::Settings lease;
    lease.cluster = options_.cluster;
    lease.writes_per_second = 0;
    lease.timeout = 5s;
    lease_api_ = std::make_unique<kubernetes::Client>(std::move(lease));
    kubernetes::ElectionOptions election;
    election.namespace_name = options_.namespace_name;
    election.lease_name = std::string(kLease);
    election.identity = options_.identity;
    election_ = std::make_unique<kubernetes::Election>(*lease_api_, std::move(election));
    kubernetes::Settings settings;
    settings.cluster = options_.cluster;
    settings.user_agent = "offtake-operator";
    settings.writes_per_second = options_.writes_per_second;
    settings.burst = options_.burst;
    settings.may_write = [this] { return election_->leads(); };
    api_ = std::make_shared<kubernetes::Client>(std::move(settings));
    LeaderSettings leader;
    leader.namespace_name = options_.namespace_name;
    leader.pods = options_.pods;
    leader.registry = registry_client_;
    leader.registry_url = options_.registry_url;
    leader.registry_token = [this] { return registry_ ? auth::registry_reader_token(token()) : ""; };
    leader.leads = [this] { return election_->leads(); };
    leadership_ = std::make_unique<Leadership>(api_, std::move(leader));
    if (auto listening = listen(); !listening) return listening;
    base::log_info("started", {{"cluster", options_.cluster.url},
                               {"namespace", options_.namespace_name},
                               {"identity", options_.identity},
                               {"address", server_->address()}});
    if (options_.on_listening) options_.on_listening(server_->address());
    campaign_ = std::jthread([this](std::stop_token stop) { campaign(stop); });
    return {};
  }

  void stop() {
    campaign_.request_stop();
    if (campaign_.joinable()) campaign_.join();
    server_->stop();
    base::log_info("stopped");
  }

 private:
  base::Status open_registry() {
    if (!options_.registry_directory.empty()) {
      if (auto made = files::make_dirs(options_.registry_directory, 0700); !made) return made;
      auto opened = registry::Store::open(options_.registry_directory / "registry.db");
      if (!opened) return std::move(opened).error();
      registry_ = std::shared_ptr<registry::Store>(*std::move(opened));
      registry_client_ = registry::local_client(*registry_);
    } else if (!options_.registry_url.empty()) {
      registry::ConfluentOptions registry;
      registry.urls = {options_.registry_url};
      auto client = registry::confluent_client(registry);
      if (!client) return std::move(client).error();
      registry_client_ = *std::move(client);
    }
    // Of the registry served here: known to who may read it among the Secrets of this namespace.
    token_ = base::random_password();
    return {};
  }

  base::Status listen() {
    http::Router router;
    router.set_refusal(api::refusal);
    router.set_guard([this](const http::Request& request) { return guard(request); });
    router.add("GET", "/livez", [](const http::Request&) { return plain(200, "ok\n"); });
    router.add("GET", "/healthz", [](const http::Request&) { return plain(200, "ok\n"); });
    router.add("GET", "/readyz", [this](const http::Request&) { return readiness(); });
    router.add("GET", "/metrics", [this](const http::Request&) {
      return http::Response::of(200, metrics(), "text/plain; version=0.0.4");
    });
    if (registry_) registry::add_routes(router, *registry_, "/registry");
    http::ServerOptions server;
    server.host = options_.host;
    server.port = options_.port;
    auto started = http::Server::start(std::move(router), server);
    if (!started) return std::move(started).error();
    server_ = *std::move(started);
    return {};
  }

  // Probes and metrics are anybody's in the cluster; the registry wants the token.
  std::optional<http::Response> guard(const http::Request& request) {
    if (!request.path.starts_with("/registry")) return std::nullopt;
    auth::GuardOptions options;
    options.token = token();
    options.hosts = auth::Hosts("0.0.0.0");
    return auth::make_guard(options)(request);
  }

  std::string token() {
    std::lock_guard lock(token_mutex_);
    return token_;
  }

  http::Response readiness() {
    std::vector<std::string> why;
    {
      std::lock_guard lock(token_mutex_);
      if (!token_trouble_.empty()) why.push_back(token_trouble_);
    }
    if (const std::string trouble = election_->trouble(); !trouble.empty()) why.push_back(trouble);
    if (!election_->leads()) {
      const std::string leader = election_->leader();
      if (why.empty() && !leader.empty() && leader != options_.identity)
        return plain(200, fmt::format("standing by: {} leads\n", leader));
      if (why.empty()) why.emplace_back("nobody leads yet");
    } else {
      why = leadership_->troubles();
      if (why.empty() && leadership_->working()) return plain(200, "leading\n");
      if (why.empty()) why.emplace_back("it has begun to lead and has not seen everything yet");
    }
    return plain(503, fmt::format("{}\n", fmt::join(why, "\n")));
  }

  std::string metrics() {
    std::string out = leadership_->metrics();
    if (out.empty()) out = metrics::registry().text();
    out += fmt::format(
        "# HELP leader_election_master_status Whether this process leads\n"
        "# TYPE leader_election_master_status gauge\n"
        "leader_election_master_status{{name=\"{}\"}} {}\n",
        kLease, election_->leads() ? 1 : 0);
    return out;
  }

  // The token of the registry served here is a Secret, so that a new process has the same. Until it is there
  // the registry takes nobody's.
  base::Status keep_token() {
    auto there = lease_api_->get(kubernetes::kSecrets, options_.namespace_name, kTokenSecret);
    if (!there && there.error().code == "NotFound") {
      const json::Value secret = json::Object{
          {"apiVersion", "v1"},
          {"kind", "Secret"},
          {"metadata", json::Object{{"name", kTokenSecret}, {"namespace", options_.namespace_name}}},
          {"stringData", json::Object{{"token", token()}}}};
      auto created = lease_api_->create(kubernetes::kSecrets, secret);
      if (!created) return std::move(created).error();
      there = std::move(created->object);
    }
    if (!there) return std::move(there).error();
    auto stored = crypto::base64_decode((*there)["data"].string_or("token"));
    if (!stored || stored->empty()) {
      return base::terminal("BadSecret",
                            fmt::format("Secret {}/{} holds no token: it is made again when it is removed",
                                        options_.namespace_name, kTokenSecret));
    }
    std::lock_guard lock(token_mutex_);
    token_ = *std::move(stored);
    return {};
  }

  void wait_for_token(std::stop_token stop) {
    while (registry_ && !stop.stop_requested()) {
      const auto kept = keep_token();
      const std::string trouble = kept ? "" : base::Error(kept.error()).in("the registry's token").text();
      {
        std::lock_guard lock(token_mutex_);
        if (!kept && trouble != token_trouble_) base::log_warn("cannot begin", {{"error", trouble}});
        token_trouble_ = trouble;
      }
      if (kept) return;
      std::mutex mutex;
      std::condition_variable_any wake;
      std::unique_lock lock(mutex);
      wake.wait_for(lock, stop, 2s, [] { return false; });
    }
  }

  void campaign(std::stop_token stop) {
    wait_for_token(stop);
    election_->run([this](std::stop_token ends) { leadership_->lead(ends); }, stop);
  }

  OperatorOptions options_;
  std::shared_ptr<registry::Store> registry_;
  std::shared_ptr<registry::Client> registry_client_;
  std::mutex token_mutex_;
  std::string token_, token_trouble_;
  std::unique_ptr<kubernetes::Client> lease_api_;
  std::unique_ptr<kubernetes::Election> election_;
  std::shared_ptr<kubernetes::Client> api_;
  std::unique_ptr<Leadership> leadership_;
  std::unique_ptr<http::Server> server_;
  std::jthread campaign_;
};

}  // namespace

base::Status run_operator(const OperatorOptions& options) {
  auto signal = process::StopSignal::install();
  if (!signal) return std::move(signal).error();
  Operator running(options);
  if (auto started = running.start(); !started) return started;
  const int number = signal->wait();
  base::log_info("stopping", {{"signal", std::to_string(number)}});
  running.stop();
  return {};
}

}  // namespace offtake::cluster
