#include "operators/delivery/swap_attempts.h"

#include "base/log.h"

namespace offtake::delivery {
namespace {

using namespace std::chrono_literals;

constexpr auto kEvery = 500ms;
constexpr base::Micros kBlockedAfter = 60'000'000;  // then readers of the status are told who is in the way
constexpr const char* kSwap = "swap";               // key of Troubles

}  // namespace

base::Result<std::optional<targets::SwapResult>> SwapAttempts::next(bool at_once) {
  std::optional<targets::SwapResult> none;
  const auto now = pipeline_.clock->steady();
  if (!at_once && now < after_) return none;
  after_ = now + kEvery;
  auto result = pipeline_.target->swap();
  if (!result) {
    base::Error error = std::move(result).error();
    if (loses_target(error)) return error;
    if (error.code == "SwapBlocked") {
      blocked(error.message);
      return none;
    }
    after_ = now + pause_.next();
    troubles_.set(kSwap, error);
    return none;
  }
  troubles_.clear(kSwap);
  pause_.reset();
  if (result->swapped || !result->reach.empty() || result->blocked_by.empty()) {
    free();
  } else {
    blocked(result->blocked_by);
  }
  return std::optional(*std::move(result));
}

void SwapAttempts::blocked(const std::string& by) {
  const base::Micros now = pipeline_.since_boot();
  if (!blocked_since_) {
    blocked_since_ = now;
    base::log_info("the swap waits for a lock", {{"held_by", by}});
  }
  if (now - *blocked_since_ < kBlockedAfter) return;
  pipeline_.progress->warn_once("the swap has waited for more than a minute for " + by);
  pipeline_.progress->update([&](ProgressSnapshot& s) { s.swap_blocked_by = by; });
}

void SwapAttempts::free() {
  blocked_since_.reset();
  pipeline_.progress->update([](ProgressSnapshot& s) { s.swap_blocked_by.clear(); });
}

}  // namespace offtake::delivery
