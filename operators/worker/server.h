// What a worker says of itself over HTTP: GET /status, /metrics, /livez, /readyz, POST /commands/{id} with
// {"command":"drain"}. The id makes a command idempotent. Answers from any thread.
// POST /ledger (ledger_messages.h) is answered on a unix socket, whose directory is its owner's, and to who
// shows the token. With a token everything but the probes and /metrics wants it; then GET
// /log?file=&offset=&limit=&of= gives the log (worker_log.h; the place behind it in the headers Log-File and
// Log-Offset).
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "base/files/files.h"
#include "base/http/server.h"
#include "operators/delivery/ledger_desk.h"
#include "operators/worker/status.h"

namespace offtake::worker {

struct ServerHooks {
  std::function<WorkerStatus()> status;
  std::function<void()> drain;
  std::shared_ptr<delivery::LedgerDesk> ledger;
  std::string token;            // empty: nobody is asked
  files::Path state_directory;  // where the log is
};

// `address`: "unix:PATH" or "HOST:PORT".
base::Result<std::unique_ptr<http::Server>> serve_status(const std::string& address, ServerHooks hooks);

}  // namespace offtake::worker
