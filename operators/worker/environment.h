// How a worker's job becomes connections, from files alone.
#pragma once
#include <string>

#include "operators/worker/run.h"

namespace offtake::worker {

// For a worker of its own process: Kafka stores, schemas by the registry's URL, secrets below
// `secrets_directory`. The embedded log cannot be opened from there: StoreNotAvailable.
Environment process_environment(const std::string& secrets_directory, const std::string& state_directory,
                                std::int64_t incarnation);

// Whether a secret file ("folder/name") is read whenever it is needed: a worker follows it without a restart.
// True of what leads to a schema registry: registry-<store>/{urls,username,password}.
bool is_read_at_use(std::string_view secret_file);

// The job's target with its password and CA from the secrets, and its path below the state directory.
base::Result<targets::TargetConnection> resolve_target(const Job& job, const std::string& secrets_directory,
                                                       const std::string& state_directory);

}  // namespace offtake::worker
