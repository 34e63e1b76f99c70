#include "base/crash_point.h"

#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <string>

#include "base/log.h"

namespace offtake::base {
namespace {

struct Armed {
  std::string name;
  long nth = 1;
  int signal = SIGKILL;
  bool hold = false;
};

// Read once, before main: the environment does not change under a running program.
Armed read_environment() {
  Armed armed;
  const char* text = std::getenv("OFFTAKE_CRASH_AT");
  if (text == nullptr) return armed;
  std::string rest = text;
  const auto colon = rest.find(':');
  armed.name = rest.substr(0, colon);
  if (colon == std::string::npos) return armed;
  rest = rest.substr(colon + 1);
  armed.nth = std::strtol(rest.c_str(), nullptr, 10);
  if (rest.ends_with(":stop")) armed.signal = SIGSTOP;
  armed.hold = rest.ends_with(":hold");
  return armed;
}

const Armed kArmed = read_environment();
std::atomic<long> reached{0};

}  // namespace

namespace detail {

std::atomic<bool> crash_armed{!kArmed.name.empty()};

void reach_crash_point(std::string_view name) {
  if (name != kArmed.name) return;
  if (reached.fetch_add(1) + 1 != kArmed.nth) return;
  log_warn("crash point", {{"name", std::string(name)}});
  while (kArmed.hold) pause();
  // To this very thread: sent to the process, another thread may take it while this one runs on past the
  // point.
  tgkill(getpid(), gettid(), kArmed.signal);
}

}  // namespace detail

const std::vector<std::string_view>& crash_point_names() {
  static const std::vector<std::string_view> names = {
      "cut-stored",
      "mid-read",
      "mid-load",
      "piece-loaded",
      "before-indexes",
      "after-indexes",
      "before-swap-commit",
      "after-swap-commit",
      "mid-epoch",
      "before-epoch-commit",
      "after-epoch-commit",
      "intent-stored",
      "handing-over",
      "public-name-moved",
      "checkpoint-written",
      "checkpoint-renamed",
      "checkpoint-deleting",
      "piece-published",
      "queues-tended",
  };
  return names;
}

}  // namespace offtake::base
