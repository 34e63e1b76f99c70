// What keeps a running delivery from going on, of several things at once: each source, the target, the rows.
// Shown as a stall once it has lasted a little; what is wrong with rows at once. One thread.
#pragma once
#include <chrono>
#include <map>
#include <string>

#include "base/clock.h"
#include "operators/delivery/progress.h"

namespace offtake::delivery {

class Troubles {
 public:
  Troubles(Progress& progress, const base::Clock& clock) : progress_(progress), clock_(clock) {}

  void set(const std::string& what, const base::Error& error) {
    const auto [at, fresh] = all_.try_emplace(what, Trouble{error, clock_.now()});
    if (!fresh) at->second.error = error;
  }
  void clear(const std::string& what) { all_.erase(what); }
  // Updates what is shown; true while there is something to show.
  bool show() {
    for (const auto& [what, trouble] : all_) {
      const bool row = trouble.error.retry == base::Retry::kRow;
      if (!row && clock_.now() - trouble.since < kQuiet) continue;
      progress_.stall(trouble.error, clock_.now());
      shown_ = true;
      return true;
    }
    if (shown_) progress_.clear_stall();
    shown_ = false;
    return false;
  }
  bool any() const { return !all_.empty(); }

 private:
  // A restart of a server within this time is nobody's concern.
  static constexpr base::Micros kQuiet = 3'000'000;
  struct Trouble {
    base::Error error;
    base::Micros since = 0;
  };
  Progress& progress_;
  const base::Clock& clock_;
  std::map<std::string, Trouble> all_;
  bool shown_ = false;
};

}  // namespace offtake::delivery
