#include <set>

#include "base/json/value.h"
#include "operators/worker/metrics.h"
#include "operators/worker/server.h"

namespace offtake::worker {
namespace {

http::Response json_answer(int status, std::string body) {
  return http::Response::of(status, std::move(body), "application/json");
}

http::Response plain(int status, std::string body) {
  return http::Response::of(status, std::move(body), "text/plain");
}

// Commands that were carried out, by id: sent again they are answered and not repeated.
struct Commands {
  std::mutex mutex;
  std::set<std::string> done;
};

http::Response run_command(const http::Request& request, const ServerHooks& hooks, Commands& commands) {
  auto body = json::parse(request.body);
  const std::string command = body ? body->string_or("command") : "";
  if (command != "drain") {
    return json_answer(400, R"({"error":"the commands of this version are: drain"})");
  }
  std::lock_guard lock(commands.mutex);
  if (commands.done.insert(request.param("id")).second) hooks.drain();
  return json_answer(202, "{}");
}

}  // namespace

base::Result<std::unique_ptr<http::Server>> serve_status(const std::string& address, ServerHooks hooks) {
  http::ServerOptions options;
  options.max_connections = 64;
  options.max_streams = 8;
  options.reserved_connections = 16;
  if (address.starts_with("unix:")) {
    options.unix_socket = address.substr(5);
  } else {
    const auto colon = address.rfind(':');
    if (colon == std::string::npos) {
      return base::terminal("BadAddress",
                            fmt::format("--status {}: neither unix:PATH nor HOST:PORT", address));
    }
    options.host = address.substr(0, colon);
    options.port = std::atoi(address.c_str() + colon + 1);
  }
  auto shared = std::make_shared<ServerHooks>(std::move(hooks));
  auto commands = std::make_shared<Commands>();
  http::Router router;
  router.add("GET", "/status",
             [shared](const http::Request&) { return json_answer(200, status_text(shared->status())); });
  router.add("GET", "/metrics", [shared](const http::Request&) {
    return http::Response::of(200, metrics_text(shared->status(), base::system_clock().now()),
                              "text/plain; version=0.0.4");
  });
  router.add("GET", "/livez", [](const http::Request&) { return plain(200, "ok\n"); });
  router.add("GET", "/readyz", [shared](const http::Request&) {
    const WorkerStatus status = shared->status();
    if (status.exit == Exit::kRunning && !status.progress.stall) return plain(200, "ok\n");
    return plain(503, status.exit == Exit::kRunning ? status.progress.stall->reason + "\n"
                                                    : status.exit_reason + "\n");
  });
  router.add("POST", "/commands/{id}", [shared, commands](const http::Request& request) {
    return run_command(request, *shared, *commands);
  });
  return http::Server::start(std::move(router), options);
}

}  // namespace offtake::worker
