#include "operators/worker/run.h"

#include <set>

#include "base/id.h"
#include "base/log.h"
#include "operators/delivery/pipeline.h"
#include "operators/delivery/retry.h"
#include "operators/worker/attempt.h"

namespace offtake::worker {
namespace {

using namespace std::chrono_literals;

// What this worker can never get over: the controller decides what comes next.
bool ends_the_worker(const base::Error& error) {
  static const std::set<std::string> kCodes = {"StateLost", "SourceReplaced", "TombstonesMayBeMissed",
                                               "VerificationFailed"};
  return error.retry == base::Retry::kTerminal && kCodes.contains(error.code);
}

Outcome ended(Exit exit, const base::Error& error) {
  return {exit, error.code, error.text()};
}

base::Error guarded_attempt(const AttemptInput& input, std::stop_token stop) {
  try {
    return run_attempt(input, stop);
  } catch (const std::exception& bug) {
    return base::internal(bug.what());
  }
}

}  // namespace

Outcome run(const Job& job, const Environment& environment, delivery::Progress& progress,
            std::stop_token stop) {
  const std::string owner = base::random_id();
  delivery::RetryPause pause({1000ms, 60'000ms});
  base::log_info("worker started",
                 {{"incarnation", std::to_string(environment.incarnation)}, {"owner", owner}});
  bool held = false;
  for (;;) {
    progress.update([](delivery::ProgressSnapshot& s) { s.epochs_committed = 0; });
    const base::Error error = guarded_attempt({job, environment, progress, owner, held}, stop);
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
    if (progress.read().epochs_committed > 0) pause.reset();
    progress.stall(error, environment.clock->now());
    if (error.code == "MemoryExceeded") {
      // Another limit comes with another job, which starts another worker.
      while (delivery::sleep_for(60'000ms, stop)) {
      }
    } else {
      delivery::sleep_for(pause.next(), stop);
    }
    if (stop.stop_requested()) return {Exit::kDrained, "Drained", ""};
  }
}

}  // namespace offtake::worker
