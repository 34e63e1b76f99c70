// Workers as child processes: for Kafka. They have sessions of their own, outlive a crash of the server and
// are adopted when it is back: by pid file and start time, so that a reused pid is never taken for a worker.
#pragma once
#include "base/files/files.h"
#include "operators/runners/runner.h"

namespace offtake::runners {

struct ProcessSettings {
  files::Path run_directory;
  files::Path executable;  // the offtake binary
};

std::shared_ptr<Runner> make_process_runner(ProcessSettings settings);

}  // namespace offtake::runners
