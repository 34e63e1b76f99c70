// One attempt of a worker: open everything, find out where the target stands, fill or recover, then live.
#pragma once
#include "operators/worker/run.h"

namespace offtake::worker {

struct AttemptInput {
  const Job& job;
  const Environment& environment;
  delivery::Progress& progress;
  std::string owner;  // the random start id of this worker
  // Whether an attempt of it has had the control row: who has it then at the same incarnation came after it.
  bool& held;
};

// Ends with an error always: Drained when `stop` was requested.
base::Error run_attempt(const AttemptInput& input, std::stop_token stop);

}  // namespace offtake::worker
