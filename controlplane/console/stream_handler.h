// GET /offtake/v1/stream?topics=a,b,c: server-sent events of what changes, resumed by Last-Event-ID (or
// `after`).
#pragma once
#include <string>

#include "base/http/router.h"
#include "controlplane/auth/sessions.h"
#include "controlplane/console/hub.h"

namespace offtake::console {

struct StreamContext {
  Hub* hub = nullptr;
  auth::Sessions* sessions = nullptr;
  const base::Clock* clock = &base::system_clock();
  std::string build;  // of the console's files
  std::chrono::milliseconds heartbeat{15'000};
};

// Ends with the session that it was opened by. REQUIRES: what `context` points to outlives the router.
void add_stream_route(http::Router& router, StreamContext context);

}  // namespace offtake::console
