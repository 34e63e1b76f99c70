// Which server the command line talks to, and by which token.
#pragma once
#include <string>
#include <vector>

#include "base/result.h"
#include "controlplane/cli/verb.h"
#include "operators/kubernetes/cluster.h"

namespace offtake::cli {

using ServerAddress = kubernetes::Cluster;

// Of every verb that asks a server.
const std::vector<Option>& server_options();

// In this order: --server with --token-file; OFFTAKE_SERVER with OFFTAKE_TOKEN; --kubeconfig with --context;
// $XDG_CONFIG_HOME/offtake/kubeconfig (by default below ~/.config), which the server writes. Never another
// file unasked. Codes NoServer, BadKubeconfig.
base::Result<ServerAddress> find_server(const Arguments& arguments);

}  // namespace offtake::cli
