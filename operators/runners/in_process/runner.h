// Workers as threads of this process: for the embedded event log, which only this process may open.
#pragma once
#include <functional>

#include "base/files/files.h"
#include "operators/runners/runner.h"
#include "operators/worker/run.h"

namespace offtake::runners {

struct InProcessSettings {
  files::Path run_directory;
  // The embedded log and registry of this process. Other stores are opened as any worker opens them.
  std::shared_ptr<sources::EventStore> embedded_log;
  std::function<base::Result<std::string>(int id)> embedded_schema;
};

std::shared_ptr<Runner> make_in_process_runner(InProcessSettings settings);

}  // namespace offtake::runners
