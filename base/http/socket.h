// A connected socket with a read buffer and deadlines. Used by one thread; only shut_down may be called from
// another, while the object lives. Internal to base/http.
#pragma once
#include <atomic>
#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"

namespace offtake::http {

class Socket {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Socket(int fd) : fd_(fd) {}
  ~Socket();
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  int fd() const { return fd_; }
  // Waits until there is something to read (true) or the time is over, the peer gone.
  bool wait_readable(Clock::time_point deadline);
  // Puts more bytes into the buffer; false at the end, on an error or when the time is over.
  bool fill(Clock::time_point deadline);
  std::string_view buffer() const { return std::string_view(buffer_).substr(begin_); }
  void consume(std::size_t bytes);
  bool timed_out() const { return timed_out_; }

  // All of it; false when the peer is gone or took nothing for `silence`.
  bool write(std::string_view bytes, std::chrono::milliseconds silence);
  bool write(std::string_view head, std::string_view body, std::chrono::milliseconds silence);
  bool peer_is_there() const;
  // Tells the peer that no more comes and drops what it still sends, so that it can read the last answer.
  void finish(std::chrono::milliseconds wait);
  void shut_down();

 private:
  int fd_;
  std::string buffer_;
  std::size_t begin_ = 0;
  bool timed_out_ = false;
};

// A listening socket. Codes AddressInUse and AddressNotUsable.
struct Listener {
  int fd = -1;
  int port = 0;
  std::string address;
};
base::Result<Listener> listen_on(const std::string& host, int port, int backlog);
base::Result<Listener> listen_on_unix(const std::string& path, int backlog);
void describe_peer(int fd, std::string& address, int& port);

}  // namespace offtake::http
