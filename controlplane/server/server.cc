#include "controlplane/server/server.h"

#include <sys/stat.h>

#include <cstdlib>

#include "base/http/server.h"
#include "base/log.h"
#include "base/process/process.h"
#include "base/process/signals.h"
#include "controlplane/api/api.h"
#include "controlplane/auth/auth.h"
#include "controlplane/console/console.h"
#include "controlplane/planning/lookup.h"
#include "controlplane/reconcile/data_product/reconciler.h"
#include "controlplane/reconcile/dataset/reconciler.h"
#include "controlplane/reconcile/event_store/reconciler.h"
#include "controlplane/reconcile/target_class/reconciler.h"
#include "controlplane/server/data_directory.h"
#include "controlplane/server/first_objects.h"
#include "controlplane/server/kubeconfig.h"
#include "controlplane/server/metrics.h"
#include "controlplane/store/embedded_store.h"
#include "controlplane/store/references.h"
#include "controlplane/view/handlers.h"
#include "controlplane/view/openapi.h"
#include "operators/provision/server_engines.h"
#include "operators/runners/in_process/runner.h"
#include "operators/runners/process/runner.h"
#include "operators/sources/embedded/events_http.h"
#include "operators/sources/embedded/store.h"
#include "schemas/registry/client.h"
#include "schemas/registry/handlers.h"

namespace offtake::server {
namespace {

using namespace std::chrono_literals;

constexpr auto kDrainPatience = 8s;
constexpr int kProductThreads = 4;

files::Path below_home(const char* variable, const char* otherwise) {
  if (const char* set = std::getenv(variable); set != nullptr && *set != '\0')
    return files::Path(set) / "offtake";
  const char* home = std::getenv("HOME");
  return files::Path(home != nullptr && *home != '\0' ? home : "/root") / otherwise / "offtake";
}

// Where this machine reaches the server: one that listens on every address has none that can be asked.
std::string local_address(const std::string& host, const http::Server& server) {
  if (host == "0.0.0.0") return fmt::format("127.0.0.1:{}", server.port());
  if (host == "::") return fmt::format("[::1]:{}", server.port());
  return server.address();
}

// The parts of a running server, in the order in which they need each other.
class Serving {
 public:
  explicit Serving(const ServeOptions& options) : options_(options) {}

  base::Status start() {
    auto data = open_data_directory(options_.data_directory);
    if (!data) return std::move(data).error();
    data_.emplace(*std::move(data));
    if (auto opened = open_stores(); !opened) return opened;
    // The port is known before workers start: those of other processes ask the registry there.
    if (auto made = make_runners(); !made) return made;
    make_loop();
    if (auto made = make_console(); !made) return made;
    if (auto listening = listen(); !listening) return listening;
    if (auto first = make_first_objects(*resources_, data_->fresh); !first) return first;
    loop_->start();
    ready_ = true;
    if (!options_.kubeconfig.empty()) {
      auto written = write_kubeconfig(options_.kubeconfig, data_->path, url_, data_->token);
      if (!written) base::log_warn("no kubeconfig written", {{"error", written.error().text()}});
    }
    base::log_info("ready", {{"url", url_}, {"data_dir", data_->path.string()}});
    if (options_.on_ready) options_.on_ready({url_, console_->new_sign_in_link(url_).value_or("")});
    return {};
  }

  // The workers, at an epoch boundary, while the reconciles in work come to their end: what drains starts
  // nothing any more. Then the servers that they wrote to.
  void stop() {
    ready_ = false;
    loop_->request_stop();
    std::jthread threads([&] { in_process_->drain_all(kDrainPatience); });
    process_->drain_all(kDrainPatience);
    threads.join();
    loop_->stop();
    servers_->stop_all();
    server_->stop();
    base::log_info("stopped");
  }

 private:
  base::Status open_stores() {
    store::StoreOptions options;
    options.path = data_->path / "resources.db";
    options.secret_key = data_->secret_key;
    options.sql = [](const resources::DataProduct& product) { return sql::check_grammar(product.spec.sql); };
    options.warn = [](store::ResourceClient& client, const resources::Kind& kind, const json::Value& object) {
      auto warnings = store::missing_references(client, kind, object);
      if (&kind != &resources::kind_of<resources::DataProduct>()) return warnings;
      const auto product = resources::from_json<resources::DataProduct>(object);
      for (auto& missing : planning::missing_datasets(client, product))
        warnings.push_back(std::move(missing));
      return warnings;
    };
    auto resources = store::EmbeddedStore::open(std::move(options));
    if (!resources) return std::move(resources).error();
    resources_ = *std::move(resources);
    auto registry = registry::Store::open(data_->path / "registry.db");
    if (!registry) return std::move(registry).error();
    registry_ = std::shared_ptr<registry::Store>(*std::move(registry));
    sources::embedded::LogOptions log;
    log.dir = (data_->path / "events").string();
    auto events = sources::embedded::Log::open(log);
    if (!events) return std::move(events).error();
    events_ = std::shared_ptr<sources::embedded::Log>(*std::move(events));
    return {};
  }

  base::Status listen() {
    http::Router router;
    router.set_refusal(api::refusal);
    auth::GuardOptions guard;
    guard.token = data_->token;
    guard.hosts = auth::Hosts(options_.host, options_.console_hosts);
    guard.sessions = sessions_.get();
    router.set_guard(auth::make_guard(guard));
    api::ApiOptions api;
    api.client = resources_.get();
    api.version = kProductVersion;
    api.ready = [this] { return ready_.load(); };
    api.documents = {{"apis/" + view::kGroupVersion, view::openapi_document()}};
    api::add_routes(router, api);
    registry::add_routes(router, *registry_, "/registry");
    sources::embedded::add_event_routes(router, events_);
    view::ViewContext view;
    view.resources = resources_.get();
    view.platform = platform_.get();
    view.runners = {in_process_, process_};
    view.clock = &base::system_clock();
    view::add_routes(router, view);
    router.add("GET", "/metrics", [this](const http::Request&) {
      return http::Response::of(
          200, metrics_text(*resources_, {in_process_, process_}, base::system_clock().now()),
          "text/plain; version=0.0.4");
    });
    console_->add_routes(router);
    http::ServerOptions server;
    server.host = options_.host;
    server.port = options_.port;
    auto started = http::Server::start(std::move(router), server);
    if (!started) return std::move(started).error();
    server_ = *std::move(started);
    url_ = "http://" + local_address(options_.host, *server_);
    platform_->set_registry_url(url_ + "/registry");
    return {};
  }

  base::Status make_runners() {
    const std::shared_ptr<registry::Client> registry = registry::local_client(*registry_);
    const std::shared_ptr<sources::EventStore> log = sources::embedded::make_store(events_);
    platform::PlatformSettings settings;
    settings.installation = data_->installation;
    settings.targets_directory = (data_->path / "targets").string();
    servers_ =
        std::make_shared<provision::servers::Servers>(data_->path / "servers", provision::make_server_kind);
    settings.servers = servers_;
    settings.embedded_log = log;
    settings.embedded_registry = registry;
    settings.registry_token = auth::registry_reader_token(data_->token);
    platform_ = std::make_unique<platform::Platform>(*resources_, std::move(settings));

    runners::InProcessSettings threads;
    threads.run_directory = data_->path / "run";
    threads.embedded_log = log;
    threads.embedded_schema = [registry](int id) { return registry->text_by_id(id); };
    in_process_ = runners::make_in_process_runner(std::move(threads));
    auto executable = process::own_executable();
    if (!executable) return std::move(executable).error();
    process_ = runners::make_process_runner({data_->path / "run", *executable});
    return {};
  }

  base::Status make_console() {
    auth::Sessions::Settings sessions;
    sessions.file = data_->path / "sessions.json";
    sessions.token = data_->token;
    sessions.installation = data_->installation;
    sessions_ = std::make_unique<auth::Sessions>(std::move(sessions));
    sign_in_ = std::make_unique<auth::SignIn>(data_->token);
    console::ConsoleSettings settings;
    settings.resources = resources_.get();
    settings.runners = {in_process_, process_};
    settings.sessions = sessions_.get();
    settings.sign_in = sign_in_.get();
    settings.version = kProductVersion;
    auto console = console::Console::start(std::move(settings));
    if (!console) return std::move(console).error();
    console_ = *std::move(console);
    return {};
  }

  void make_loop() {
    const base::Clock& clock = base::system_clock();
    loop_ = std::make_unique<reconcile::Loop>(*resources_);
    const auto key_spans = std::make_shared<reconcile::KeySpans>();
    loop_->add(std::make_unique<reconcile::EventStoreReconciler>(*resources_, *platform_, clock), 2);
    loop_->add(std::make_unique<reconcile::TargetClassReconciler>(*resources_, *platform_, clock), 2);
    loop_->add(std::make_unique<reconcile::DatasetReconciler>(*resources_, *platform_, clock, key_spans), 2);
    reconcile::DataProductSettings settings;
    settings.orders = reconcile::file_orders(data_->path / "run");
    settings.key_spans = key_spans;
    loop_->add(
        std::make_unique<reconcile::DataProductReconciler>(
            *resources_, *platform_, reconcile::Runners{in_process_, process_, nullptr}, clock, settings),
        kProductThreads);
    reconcile::wake_dependents(*loop_);
  }

  const ServeOptions& options_;
  std::optional<DataDirectory> data_;
  std::unique_ptr<store::EmbeddedStore> resources_;
  std::shared_ptr<registry::Store> registry_;
  std::shared_ptr<sources::embedded::Log> events_;
  std::unique_ptr<platform::Platform> platform_;
  std::shared_ptr<runners::Runner> in_process_, process_;
  std::shared_ptr<provision::servers::Servers> servers_;
  std::unique_ptr<reconcile::Loop> loop_;
  std::unique_ptr<auth::Sessions> sessions_;
  std::unique_ptr<auth::SignIn> sign_in_;
  std::unique_ptr<console::Console> console_;
  std::unique_ptr<http::Server> server_;
  std::string url_;
  std::atomic<bool> ready_ = false;
};

}  // namespace

files::Path default_data_directory() {
  return below_home("XDG_DATA_HOME", ".local/share");
}
files::Path default_kubeconfig() {
  return below_home("XDG_CONFIG_HOME", ".config") / "kubeconfig";
}

base::Status serve(const ServeOptions& options) {
  auto signal = process::StopSignal::install();
  if (!signal) return std::move(signal).error();
  // What is made in the data directory is this account's alone, also where others may pass through it.
  ::umask(0077);
  Serving serving(options);
  if (auto started = serving.start(); !started) return started;
  const int number = signal->wait();
  base::log_info("stopping", {{"signal", std::to_string(number)}});
  serving.stop();
  return {};
}

}  // namespace offtake::server
