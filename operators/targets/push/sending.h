// Sends one epoch's messages: tries each at most three times within five seconds, and says what became of it
// (correctness: "What is pushed"). Remembers that across calls, so that an epoch that has to wait sends
// nothing twice. Or those of the retry queues whose time has come, once. One thread.
#pragma once
#include <chrono>

#include "operators/targets/http/message_sender.h"
#include "operators/targets/push/answers.h"
#include "operators/targets/push/retry_queues.h"

namespace offtake::targets::push {

struct Fate {
  enum class Kind {
    kOpen,  // not decided yet
    kTaken,
    kLater,    // goes to the retry queue, not before `retry_after` from now
    kRefused,  // to be parked
  };
  Kind kind = Kind::kOpen;
  int attempts = 0;  // made here
  std::string error;
  std::chrono::milliseconds retry_after{0};
  std::optional<sources::NewRecord> answer;
};

// After a try that failed: when the next one is, or that it is parked.
void try_later(Unsent& message, const Fate& fate, const PushSpec& spec);

class Sending {
 public:
  // `answers` may be null.
  Sending(std::vector<http::Message> messages, const Answers* answers)
      : messages_(std::move(messages)),
        answers_(answers),
        fates_(messages_.size()),
        first_try_(messages_.size()) {}

  // Until none is open. Error: the receiver takes none now, or is wrong; what is open may be tried again by
  // another call. Code Interrupted (transient) on `stop`.
  base::Status run(http::MessageSender& sender, std::stop_token stop);
  // One round. `tried` is told of each message that had a try, in the calling thread. Errors as above.
  using OnTried = std::function<void(std::size_t index, const Fate& fate)>;
  base::Status run_once(http::MessageSender& sender, std::stop_token stop, const OnTried& tried = {});

  const std::vector<http::Message>& messages() const { return messages_; }
  const std::vector<Fate>& fates() const { return fates_; }

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;
  bool take(std::size_t index, http::Outcome outcome);  // whether it was a try

  std::vector<http::Message> messages_;
  const Answers* answers_;
  std::vector<Fate> fates_;
  std::vector<std::optional<SteadyTime>> first_try_;  // when it was begun
  // Of the last round:
  std::optional<base::Error> terminal_, last_error_;
  std::size_t judged_ = 0;  // taken, or refused for good
  std::chrono::milliseconds paused_for_{0};
};

}  // namespace offtake::targets::push
