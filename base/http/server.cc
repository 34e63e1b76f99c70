#include "base/http/server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "base/http/server_state.h"
#include "base/log.h"

namespace offtake::http {

class Server::Impl {
 public:
  Impl(Router router, const ServerOptions& options, Listener listener)
      : state_(std::make_shared<ServerState>(std::move(router), options)),
        listener_(std::move(listener)),
        wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    accepting_ = std::thread([this] { accept_all(); });
  }

  ~Impl() {
    stop();
    ::close(wake_);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void stop() {
    const std::lock_guard lock(stop_mutex_);
    if (!accepting_.joinable()) return;
    stopping_ = true;
    const std::uint64_t one = 1;
    (void)!::write(wake_, &one, sizeof one);
    accepting_.join();
    ::close(listener_.fd);
    if (!state_->options.unix_socket.empty()) ::unlink(state_->options.unix_socket.c_str());
    state_->stop();
  }

  const Listener& listener() const { return listener_; }
  Load load() const { return state_->load(); }

 private:
  void accept_all() {
    while (!stopping_) {
      pollfd entries[2] = {{listener_.fd, POLLIN, 0}, {wake_, POLLIN, 0}};
      if (::poll(entries, 2, -1) < 0 || (entries[0].revents & POLLIN) == 0) continue;
      const int fd = ::accept4(listener_.fd, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) {
        // Out of descriptors or memory: the connection stays in the backlog until something is closed.
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) wait_for_resources();
        continue;
      }
      const int on = 1;
      if (state_->options.unix_socket.empty()) ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      if (!ServerState::hand_over(state_, fd)) refuse(fd);
    }
  }

  void wait_for_resources() {
    base::log_warn("no descriptor for a new connection", {{"component", "http"}});
    pollfd entry{wake_, POLLIN, 0};
    ::poll(&entry, 1, 100);
  }

  void refuse(int fd) {
    Request request;
    Response response = state_->router.refuse(
        request, 503,
        base::transient("TooManyConnections", "the server has as many connections as it can take"));
    const std::string text = fmt::format(
        "HTTP/1.1 503 {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nRetry-After: 5\r\nConnection: "
        "close\r\n\r\n{}",
        status_text(503), response.headers.get("content-type"), response.body.size(), response.body);
    (void)!::send(fd, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    ::shutdown(fd, SHUT_WR);
    ::close(fd);
  }

  std::shared_ptr<ServerState> state_;
  Listener listener_;
  int wake_;
  std::atomic<bool> stopping_{false};
  std::mutex stop_mutex_;
  std::thread accepting_;
};

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;

base::Result<std::unique_ptr<Server>> Server::start(Router router, const ServerOptions& options) {
  auto listener = options.unix_socket.empty() ? listen_on(options.host, options.port, options.backlog)
                                              : listen_on_unix(options.unix_socket, options.backlog);
  if (!listener.ok()) return std::move(listener).error();
  return std::unique_ptr<Server>(
      new Server(std::make_unique<Impl>(std::move(router), options, *std::move(listener))));
}

int Server::port() const {
  return impl_->listener().port;
}
std::string Server::address() const {
  return impl_->listener().address;
}
void Server::stop() {
  impl_->stop();
}
Server::Load Server::load() const {
  return impl_->load();
}

}  // namespace offtake::http
