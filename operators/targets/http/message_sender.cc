#include "operators/targets/http/message_sender.h"

#include <algorithm>
#include <deque>
#include <unordered_map>

#include "base/http/exchanges.h"
#include "operators/targets/http/url.h"
#include "operators/targets/http/verdict.h"

namespace offtake::targets::http {
namespace {

using std::chrono::milliseconds;
using SteadyTime = std::chrono::steady_clock::time_point;

constexpr int kUnknownAttempts = 20;

web::ClientOptions client_options(const SenderOptions& options, const Url& url) {
  web::ClientOptions out;
  out.base_url = url.origin;
  out.ca_pem = options.ca_pem;
  out.connect_timeout = options.connect_timeout;
  out.timeout = options.answer_deadline;
  out.max_response_bytes = options.max_answer_bytes;
  return out;
}

class Batch;

class Sender : public MessageSender {
 public:
  Sender(SenderOptions options, Url url, Credentials credentials, const base::Clock& clock)
      : options_(std::move(options)),
        url_(std::move(url)),
        credentials_(std::move(credentials)),
        clock_(clock),
        exchanges_(client_options(options_, url_)) {}

  base::Status send(std::span<const Message> messages, const OnOutcome& on_outcome,
                    std::stop_token stop) override;

 private:
  friend class Batch;
  const SenderOptions options_;
  const Url url_;
  Credentials credentials_;
  const base::Clock& clock_;
  web::Exchanges exchanges_;
};

// One call of send().
class Batch {
 public:
  Batch(Sender& sender, std::span<const Message> messages, const MessageSender::OnOutcome& on_outcome)
      : sender_(sender), notes_(*sender.options_.notes), messages_(messages), on_outcome_(on_outcome) {
    for (std::size_t i = 0; i < messages.size(); ++i) {
      auto& queue = queues_[messages[i].key];
      if (queue.empty()) ready_.push_back(i);
      queue.push_back(i);
    }
  }

  void run(const std::stop_token& stop) {
    if (sender_.clock_.now() < notes_.not_before()) closed_ = true;
    while (!stop.stop_requested()) {
      while (!closed_ && !ready_.empty() && has_room() && notes_.enter()) begin();
      if (sender_.exchanges_.running() == 0) break;
      for (auto& done : sender_.exchanges_.wait(milliseconds(60'000), stop)) take(std::move(done));
    }
    sender_.exchanges_.abandon();
    for (const auto& [index, flight] : flights_) {
      notes_.leave();
      cut_off(index);
    }
    flights_.clear();
    // In the order of the messages: whoever stores them needs no other.
    std::vector<std::size_t> rest;
    for (const auto& [key, queue] : queues_) rest.insert(rest.end(), queue.begin(), queue.end());
    std::sort(rest.begin(), rest.end());
    for (const std::size_t index : rest) not_sent(index);
  }

 private:
  struct Flight {
    Url url;
    int redirects = 0;
    std::size_t bytes = 0;
    SteadyTime begun{};
  };

  bool has_room() const {
    if (flights_.size() >= sender_.options_.max_in_flight) return false;
    return flights_.empty() || bytes_ + size_of(ready_.front()) <= sender_.options_.max_bytes_in_flight;
  }
  std::size_t size_of(std::size_t index) const { return messages_[index].event.data.size(); }

  void begin() {
    const std::size_t index = ready_.front();
    ready_.pop_front();
    auto& queue = queues_[messages_[index].key];
    queue.pop_front();
    auto& flight = flights_[index];
    flight.url = sender_.url_;
    flight.bytes = size_of(index);
    flight.begun = std::chrono::steady_clock::now();
    bytes_ += flight.bytes;
    post(index, flight);
  }

  void post(std::size_t index, const Flight& flight) {
    const CloudEvent& event = messages_[index].event;
    EncodedEvent encoded = encode(event, sender_.options_.mode);
    web::ClientRequest request;
    request.method = "POST";
    request.path = flight.url.target;
    request.headers = std::move(encoded.headers);
    sender_.credentials_.add_to(request.headers, event.id, encoded.body, sender_.clock_.now());
    request.body = std::move(encoded.body);
    sender_.exchanges_.start(index, std::move(request));
  }

  void take(web::Exchanges::Done done) {
    const std::size_t index = done.id;
    Outcome outcome;
    const bool body_matters =
        sender_.options_.takes_answers && verdict_of(done.status) == Verdict::kAcknowledged;
    if (!done.response && done.response.error().code == "ResponseTooLarge" && !body_matters) {
      web::ClientResponse head;
      head.status = done.status;
      done.response = std::move(head);
    }
    if (!done.response) {
      outcome = failed(index, done.response.error());
    } else if (verdict_of(done.response->status) == Verdict::kRedirect) {
      auto error = follow(index, *done.response);
      if (!error) return;
      outcome.kind = Outcome::Kind::kTerminal;
      outcome.status = done.response->status;
      outcome.error = std::move(error);
    } else {
      outcome = answered(index, *std::move(done.response));
    }
    end(index, std::move(outcome));
  }

  // Empty: it is on its way again.
  std::optional<base::Error> follow(std::size_t index, const web::ClientResponse& response) {
    Flight& flight = flights_[index];
    const auto url = resolve(flight.url, response.headers.get("location"));
    const auto refused = [&](std::string_view why) {
      return base::terminal("RedirectRefused", fmt::format("{} redirects {}", sender_.url_.origin, why))
          .with_hint("write the address where it takes messages as the url");
    };
    if (!url) return refused("to nowhere");
    if (url->origin != sender_.url_.origin) {
      return refused(fmt::format("to {}: messages are not sent on to another host", url->origin));
    }
    if (++flight.redirects > sender_.options_.max_redirects) {
      return refused(fmt::format("more than {} times", sender_.options_.max_redirects));
    }
    flight.url = *url;
    post(index, flight);
    return std::nullopt;
  }

  Outcome failed(std::size_t index, base::Error error) {
    Outcome out;
    out.kind = Outcome::Kind::kRetry;
    if (error.code == "CertificateRefused") {
      closed_ = true;
      return refused(index, std::move(error), 0);
    }
    if (error.code == "ResponseTooLarge") {
      out.kind = Outcome::Kind::kRow;
      error.retry = base::Retry::kRow;
    } else if (error.retry == base::Retry::kTerminal) {
      out.kind = Outcome::Kind::kTerminal;
    }
    if (error.code == "Unreachable") closed_ = true;
    if (error.code == "TimedOut" && ++silent_ >= sender_.options_.max_in_flight) closed_ = true;
    out.error = std::move(error);
    return out;
  }

  // What no message gets past, unless another one did lately: then it may be this one's, and is found out by
  // trying it again.
  Outcome refused(std::size_t index, base::Error error, int status) {
    const bool others = notes_.took_another(messages_[index].key, sender_.clock_.now());
    error.retry = others ? base::Retry::kTransient : base::Retry::kTerminal;
    Outcome out;
    out.kind = others ? Outcome::Kind::kRetry : Outcome::Kind::kTerminal;
    out.status = status;
    out.error = std::move(error);
    return out;
  }

  Outcome answered(std::size_t index, web::ClientResponse response) {
    silent_ = 0;
    notes_.note_answer();
    Outcome out;
    out.status = response.status;
    std::string text = fmt::format("{} answers {} {}", sender_.url_.origin, response.status,
                                   web::status_text(response.status));
    switch (verdict_of(response.status)) {
      case Verdict::kAcknowledged:
        return acknowledged(index, response);
      case Verdict::kRow:
        out.kind = Outcome::Kind::kRow;
        out.error = base::row_error("MessageRefused", std::move(text));
        return out;
      case Verdict::kTerminal:
        return refused(index, base::terminal("ReceiverRefuses", std::move(text)), response.status);
      case Verdict::kRetry:
        out.kind = Outcome::Kind::kRetry;
        out.error = base::transient("ReceiverBusy", std::move(text));
        pause(response, out);
        return out;
      default:
        out.kind = Outcome::Kind::kRetry;
        out.error = base::transient("UnknownAnswer", std::move(text));
        if (messages_[index].attempt >= kUnknownAttempts) {
          out.kind = Outcome::Kind::kTerminal;
          out.error->retry = base::Retry::kTerminal;
        }
        return out;
    }
  }

  void pause(const web::ClientResponse& response, Outcome& out) {
    const base::Micros now = sender_.clock_.now();
    const auto wanted = parse_retry_after(response.headers.get("retry-after"), now);
    if (!wanted) return;
    out.retry_after = *wanted;
    notes_.pause_until(now + wanted->count() * 1000);
    closed_ = true;
  }

  Outcome acknowledged(std::size_t index, const web::ClientResponse& response) {
    Outcome out;
    out.kind = Outcome::Kind::kAcknowledged;
    out.status = response.status;
    notes_.note_taken(messages_[index].key, sender_.clock_.now());
    if (!sender_.options_.takes_answers) return out;
    auto event = decode(response.headers, response.body);
    if (event) {
      out.answer = *std::move(event);
    } else {
      // The message was taken; without its answer it is not done.
      out.kind = Outcome::Kind::kRow;
      out.error = std::move(event).error();
    }
    return out;
  }

  void end(std::size_t index, Outcome outcome) {
    const auto flight = flights_.find(index);
    outcome.took =
        std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - flight->second.begun);
    bytes_ -= flight->second.bytes;
    flights_.erase(flight);
    notes_.leave();
    note(index, outcome);
    const auto kind = outcome.kind;
    if (kind == Outcome::Kind::kTerminal) closed_ = true;
    on_outcome_(index, std::move(outcome));
    const auto queue = queues_.find(messages_[index].key);
    if (kind == Outcome::Kind::kAcknowledged) {
      if (!queue->second.empty()) ready_.push_back(queue->second.front());
    } else {
      for (const std::size_t behind : queue->second) not_sent(behind);
      queue->second.clear();
    }
    if (queue->second.empty()) queues_.erase(queue);
  }

  void note(std::size_t index, const Outcome& outcome) {
    if (outcome.kind == Outcome::Kind::kRow) notes_.note_refused();
    if (outcome.kind != Outcome::Kind::kRetry && outcome.kind != Outcome::Kind::kTerminal) return;
    const bool for_all = outcome.kind == Outcome::Kind::kTerminal || outcome.retry_after.count() > 0 ||
                         outcome.error->code == "Unreachable";
    notes_.note_failed(messages_[index].key, *outcome.error, for_all, sender_.clock_.now());
  }

  void not_sent(std::size_t index) {
    Outcome out;
    const base::Micros left = notes_.not_before() - sender_.clock_.now();
    if (left > 0) out.retry_after = milliseconds((left + 999) / 1000);
    on_outcome_(index, std::move(out));
  }

  void cut_off(std::size_t index) {
    Outcome out;
    out.kind = Outcome::Kind::kRetry;
    out.error = base::transient("Cancelled", "the message was cut off; it may have been taken");
    on_outcome_(index, std::move(out));
  }

  Sender& sender_;
  ReceiverNotes& notes_;
  const std::span<const Message> messages_;
  const MessageSender::OnOutcome& on_outcome_;
  std::unordered_map<std::string_view, std::deque<std::size_t>> queues_;  // not begun yet, by key
  std::deque<std::size_t> ready_;                                         // the first of keys that are free
  std::unordered_map<std::size_t, Flight> flights_;
  std::size_t bytes_ = 0;
  std::size_t silent_ = 0;  // answers that were not had in time, in a row
  bool closed_ = false;     // begin nothing more
};

base::Status Sender::send(std::span<const Message> messages, const OnOutcome& on_outcome,
                          std::stop_token stop) {
  if (auto fresh = credentials_.refresh(); !fresh) return fresh;
  Batch(*this, messages, on_outcome).run(stop);
  return {};
}

}  // namespace

base::Result<std::unique_ptr<MessageSender>> MessageSender::open(SenderOptions options,
                                                                 const base::Clock& clock) {
  auto url = parse_url(options.url);
  if (!url) return std::move(url).error();
  Credentials credentials(options.credentials);
  if (auto read = credentials.refresh(); !read) return std::move(read).error();
  options.max_in_flight = std::max<std::size_t>(options.max_in_flight, 1);
  if (!options.notes) options.notes = std::make_shared<ReceiverNotes>(options.max_in_flight);
  return std::unique_ptr<MessageSender>(
      std::make_unique<Sender>(std::move(options), *std::move(url), std::move(credentials), clock));
}

}  // namespace offtake::targets::http
