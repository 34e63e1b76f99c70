#include "operators/delivery/progress.h"

#include <algorithm>
#include <array>

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

void Progress::warn_once(const std::string& warning) {
  update([&](ProgressSnapshot& s) {
    if (std::find(s.warnings.begin(), s.warnings.end(), warning) == s.warnings.end() &&
        s.warnings.size() < 32) {
      s.warnings.push_back(warning);
    }
  });
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
