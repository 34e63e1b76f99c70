// postmaster.pid: by it a server refuses to start beside another one over the same data.
#pragma once
#include "operators/provision/servers/server_kind.h"

namespace offtake::provision::servers::postgres {

// After a kill -9 the file stays, and the process it names may be a zombie that nobody collects, or another
// program that got its number (in a container, where numbers are small, after every restart): PostgreSQL
// takes both for itself and does not start. The number is then replaced by one that no process has;
// everything else in the file, by which it looks for orphaned children, stays. REQUIRES: the caller knows of
// no server over this data.
base::Status release_stale_lock(const Site& site);

}  // namespace offtake::provision::servers::postgres
