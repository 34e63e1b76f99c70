#include "controlplane/cli/demo/mail.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>

namespace offtake::cli::demo {
namespace {

constexpr int kPatienceMs = 10'000;
constexpr std::size_t kMaxBytes = 1 << 20;

sockaddr_in loopback(int port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(static_cast<std::uint16_t>(port));
  out.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return out;
}

// One side of a conversation in lines. Owns the descriptor.
class Line {
 public:
  explicit Line(int fd) : fd_(fd) {}
  ~Line() { close(fd_); }
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  bool say(std::string_view text) {
    while (!text.empty()) {
      const auto sent = send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  // Without its end; false when the peer is gone, silent for too long, or says too much.
  bool hear(std::string& line, const std::stop_token& stop = {}) {
    for (int waited = 0;;) {
      if (const auto end = buffer_.find("\r\n"); end != std::string::npos) {
        line = buffer_.substr(0, end);
        buffer_.erase(0, end + 2);
        return true;
      }
      if (buffer_.size() > kMaxBytes || waited > kPatienceMs || stop.stop_requested()) return false;
      pollfd ready{fd_, POLLIN, 0};
      if (poll(&ready, 1, 100) == 0) {
        waited += 100;
        continue;
      }
      char bytes[4096];
      const auto got = recv(fd_, bytes, sizeof bytes, 0);
      if (got <= 0) return false;
      buffer_.append(bytes, static_cast<std::size_t>(got));
    }
  }
  // Says it and takes an answer that begins with `expected`.
  bool ask(std::string_view text, char expected) {
    std::string answer;
    if (!text.empty() && !say(text)) return false;
    do {
      if (!hear(answer)) return false;
    } while (answer.size() > 3 && answer[3] == '-');
    return answer.starts_with(expected);
  }

 private:
  const int fd_;
  std::string buffer_;
};

// Lines that begin with a point get another one, so that none ends the mail.
std::string as_data(const Mail& mail) {
  std::string out = fmt::format("From: <{}>\r\nTo: <{}>\r\nMessage-ID: <{}>\r\nSubject: {}\r\n\r\n",
                                mail.from, mail.to, mail.id, mail.subject);
  std::string_view rest = mail.text;
  while (!rest.empty()) {
    const auto end = std::min(rest.find('\n'), rest.size());
    if (rest.starts_with('.')) out += '.';
    out += rest.substr(0, end);
    out += "\r\n";
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return out + ".\r\n";
}

// "<a@b>" in "MAIL FROM:<a@b>" or "Message-ID: <x>".
std::string in_brackets(const std::string& line) {
  const auto begin = line.find('<'), end = line.rfind('>');
  return begin == std::string::npos || end < begin ? std::string() : line.substr(begin + 1, end - begin - 1);
}

bool hear_data(Line& line, Mail& mail, const std::stop_token& stop) {
  std::string text;
  bool head = true;
  std::size_t bytes = 0;
  while (line.hear(text, stop)) {
    bytes += text.size();
    if (text == "." || bytes > kMaxBytes) return text == ".";
    if (text.starts_with('.')) text.erase(0, 1);
    if (head && text.starts_with("Message-ID:")) mail.id = in_brackets(text);
    if (head && text.starts_with("Subject: ")) mail.subject = text.substr(9);
    if (!head) mail.text += text + "\n";
    head = head && !text.empty();
  }
  return false;
}

}  // namespace

base::Status send_mail(int port, const Mail& mail) {
  const auto failed = [](std::string why) { return base::transient("MailNotSent", std::move(why)); };
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return failed("no socket");
  Line line(fd);
  const sockaddr_in to = loopback(port);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0)
    return failed(fmt::format("no mail server answers on port {}", port));
  const bool taken = line.ask("", '2') && line.ask("EHLO localhost\r\n", '2') &&
                     line.ask(fmt::format("MAIL FROM:<{}>\r\n", mail.from), '2') &&
                     line.ask(fmt::format("RCPT TO:<{}>\r\n", mail.to), '2') && line.ask("DATA\r\n", '3') &&
                     line.ask(as_data(mail), '2');
  if (!taken) return failed("the mail server did not take it");
  line.say("QUIT\r\n");
  return {};
}

base::Result<std::unique_ptr<Mailbox>> Mailbox::open() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at = loopback(0);
  socklen_t size = sizeof at;
  if (fd < 0 || bind(fd, reinterpret_cast<const sockaddr*>(&at), size) != 0 || listen(fd, 64) != 0 ||
      getsockname(fd, reinterpret_cast<sockaddr*>(&at), &size) != 0) {
    if (fd >= 0) close(fd);
    return base::terminal("AddressNotUsable", "no port for a mailbox on 127.0.0.1");
  }
  std::unique_ptr<Mailbox> box(new Mailbox(fd, ntohs(at.sin_port)));
  box->thread_ = std::jthread([raw = box.get()](const std::stop_token& stop) { raw->accept_all(stop); });
  return box;
}

Mailbox::~Mailbox() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
  close(listener_);
}

void Mailbox::accept_all(const std::stop_token& stop) {
  // A few at a time; the next one waits in the backlog.
  constexpr std::size_t kGuests = 32;
  struct Guest {
    std::shared_ptr<std::atomic<bool>> gone;
    std::jthread thread;
  };
  std::vector<Guest> guests;
  while (!stop.stop_requested()) {
    std::erase_if(guests, [](const Guest& guest) { return guest.gone->load(); });
    pollfd ready{listener_, POLLIN, 0};
    if (guests.size() >= kGuests) ready.fd = -1;
    if (poll(&ready, 1, 100) <= 0) continue;
    const int connection = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) continue;
    auto gone = std::make_shared<std::atomic<bool>>(false);
    guests.push_back({gone, std::jthread([this, connection, gone](const std::stop_token& end) {
                        serve(connection, end);
                        *gone = true;
                      })});
  }
}

void Mailbox::serve(int connection, const std::stop_token& stop) {
  Line line(connection);
  Mail mail;
  std::string command;
  if (!line.say("220 offtake demo mailbox\r\n")) return;
  while (line.hear(command, stop)) {
    std::string verb = command.substr(0, 4);
    std::transform(verb.begin(), verb.end(), verb.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    std::string answer = "250 OK\r\n";
    if (verb == "MAIL") {
      mail = {};
      mail.from = in_brackets(command);
    } else if (verb == "RCPT") {
      mail.to = in_brackets(command);
    } else if (verb == "DATA") {
      if (!line.say("354 end with a point\r\n") || !hear_data(line, mail, stop)) return;
      const std::lock_guard lock(mutex_);
      ++ids_[mail.id];
      mails_.push_back(std::exchange(mail, {}));
      if (mails_.size() > kKept) mails_.erase(mails_.begin());
    } else if (verb == "QUIT") {
      line.say("221 bye\r\n");
      return;
    } else if (verb != "EHLO" && verb != "HELO" && verb != "RSET" && verb != "NOOP") {
      answer = "502 not here\r\n";
    }
    if (!line.say(answer)) return;
  }
}

std::map<std::string, int> Mailbox::ids() const {
  const std::lock_guard lock(mutex_);
  return ids_;
}

std::vector<Mail> Mailbox::newest(std::size_t count) const {
  const std::lock_guard lock(mutex_);
  return {mails_.end() - static_cast<long>(std::min(count, mails_.size())), mails_.end()};
}

}  // namespace offtake::cli::demo
