// A product in a SQLite file of its own: Target in SQLite's terms. Transactions are BEGIN IMMEDIATE, the
// journal a WAL, commits synced; readers of the public view never wait.
#pragma once
#include "operators/targets/target.h"

namespace offtake::targets::sqlite {

// The file must exist: provisioning makes it. Code TargetMissing (terminal) otherwise.
base::Result<std::unique_ptr<Target>> open_target(const TargetConnection& connection, const TableSpec& table,
                                                  const std::string& product_uid);
// The registration of the engine (registry_of_targets.cc).
const TargetEngine& engine();

}  // namespace offtake::targets::sqlite
