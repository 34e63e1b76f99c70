// A TCP proxy in front of a server that cuts the connection around a word the client sends, once: so that a
// COMMIT is lost before or after the server has taken it. For tests.
#pragma once
#include <atomic>
#include <string>
#include <thread>

namespace offtake::targets_test {

class CuttingProxy {
 public:
  enum class Cut { kBefore, kAfter };  // the server never sees the word, or the client never sees the answer
  explicit CuttingProxy(int server_port);
  ~CuttingProxy();
  int port() const { return port_; }
  void arm(std::string word, Cut cut);
  int cuts() const { return cuts_; }

 private:
  void accept_all(const std::stop_token& stop);
  void serve(int client, const std::stop_token& stop);

  int server_port_, listener_ = -1, port_ = 0;
  std::mutex mutex_;
  std::string word_;
  Cut cut_ = Cut::kBefore;
  std::atomic<int> cuts_ = 0;
  std::vector<std::jthread> connections_;
  std::jthread acceptor_;
};

}  // namespace offtake::targets_test
