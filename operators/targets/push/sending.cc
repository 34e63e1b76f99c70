#include "operators/targets/push/sending.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "base/id.h"
#include "base/retry.h"

namespace offtake::targets::push {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr int kTries = 3;
constexpr auto kPatience = 5s;
constexpr auto kFirstDelay = 5'000ms;  // of the retry queue
constexpr auto kFirstPause = 200ms, kLongestPause = 2'000ms;

bool wait(std::chrono::milliseconds time, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait_for(lock, stop, time, [] { return false; });
  return !stop.stop_requested();
}

base::Error interrupted() {
  return base::transient("Interrupted", "sending was interrupted");
}

// Waited for in place, whatever it is: the state of the delivery needs not be built again for a receiver that
// refuses all for a while, and secrets are read again by themselves.
base::Error in_place(base::Error error) {
  if (error.retry == base::Retry::kTerminal) error.retry = base::Retry::kTransient;
  return error;
}

}  // namespace

void try_later(Unsent& message, const Fate& fate, const PushSpec& spec) {
  message.attempts += fate.attempts;
  message.error = fate.error;
  message.parked = fate.kind == Fate::Kind::kRefused || message.attempts >= spec.max_attempts;
  const base::Backoff backoff{kFirstDelay, std::chrono::milliseconds(spec.max_delay / 1000)};
  const auto delay = std::max(
      fate.retry_after, base::backoff_delay(backoff, std::max(message.attempts, 1), base::random_u64()));
  message.next = base::system_clock().now() + delay.count() * 1000;
}

bool Sending::take(std::size_t index, http::Outcome outcome) {
  Fate& fate = fates_[index];
  using Kind = http::Outcome::Kind;
  if (outcome.error && outcome.error->code == "Cancelled") return false;
  if (outcome.error) {
    fate.error = outcome.error->text();
    last_error_ = outcome.error;
  }
  paused_for_ = std::max(paused_for_, outcome.retry_after);
  if (outcome.kind == Kind::kNotSent) return false;
  if (outcome.kind == Kind::kTerminal) {
    terminal_ = std::move(outcome.error);
    return false;
  }
  ++fate.attempts;
  if (!first_try_[index]) first_try_[index] = steady_clock::now() - outcome.took;
  if (outcome.kind == Kind::kAcknowledged) {
    fate.kind = Fate::Kind::kTaken;
    if (answers_ != nullptr) {
      auto record = answers_->record_of(outcome.answer);
      if (record) {
        fate.answer = *std::move(record);
      } else {
        fate.kind = Fate::Kind::kRefused;
        fate.error = record.error().text();
      }
    }
  } else if (outcome.kind == Kind::kRow) {
    fate.kind = Fate::Kind::kRefused;
  } else {
    const auto waits_until = steady_clock::now() + outcome.retry_after;
    fate.retry_after = outcome.retry_after;
    if (fate.attempts >= kTries || waits_until - *first_try_[index] >= kPatience)
      fate.kind = Fate::Kind::kLater;
  }
  if (fate.kind == Fate::Kind::kTaken || fate.kind == Fate::Kind::kRefused) ++judged_;
  return true;
}

base::Status Sending::run_once(http::MessageSender& sender, std::stop_token stop, const OnTried& tried) {
  std::vector<std::size_t> open;
  std::vector<http::Message> messages;
  for (std::size_t i = 0; i < messages_.size(); ++i) {
    if (fates_[i].kind != Fate::Kind::kOpen) continue;
    open.push_back(i);
    messages.push_back(messages_[i]);
    messages.back().attempt += fates_[i].attempts;
  }
  terminal_.reset();
  last_error_.reset();
  judged_ = 0;
  paused_for_ = {};
  if (open.empty()) return {};
  auto sent = sender.send(
      messages,
      [&](std::size_t index, http::Outcome outcome) {
        if (take(open[index], std::move(outcome)) && tried) tried(open[index], fates_[open[index]]);
      },
      stop);
  if (stop.stop_requested()) return interrupted();
  if (!sent) return in_place(std::move(sent).error());
  if (terminal_) return in_place(*terminal_);
  return {};
}

base::Status Sending::run(http::MessageSender& sender, std::stop_token stop) {
  auto progress = steady_clock::now();
  std::chrono::milliseconds pause = kFirstPause;
  for (;;) {
    if (auto sent = run_once(sender, stop); !sent) return sent;
    const bool open = std::any_of(fates_.begin(), fates_.end(),
                                  [](const Fate& fate) { return fate.kind == Fate::Kind::kOpen; });
    if (!open) return {};
    const auto now = steady_clock::now();
    if (judged_ > 0) {
      progress = now;
      pause = kFirstPause;
    }
    if (now - progress >= kPatience) {
      if (last_error_) return in_place(*last_error_);
      return base::transient("ReceiverPaused",
                             fmt::format("the receiver asked for a pause, of {} s from now on",
                                         (paused_for_ + 999ms).count() / 1000));
    }
    if (!wait(std::clamp<std::chrono::milliseconds>(paused_for_, pause, kLongestPause), stop))
      return interrupted();
    pause = std::min<std::chrono::milliseconds>(pause * 2, kLongestPause);
  }
}

}  // namespace offtake::targets::push
