#include "operators/provision/external/external_provisioner.h"
#include "operators/provision/local/local_provisioner.h"
#include "operators/provision/provisioner.h"

namespace offtake::provision {

base::Result<std::unique_ptr<Provisioner>> make_provisioner(const ProvisionerSettings& settings) {
  if (settings.engine == "sqlite") return local::make_local(settings);
  if (settings.engine == "postgres") return external::make_external(settings);
  return base::terminal("EngineNotAvailable",
                        fmt::format("engine {} is not available in this version", settings.engine))
      .with_hint("use sqlite or postgres");
}

}  // namespace offtake::provision
