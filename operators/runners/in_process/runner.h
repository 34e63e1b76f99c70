// Workers as threads of this process: for the embedded event log, which only this process may open.
#pragma once
#include <functional>

#include "base/files/files.h"
#include "operators/runners/runner.h"
#include "operators/worker/run.h"

namespace offtake::runners {

struct InProcessSettings {
  files::Path run_directory;
  // The stores and schemas of this process; asked before those that a job file alone can open.
  std::function<base::Result<std::shared_ptr<sources::EventStore>>(const worker::StoreSpec&)> open_store;
  std::function<base::Result<std::string>(const worker::StoreSpec&, int id)> fetch_schema;
};

std::shared_ptr<Runner> make_in_process_runner(InProcessSettings settings);

}  // namespace offtake::runners
