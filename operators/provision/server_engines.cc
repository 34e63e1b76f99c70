#include "operators/provision/server_engines.h"

#include "operators/provision/external/external_provisioner.h"
#include "operators/provision/opensearch/opensearch_provisioner.h"
#include "operators/provision/servers/opensearch/opensearch_kind.h"
#include "operators/provision/servers/postgres/postgres_kind.h"

namespace offtake::provision {
namespace {

const std::vector<ServerEngine>& engines() {
  static const std::vector<ServerEngine> kEngines = {
      {"postgres", servers::postgres::kSuperuser,
       [](const std::string&, const Parameters& parameters) {
         return servers::postgres::make_kind(parameters);
       },
       [](int port) {
         return fmt::format("postgresql://127.0.0.1:{}/{}?sslmode=disable", port,
                            servers::postgres::kDatabase);
       },
       &external::make_external},
      {"opensearch", "",
       [](const std::string&, const Parameters& parameters) {
         return servers::opensearch::make_kind(parameters);
       },
       [](int port) { return fmt::format("http://127.0.0.1:{}", port); }, &opensearch::make_opensearch},
  };
  return kEngines;
}

}  // namespace

const ServerEngine* find_server_engine(std::string_view engine) {
  for (const auto& entry : engines()) {
    if (entry.engine == engine) return &entry;
  }
  return nullptr;
}

base::Result<std::unique_ptr<servers::ServerKind>> make_server_kind(const std::string& engine,
                                                                    const Parameters& parameters) {
  const ServerEngine* entry = find_server_engine(engine);
  if (entry != nullptr) return entry->make_kind(engine, parameters);
  return base::terminal("EngineNotAvailable",
                        fmt::format("this version cannot run a server of the engine {}", engine));
}

}  // namespace offtake::provision
