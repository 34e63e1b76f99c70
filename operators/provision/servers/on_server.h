// The provisioner of a class whose server Offtake runs: that of a server that exists, at the address where
// the server is now. While it does not answer, every call gives the server's own reason (ServerStarting …).
// Thread-safe where the provisioner behind it is.
#pragma once
#include "operators/provision/provisioner.h"
#include "operators/provision/servers/servers.h"

namespace offtake::provision::servers {

// Makes the provisioner of a server that exists, by its url and administrator.
using MakeExternal = base::Result<std::unique_ptr<Provisioner>> (*)(const ProvisionerSettings&);

struct OnServer {
  std::shared_ptr<Servers> servers;
  std::string class_uid;
  std::string (*url)(int port) = nullptr;
  MakeExternal make_external = nullptr;
};

// `settings`: as of a server that exists, with no url.
std::unique_ptr<Provisioner> make_on_server(OnServer on, ProvisionerSettings settings);

}  // namespace offtake::provision::servers
