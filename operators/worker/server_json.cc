#include <charconv>
#include <set>

#include "base/crypto/crypto.h"
#include "base/json/value.h"
#include "operators/worker/ledger_messages.h"
#include "operators/worker/metrics.h"
#include "operators/worker/server.h"
#include "operators/worker/worker_log.h"

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

// Who may ask: kubelets look at the probes, and whoever counts at the metrics.
std::optional<http::Response> refused(const http::Request& request, const std::string& token) {
  if (token.empty() || request.path == "/livez" || request.path == "/readyz" || request.path == "/metrics") {
    return std::nullopt;
  }
  if (crypto::equal_constant_time(request.bearer_token(), token)) return std::nullopt;
  return json_answer(401, answer_text(base::terminal("Unauthorized", "the token of this worker is wanted")));
}

http::Response log_piece(const http::Request& request, const ServerHooks& hooks) {
  constexpr std::uint64_t kMost = 1 << 20;
  const auto number = [&](const char* name) {
    std::uint64_t out = 0;
    const std::string text = request.query_value(name);
    std::from_chars(text.data(), text.data() + text.size(), out);
    return out;
  };
  LogPlace place{number("file"), number("offset")};
  const std::uint64_t limit = std::clamp<std::uint64_t>(number("limit"), 1, kMost);
  const LogOf of = request.query_value("of") == "function" ? LogOf::kFunction : LogOf::kWorker;
  auto piece = read_log(hooks.state_directory, place, limit, of);
  if (!piece) return json_answer(500, answer_text(std::move(piece).error()));
  http::Response out = plain(200, *std::move(piece));
  out.headers.set("Log-File", std::to_string(place.file));
  out.headers.set("Log-Offset", std::to_string(place.offset));
  return out;
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
  router.set_guard([shared](const http::Request& request) { return refused(request, shared->token); });
  if (!shared->token.empty()) {
    router.add("GET", "/log", [shared](const http::Request& request) { return log_piece(request, *shared); });
  }
  const bool trusted = !options.unix_socket.empty() || !shared->token.empty();
  router.add("POST", "/ledger", [shared, open = trusted](const http::Request& request) {
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
