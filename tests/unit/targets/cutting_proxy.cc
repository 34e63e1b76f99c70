#include "cutting_proxy.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace offtake::targets_test {
namespace {

constexpr int kPollMs = 50;

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

bool send_all(int to, const char* bytes, ssize_t count) {
  while (count > 0) {
    const ssize_t sent = send(to, bytes, static_cast<std::size_t>(count), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes += sent;
    count -= sent;
  }
  return true;
}

}  // namespace

CuttingProxy::CuttingProxy(int server_port) : server_port_(server_port) {
  listener_ = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = loopback(0);
  REQUIRE(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(listen(listener_, 16) == 0);
  socklen_t size = sizeof address;
  getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::jthread([this](const std::stop_token& stop) { accept_all(stop); });
}

CuttingProxy::~CuttingProxy() {
  acceptor_.request_stop();
  acceptor_.join();
  connections_.clear();
  close(listener_);
}

void CuttingProxy::arm(std::string word, Cut cut) {
  const std::lock_guard lock(mutex_);
  word_ = std::move(word);
  cut_ = cut;
}

void CuttingProxy::accept_all(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    pollfd waiting{listener_, POLLIN, 0};
    if (poll(&waiting, 1, kPollMs) <= 0) continue;
    const int client = accept(listener_, nullptr, nullptr);
    if (client < 0) continue;
    connections_.emplace_back([this, client](const std::stop_token& ended) { serve(client, ended); });
  }
}

void CuttingProxy::serve(int client, const std::stop_token& stop) {
  const int server = socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in address = loopback(server_port_);
  bool open = connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  bool mute = false;  // the word was passed on: the answer is swallowed, then all ends
  std::vector<char> bytes(64 << 10);
  while (open && !stop.stop_requested()) {
    pollfd waiting[2] = {{client, POLLIN, 0}, {server, POLLIN, 0}};
    if (poll(waiting, 2, kPollMs) <= 0) continue;
    if (waiting[0].revents != 0) {
      const ssize_t count = recv(client, bytes.data(), bytes.size(), 0);
      const std::lock_guard lock(mutex_);
      const bool hit = count > 0 && !word_.empty() &&
                       std::string_view(bytes.data(), static_cast<std::size_t>(count)).find(word_) !=
                           std::string_view::npos;
      if (hit) {
        word_.clear();
        ++cuts_;
        if (cut_ == Cut::kBefore) break;
        mute = true;
      }
      open = count > 0 && send_all(server, bytes.data(), count);
    }
    if (waiting[1].revents != 0) {
      const ssize_t count = recv(server, bytes.data(), bytes.size(), 0);
      open = count > 0 && !mute && send_all(client, bytes.data(), count);
    }
  }
  close(client);
  close(server);
}

}  // namespace offtake::targets_test
