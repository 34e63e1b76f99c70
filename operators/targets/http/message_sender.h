// Sends CloudEvents to a receiver by POST: the messages of one key one after the other, many keys at a time.
// What is to be done about a message that was not taken is the caller's: nothing is tried again here, but for
// connections that the receiver closed while they were idle, and redirects to where it lives itself.
//
// One thread calls a MessageSender. At least once: a message whose answer was lost may have been taken.
#pragma once
#include <functional>
#include <memory>
#include <span>
#include <stop_token>

#include "base/clock.h"
#include "operators/targets/http/cloud_event.h"
#include "operators/targets/http/credentials.h"
#include "operators/targets/http/receiver_notes.h"

namespace offtake::targets::http {

struct SenderOptions {
  std::string url = {};
  EventMode mode = EventMode::kBinary;
  CredentialFiles credentials = {};
  std::string ca_pem = {};  // empty: the system's
  std::size_t max_in_flight = 64;
  std::size_t max_bytes_in_flight = 16 << 20;  // of bodies; one message may be larger
  std::size_t max_answer_bytes = 1 << 20;
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds answer_deadline{30'000};  // from the first byte sent to the last one received
  int max_redirects = 3;                              // 301 302 307 308, within the receiver's origin
  bool takes_answers = false;                         // CloudEvents in answers are handed back
  // Of all the senders to the receiver; none: this is the only one.
  std::shared_ptr<ReceiverNotes> notes = nullptr;
};

struct Message {
  CloudEvent event;
  std::string key;  // messages of one key keep their order
  int attempt = 1;  // which one this is
};

struct Outcome {
  enum class Kind {
    kAcknowledged,
    kRetry,     // later, not before `retry_after`
    kRow,       // this message will not be taken: park it
    kTerminal,  // none will be
    kNotSent,   // one before it was not taken, or the receiver takes none now
  };
  Kind kind = Kind::kNotSent;
  int status = 0;                            // 0: no answer
  std::optional<base::Error> error;          // unless acknowledged or not sent
  std::chrono::milliseconds retry_after{0};  // as the receiver asked for it
  std::chrono::milliseconds took{0};         // since it was sent
  std::optional<CloudEvent> answer;
};

class MessageSender {
 public:
  // Codes BadUrl, BadSecret (terminal), SecretMissing (waiting). Connects to nothing.
  static base::Result<std::unique_ptr<MessageSender>> open(SenderOptions options,
                                                           const base::Clock& clock = base::system_clock());
  virtual ~MessageSender() = default;

  // Every message gets one outcome, in the calling thread, in order within its key: after one that is not
  // acknowledged the later ones of its key are not sent. Nothing more is begun once the receiver is not
  // there, asks for a pause, answers nobody, has as many messages of other senders as it may, or an outcome
  // is terminal; or `stop` is requested: then what is under way is cut off (kRetry, code Cancelled). Error: a
  // secret that cannot be read; then there are no outcomes.
  using OnOutcome = std::function<void(std::size_t index, Outcome outcome)>;
  virtual base::Status send(std::span<const Message> messages, const OnOutcome& on_outcome,
                            std::stop_token stop = {}) = 0;
};

}  // namespace offtake::targets::http
