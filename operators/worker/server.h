// What a worker says of itself over HTTP: GET /status, /metrics, /livez, /readyz, POST /commands/{id} with
// {"command":"drain"}. The id makes a command idempotent. Answers from any thread.
// POST /ledger (ledger_messages.h) is answered on a unix socket alone: its directory is its owner's.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "base/http/server.h"
#include "operators/delivery/ledger_desk.h"
#include "operators/worker/status.h"

namespace offtake::worker {

struct ServerHooks {
  std::function<WorkerStatus()> status;
  std::function<void()> drain;
  std::shared_ptr<delivery::LedgerDesk> ledger;
};

// `address`: "unix:PATH" or "HOST:PORT".
base::Result<std::unique_ptr<http::Server>> serve_status(const std::string& address, ServerHooks hooks);

}  // namespace offtake::worker
