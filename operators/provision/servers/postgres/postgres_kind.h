// A PostgreSQL server of this installation's own: initdb once, then `postgres` on a private port of loopback
// and a socket that only its account can reach. Nothing is less durable than PostgreSQL's defaults.
#pragma once
#include "operators/provision/servers/server_kind.h"

namespace offtake::provision::servers::postgres {

// The superuser's name and the database that products are provisioned in.
inline constexpr const char* kSuperuser = "offtake";
inline constexpr const char* kDatabase = "postgres";

base::Result<std::unique_ptr<ServerKind>> make_kind(const Parameters& parameters);

}  // namespace offtake::provision::servers::postgres
