#include "operators/provision/external/external_provisioner.h"
#include "operators/provision/local/local_provisioner.h"
#include "operators/provision/offers/offers.h"
#include "operators/provision/provisioner.h"

namespace offtake::provision {

base::Result<std::unique_ptr<Provisioner>> make_provisioner(const ProvisionerSettings& settings) {
  if (settings.engine == "sqlite") return local::make_local(settings);
  if (settings.engine == "postgres") return external::make_external(settings);
  return base::terminal("EngineNotAvailable",
                        fmt::format("engine {} is not available in this version", settings.engine))
      .with_hint(fmt::format("use {}", fmt::join(offered_engines(), " or ")));
}

}  // namespace offtake::provision
