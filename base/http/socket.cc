#include "base/http/socket.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace offtake::http {
namespace {

int milliseconds_until(Socket::Clock::time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Socket::Clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 3'600'000));
}

// Waits for one event; false when the time is over.
bool wait_for(int fd, short events, Socket::Clock::time_point deadline) {
  for (;;) {
    pollfd entry{fd, events, 0};
    const int ready = ::poll(&entry, 1, milliseconds_until(deadline));
    if (ready > 0) return true;
    if (ready == 0 && Socket::Clock::now() >= deadline) return false;
    if (ready < 0 && errno != EINTR) return false;
  }
}

base::Error address_error(const std::string& address, int error) {
  const std::string message = fmt::format("cannot listen on {}: {}", address, std::strerror(error));
  if (error == EADDRINUSE) {
    return base::terminal("AddressInUse", message)
        .with_hint("stop the program that uses it, or choose another");
  }
  return base::terminal("AddressNotUsable", message);
}

}  // namespace

Socket::~Socket() {
  ::close(fd_);
}

bool Socket::wait_readable(Clock::time_point deadline) {
  return !buffer().empty() || wait_for(fd_, POLLIN, deadline);
}

bool Socket::fill(Clock::time_point deadline) {
  constexpr std::size_t kStep = 16 << 10;
  if (begin_ == buffer_.size()) {
    buffer_.clear();
    begin_ = 0;
  }
  for (;;) {
    const std::size_t size = buffer_.size();
    buffer_.resize(size + kStep);
    const ssize_t got = ::recv(fd_, buffer_.data() + size, kStep, MSG_DONTWAIT);
    buffer_.resize(size + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got > 0) return true;
    if (got == 0) return false;
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return false;
    if (!wait_for(fd_, POLLIN, deadline)) {
      timed_out_ = true;
      return false;
    }
  }
}

void Socket::consume(std::size_t bytes) {
  begin_ += bytes;
  if (begin_ == buffer_.size()) {
    buffer_.clear();
    begin_ = 0;
    // A large body must not keep its memory while the connection idles.
    if (buffer_.capacity() > (64U << 10)) buffer_.shrink_to_fit();
  }
}

bool Socket::write(std::string_view bytes, std::chrono::milliseconds silence) {
  return write(bytes, {}, silence);
}

bool Socket::write(std::string_view head, std::string_view body, std::chrono::milliseconds silence) {
  while (!head.empty() || !body.empty()) {
    iovec parts[2] = {{const_cast<char*>(head.data()), head.size()},
                      {const_cast<char*>(body.data()), body.size()}};
    msghdr message{};
    message.msg_iov = head.empty() ? parts + 1 : parts;
    message.msg_iovlen = head.empty() || body.empty() ? 1 : 2;
    const ssize_t sent = ::sendmsg(fd_, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
      const auto done = static_cast<std::size_t>(sent);
      const std::size_t of_head = std::min(done, head.size());
      head.remove_prefix(of_head);
      body.remove_prefix(done - of_head);
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return false;
    if (!wait_for(fd_, POLLOUT, Clock::now() + silence)) return false;
  }
  return true;
}

bool Socket::peer_is_there() const {
  pollfd entry{fd_, POLLRDHUP, 0};
  return ::poll(&entry, 1, 0) == 0 || (entry.revents & (POLLRDHUP | POLLHUP | POLLERR | POLLNVAL)) == 0;
}

void Socket::finish(std::chrono::milliseconds wait) {
  ::shutdown(fd_, SHUT_WR);
  const auto deadline = Clock::now() + wait;
  std::array<char, 16 << 10> dropped;
  while (wait_for(fd_, POLLIN, deadline)) {
    if (::recv(fd_, dropped.data(), dropped.size(), MSG_DONTWAIT) <= 0) return;
  }
}

void Socket::shut_down() {
  ::shutdown(fd_, SHUT_RDWR);
}

base::Result<Listener> listen_on(const std::string& host, int port, int backlog) {
  addrinfo wanted{};
  wanted.ai_family = AF_UNSPEC;
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const std::string service = std::to_string(port);
  const bool v6 = host.find(':') != std::string::npos;
  const std::string shown = fmt::format("{}{}{}:{}", v6 ? "[" : "", host, v6 ? "]" : "", port);
  if (const int error =
          ::getaddrinfo(host.empty() ? nullptr : host.c_str(), service.c_str(), &wanted, &found);
      error != 0) {
    return base::terminal("AddressNotUsable",
                          fmt::format("cannot listen on {}: {}", shown, ::gai_strerror(error)));
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> release(found, ::freeaddrinfo);
  const int fd = ::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return address_error(shown, errno);
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_storage bound{};
  socklen_t length = sizeof bound;
  if (::bind(fd, found->ai_addr, found->ai_addrlen) != 0 || ::listen(fd, backlog) != 0 ||
      ::getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &length) != 0) {
    const int error = errno;
    ::close(fd);
    return address_error(shown, error);
  }
  Listener listener;
  listener.fd = fd;
  listener.port = ntohs(bound.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6*>(&bound)->sin6_port
                                                    : reinterpret_cast<sockaddr_in*>(&bound)->sin_port);
  listener.address = fmt::format("{}{}{}:{}", v6 ? "[" : "", host, v6 ? "]" : "", listener.port);
  return listener;
}

base::Result<Listener> listen_on_unix(const std::string& path, int backlog) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return base::terminal(
        "AddressNotUsable",
        fmt::format("the path of the socket is longer than {} bytes: {}", sizeof address.sun_path - 1, path));
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  const auto* const raw = reinterpret_cast<const sockaddr*>(&address);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return address_error(path, errno);
  int bound = ::bind(fd, raw, sizeof address);
  if (bound != 0 && errno == EADDRINUSE) {
    // A socket that nobody answers is left over from a process that was killed.
    const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool answered = ::connect(probe, raw, sizeof address) == 0 || errno != ECONNREFUSED;
    ::close(probe);
    errno = EADDRINUSE;
    if (!answered && ::unlink(path.c_str()) == 0) bound = ::bind(fd, raw, sizeof address);
  }
  if (bound != 0 || ::chmod(path.c_str(), 0600) != 0 || ::listen(fd, backlog) != 0) {
    const int error = errno;
    ::close(fd);
    return address_error(path, error);
  }
  Listener listener;
  listener.fd = fd;
  listener.address = "unix:" + path;
  return listener;
}

void describe_peer(int fd, std::string& address, int& port) {
  sockaddr_storage peer{};
  socklen_t length = sizeof peer;
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &length) != 0) return;
  if (peer.ss_family == AF_INET) {
    const auto* v4 = reinterpret_cast<sockaddr_in*>(&peer);
    address = ::inet_ntop(AF_INET, &v4->sin_addr, text.data(), text.size());
    port = ntohs(v4->sin_port);
  } else if (peer.ss_family == AF_INET6) {
    const auto* v6 = reinterpret_cast<sockaddr_in6*>(&peer);
    address = ::inet_ntop(AF_INET6, &v6->sin6_addr, text.data(), text.size());
    port = ntohs(v6->sin6_port);
  } else {
    address = "unix";
  }
}

}  // namespace offtake::http
