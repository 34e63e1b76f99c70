#include <set>

#include "base/json/value.h"
#include "operators/worker/ledger_messages.h"
#include "operators/worker/metrics.h"
#include "operators/worker/server.h"

namespace offtake::worker {
namespace {

constexpr std::chrono::seconds kLedgerPatience{25};

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
  router.add("POST", "/ledger", [shared, open = !options.unix_socket.empty()](const http::Request& request) {
    if (!open || shared->ledger == nullptr) {
      return json_answer(403,
                         answer_text(base::terminal("Forbidden", "the ledger is served on a unix socket")));
    }
    auto asked = parse_ledger_request(request.body);
    if (!asked) return json_answer(400, answer_text(std::move(asked).error()));
    return json_answer(200, answer_text(shared->ledger->ask(*std::move(asked), kLedgerPatience)));
  });
  return http::Server::start(std::move(router), options);
}

}  // namespace offtake::worker
