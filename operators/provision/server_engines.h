// The engines whose server this installation can run itself: one registration table.
#pragma once
#include "operators/provision/provisioner.h"
#include "operators/provision/servers/on_server.h"

namespace offtake::provision {

struct ServerEngine {
  std::string_view engine;
  std::string_view username;  // of the account that provisions
  base::Result<std::unique_ptr<servers::ServerKind>> (*make_kind)(const std::string& engine,
                                                                  const Parameters& parameters);
  std::string (*url)(int port);         // as a class over a server that exists would say it
  servers::MakeExternal make_external;  // null: the engine is no target of this version
};

// Null when there is none of that name.
const ServerEngine* find_server_engine(std::string_view engine);

// For Servers: the kind by the engine's name.
base::Result<std::unique_ptr<servers::ServerKind>> make_server_kind(const std::string& engine,
                                                                    const Parameters& parameters);

}  // namespace offtake::provision
