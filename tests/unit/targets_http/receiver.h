// A receiver on a port of its own, which notes what it gets.
#pragma once
#include <doctest/doctest.h>

#include <mutex>

#include "base/http/server.h"
#include "operators/targets/http/message_sender.h"

namespace offtake::targets::http {

class Receiver {
 public:
  using Answer = std::function<web::Response(const web::Request&)>;
  explicit Receiver(Answer answer) {
    web::Router router;
    router.add("*", "/{path...}", [this, answer](const web::Request& request) {
      {
        const std::lock_guard lock(mutex_);
        requests_.push_back(request);
      }
      return answer(request);
    });
    web::ServerOptions options;
    options.stop_grace = std::chrono::milliseconds(200);
    auto server = web::Server::start(std::move(router), options);
    REQUIRE_MESSAGE(server.ok(), server.error().text());
    server_ = *std::move(server);
  }
  int port() const { return server_->port(); }
  std::string url(std::string_view path = "/events") const {
    return fmt::format("http://127.0.0.1:{}{}", port(), path);
  }
  std::vector<web::Request> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<web::Request> requests_;
  std::unique_ptr<web::Server> server_;  // goes first
};

inline web::Response status(int code) {
  return web::Response::of(code, "said", "text/plain");
}

inline Message message(const std::string& key, int number = 1) {
  Message out;
  out.key = key;
  out.event.id = fmt::format("uid:{}:{}", key, number);
  out.event.source = "/test";
  out.event.type = "dev.offtake.row.created";
  out.event.subject = key;
  out.event.data = fmt::format(R"({{"row":{{"n":{}}}}})", number);
  return out;
}

inline std::vector<Outcome> send_all(MessageSender& sender, const std::vector<Message>& messages,
                                     std::stop_token stop = {}) {
  std::vector<std::optional<Outcome>> seen(messages.size());
  const auto sent = sender.send(
      messages,
      [&](std::size_t index, Outcome outcome) {
        CHECK_FALSE(seen[index].has_value());
        seen[index] = std::move(outcome);
      },
      std::move(stop));
  REQUIRE_MESSAGE(sent.ok(), sent.error().text());
  std::vector<Outcome> out;
  for (auto& one : seen) {
    REQUIRE(one.has_value());
    out.push_back(*std::move(one));
  }
  return out;
}

inline std::unique_ptr<MessageSender> open(SenderOptions options,
                                           const base::Clock& clock = base::system_clock()) {
  auto sender = MessageSender::open(std::move(options), clock);
  REQUIRE_MESSAGE(sender.ok(), sender.error().text());
  return *std::move(sender);
}

}  // namespace offtake::targets::http
