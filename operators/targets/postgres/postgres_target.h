// A product in a schema of a PostgreSQL server: Target over libpq. See README.md for who holds which lock.
#pragma once
#include "operators/targets/target.h"

namespace offtake::targets::postgres {

base::Result<std::unique_ptr<Target>> open_target(const TargetConnection& connection, const TableSpec& table,
                                                  const std::string& product_uid);
// The registration of the engine (registry_of_targets.cc).
const TargetEngine& engine();

}  // namespace offtake::targets::postgres
