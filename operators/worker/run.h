// The run loop of one revision: attempts that start from the control row, end in an error, and start again
// after a pause, until the worker is drained, fenced or cannot go on.
#pragma once
#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "base/boot_time.h"
#include "base/clock.h"
#include "operators/delivery/ledger_desk.h"
#include "operators/sources/event_store.h"
#include "operators/worker/job.h"
#include "operators/worker/status.h"

namespace offtake::worker {

// What surrounds a worker; differs between threads and processes.
struct Environment {
  const base::Clock* clock = &base::system_clock();
  std::function<base::Micros()> since_boot = base::since_boot;
  std::int64_t incarnation = 1;
  std::string state_directory;  // relative paths of the job are below it
  // Opens the store that the job names (the embedded log is the server's own).
  std::function<base::Result<std::shared_ptr<sources::EventStore>>(const StoreSpec&)> open_store;
  // The text of a writer schema that is not in the job.
  std::function<base::Result<std::string>(const StoreSpec&, int id)> fetch_schema;
  // What opens targets; differs in tests alone.
  std::function<const targets::TargetEngine*(std::string_view name)> find_engine = targets::find_engine;
  // Where commands to the ledger are handed in; null: nobody gives any.
  std::shared_ptr<delivery::LedgerDesk> desk;
  // The target with its password.
  std::function<base::Result<targets::TargetConnection>(const Job&)> resolve_target;
};

struct Outcome {
  Exit exit = Exit::kDrained;
  std::string reason, message;
};

// Runs on the calling thread (and reading threads of its own) until `stop`. `progress` is kept current.
Outcome run(const Job& job, const Environment& environment, delivery::Progress& progress,
            std::stop_token stop);

}  // namespace offtake::worker
