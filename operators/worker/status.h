// WorkerStatus: the one document a worker serves at GET /status and leaves as status.json when it ends.
// The control plane reads it through Runner::observe; what destroys or swaps is never decided from it.
#pragma once
#include <string>

#include "base/clock.h"
#include "operators/delivery/progress.h"

namespace offtake::worker {

// How a worker ends; processes use them as exit codes.
enum class Exit : int {
  kRunning = -1,
  kDrained = 0,
  kFenced = 10,
  kTerminal = 11,       // the reason says why: StateLost, SourceReplaced, VerificationFailed
  kNotUnderstood = 12,  // the job file is of another version
};

struct WorkerStatus {
  std::string product_uid, product_namespace, product;
  int revision = 0;
  std::int64_t incarnation = 0;
  std::string job_hash;
  std::int64_t pid = 0;
  base::Micros started = 0, written = 0;
  Exit exit = Exit::kRunning;
  std::string exit_reason, exit_message;
  delivery::ProgressSnapshot progress;
};

std::string status_text(const WorkerStatus& status);
base::Result<WorkerStatus> parse_status(std::string_view text);

}  // namespace offtake::worker
