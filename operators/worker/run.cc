#include "operators/worker/run.h"

#include <condition_variable>

#include "base/id.h"
#include "base/log.h"
#include "operators/delivery/pipeline.h"
#include "operators/worker/attempt.h"

namespace offtake::worker {
namespace {

using namespace std::chrono_literals;

// What this worker can never get over: the controller decides what comes next.
bool ends_the_worker(const base::Error& error) {
  static const std::set<std::string> kCodes = {"StateLost", "SourceReplaced", "TombstonesMayBeMissed",
                                               "VerificationFailed", "ClockJump"};
  return error.retry == base::Retry::kTerminal && kCodes.contains(error.code);
}

// The wait after the n-th failure in a row: 1 s, 2 s, 4 s … to a minute. Rows that stall the product are
// looked at more often, because what corrects them usually arrives by itself.
std::chrono::milliseconds pause_after(int failures, const base::Error& error) {
  const auto longest = error.retry == base::Retry::kRow ? 10'000ms : 60'000ms;
  auto pause = 500ms * (1 << std::min(failures, 10));
  return std::min<std::chrono::milliseconds>(pause, longest);
}

void wait(std::chrono::milliseconds pause, std::stop_token stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait_for(lock, stop, pause, [] { return false; });
}

void report_stall(const base::Error& error, const base::Clock& clock, delivery::Progress& progress) {
  progress.update([&](delivery::ProgressSnapshot& s) {
    const bool same = s.stall && s.stall->reason == error.code;
    const base::Micros since = same ? s.stall->since : clock.now();
    s.state = delivery::State::kStalled;
    s.stall = delivery::Stall{error.code, error.text(), since};
  });
  base::log_warn("stalled", {{"reason", error.code}, {"error", error.text()}, {"detail", error.detail}});
}

Outcome ended(Exit exit, const base::Error& error) {
  return {exit, error.code, error.text()};
}

}  // namespace

Outcome run(const Job& job, const Environment& environment, delivery::Progress& progress,
            std::stop_token stop) {
  const std::string owner = base::random_id();
  int failures = 0;
  bool after_row_stall = false;
  base::log_info("worker started",
                 {{"incarnation", std::to_string(environment.incarnation)}, {"owner", owner}});
  for (;;) {
    const std::int64_t epochs_before = progress.read().epochs_committed;
    const base::Error error = run_attempt({job, environment, progress, owner, after_row_stall}, stop);
    if (delivery::is_drained(error) || (stop.stop_requested() && error.retry == base::Retry::kTransient)) {
      base::log_info("drained");
      return {Exit::kDrained, "Drained", ""};
    }
    if (error.retry == base::Retry::kFenced) {
      base::log_warn("fenced", {{"error", error.text()}});
      return ended(Exit::kFenced, error);
    }
    if (ends_the_worker(error)) {
      base::log_error("cannot go on", {{"reason", error.code}, {"error", error.text()}});
      return ended(Exit::kTerminal, error);
    }
    if (progress.read().epochs_committed > epochs_before) failures = 0;
    report_stall(error, *environment.clock, progress);
    after_row_stall = error.retry == base::Retry::kRow;
    wait(pause_after(failures++, error), stop);
    if (stop.stop_requested()) return {Exit::kDrained, "Drained", ""};
  }
}

}  // namespace offtake::worker
