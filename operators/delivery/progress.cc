#include "operators/delivery/progress.h"

#include <algorithm>
#include <array>

#include "base/log.h"

namespace offtake::delivery {
namespace {
constexpr std::array<std::string_view, 8> kNames = {"Starting",   "Filling", "Indexing", "Verifying",
                                                    "CatchingUp", "Live",    "Stalled",  "Ended"};
}

std::string_view to_string(State state) {
  return kNames[static_cast<std::size_t>(state)];
}

base::Result<State> state_from(std::string_view text) {
  const auto found = std::find(kNames.begin(), kNames.end(), text);
  if (found == kNames.end()) {
    return base::terminal("BadWorkerStatus", fmt::format("unknown worker state '{}'", text));
  }
  return static_cast<State>(found - kNames.begin());
}

void Progress::stall(const base::Error& error, base::Micros now) {
  bool first = false;
  update([&](ProgressSnapshot& s) {
    first = !s.stall || s.stall->reason != error.code;
    const bool lasting =
        error.retry == base::Retry::kRow || error.code == "MemoryExceeded" || error.code == "DiskFull";
    s.stall = Stall{error.code, error.text(), first ? now : s.stall->since, lasting};
    s.state = State::kStalled;
  });
  if (!first) return;
  base::log_warn("stalled", {{"reason", error.code}, {"error", error.text()}, {"detail", error.detail}});
}

void Progress::clear_stall() {
  std::string reason;
  update([&](ProgressSnapshot& s) {
    if (s.stall) reason = s.stall->reason;
    s.stall.reset();
    if (s.state == State::kStalled) s.state = unstalled_;
  });
  if (!reason.empty()) base::log_info("goes on", {{"reason", reason}});
}

void Progress::warn_once(const std::string& warning) {
  bool fresh = false;
  update([&](ProgressSnapshot& s) {
    fresh = std::find(s.warnings.begin(), s.warnings.end(), warning) == s.warnings.end() &&
            s.warnings.size() < 32;
    if (fresh) s.warnings.push_back(warning);
  });
  if (fresh) base::log_warn(warning);
}

ProgressSnapshot Progress::read() const {
  std::lock_guard lock(mutex_);
  ProgressSnapshot out = snapshot_;
  if (!out.stall && !away_.empty()) out.stall = away_.begin()->second;
  return out;
}

void Progress::source_away(int reader, const std::optional<base::Error>& error, base::Micros now) {
  std::lock_guard lock(mutex_);
  if (!error) {
    away_.erase(reader);
    return;
  }
  const auto [entry, fresh] = away_.try_emplace(reader, Stall{error->code, error->text(), now});
  if (!fresh) {
    entry->second.reason = error->code;
    entry->second.message = error->text();
  }
}

}  // namespace offtake::delivery
