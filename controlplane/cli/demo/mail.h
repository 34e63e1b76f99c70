// The little of SMTP (RFC 5321) that the demo needs: one mail sent, and a server that keeps what it is sent.
#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"

namespace offtake::cli::demo {

struct Mail {
  std::string from, to;
  std::string id;       // Message-ID, without the brackets
  std::string subject;  // one line
  std::string text;
};

// The Message-ID of a payment's confirmation.
inline std::string confirmation_id(std::int64_t payment) {
  return fmt::format("payment-{}@shop.example", payment);
}

// To a server on loopback. Code MailNotSent (transient): it is not there, or does not take it.
base::Status send_mail(int port, const Mail& mail);

// Listens on a free port of loopback until it is destroyed. Thread-safe.
class Mailbox {
 public:
  static base::Result<std::unique_ptr<Mailbox>> open();
  ~Mailbox();
  int port() const { return port_; }
  // How often each id came.
  std::map<std::string, int> ids() const;
  std::vector<Mail> newest(std::size_t count) const;

 private:
  Mailbox(int listener, int port) : listener_(listener), port_(port) {}
  void accept_all(const std::stop_token& stop);
  void serve(int connection, const std::stop_token& stop);
  static constexpr std::size_t kKept = 100;  // whole ones; of the others the ids

  const int listener_;
  const int port_;
  mutable std::mutex mutex_;
  std::map<std::string, int> ids_;
  std::vector<Mail> mails_;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace offtake::cli::demo
