// An HTTP/1.1 server on a port or a unix socket: a thread per connection, so that handlers may block.
#pragma once
#include <chrono>
#include <memory>
#include <string>

#include "base/http/router.h"
#include "base/result.h"

namespace offtake::http {

struct ServerOptions {
  std::string host = "127.0.0.1";
  int port = 0;             // 0: a free one
  std::string unix_socket;  // a path; then host and port do not count. Mode 0600; removed at the end

  std::size_t max_connections = 4096;  // beyond: 503 with Retry-After
  std::size_t max_streams = 3000;      // beyond: 429 with Retry-After
  // So many connections stay for ordinary requests: when fewer are left, idle ones are closed, the longest
  // idle first, and responses end their connection.
  std::size_t reserved_connections = 256;
  std::size_t max_head_bytes = 64 << 10;
  std::size_t max_requests_per_connection = 100'000;
  std::size_t stack_bytes = 1 << 20;  // reserved per thread; only what is touched costs memory
  int backlog = 1024;
  std::chrono::milliseconds idle_connection{60'000};
  std::chrono::milliseconds idle_thread{30'000};
  std::chrono::milliseconds head_deadline{15'000};     // for the whole head once it has begun
  std::chrono::milliseconds body_deadline{300'000};    // for the whole body
  std::chrono::milliseconds silence_deadline{30'000};  // without any progress, reading or writing
  std::chrono::milliseconds stop_grace{5'000};         // for running requests when the server stops
};

// Thread-safe. Stops when destroyed.
class Server {
 public:
  // Codes: AddressInUse, AddressNotUsable.
  static base::Result<std::unique_ptr<Server>> start(Router router, const ServerOptions& options);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  int port() const;             // 0 for a unix socket
  std::string address() const;  // "127.0.0.1:8080", "[::1]:8080" or "unix:/path"

  // Accepts no more, ends idle connections and streams, waits for running requests up to the grace, then cuts
  // them off. Returns when no handler runs any more. May be called twice.
  void stop();

  struct Load {
    std::size_t connections = 0;
    std::size_t streams = 0;
    std::size_t threads = 0;
  };
  Load load() const;

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace offtake::http
