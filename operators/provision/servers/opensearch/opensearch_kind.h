// OpenSearch from an unpacked installation (parameters.home), with settings, data and logs of its own. The
// installation itself is only read, and several servers may use one.
#pragma once
#include "operators/provision/servers/server_kind.h"

namespace offtake::provision::servers::opensearch {

base::Result<std::unique_ptr<ServerKind>> make_kind(const Parameters& parameters);

}  // namespace offtake::provision::servers::opensearch
