#include "operators/provision/external/external_provisioner.h"
#include "operators/provision/kubernetes/kubernetes_provisioner.h"
#include "operators/provision/local/local_provisioner.h"
#include "operators/provision/offers/offers.h"
#include "operators/provision/opensearch/opensearch_provisioner.h"
#include "operators/provision/provisioner.h"
#include "operators/provision/push/push_provisioner.h"
#include "operators/provision/server_engines.h"
#include "operators/provision/topic/topic_provisioner.h"

namespace offtake::provision {
namespace {

base::Error not_available(std::string_view engine) {
  return base::terminal("EngineNotAvailable",
                        fmt::format("engine {} is not available in this version", engine))
      .with_hint(fmt::format("use {}", fmt::join(offered_engines(), " or ")));
}

base::Result<std::unique_ptr<Provisioner>> make_on_own_server(const ProvisionerSettings& settings) {
  const ServerEngine* engine = find_server_engine(settings.engine);
  if (engine == nullptr || engine->make_external == nullptr) return not_available(settings.engine);
  if (auto fine = check_parameters(settings.engine, true, settings.parameters); !fine)
    return std::move(fine).error();
  if (!settings.servers) {
    return base::terminal("ServersNotAvailable",
                          "servers of an installation's own run under `offtake serve` only");
  }
  servers::OnServer on;
  on.servers = settings.servers;
  on.class_uid = settings.class_uid;
  on.url = engine->url;
  on.make_external = engine->make_external;
  // To those who provision on it, it is any server.
  ProvisionerSettings external = settings;
  external.parameters = of_objects(settings.engine, settings.parameters);
  external.local = false;
  return servers::make_on_server(std::move(on), std::move(external));
}

base::Result<std::unique_ptr<Provisioner>> make_over_objects(const ProvisionerSettings& settings) {
  if (!settings.objects->api) {
    return base::terminal(
               "ProvisionerNotAvailable",
               fmt::format("class {} is provisioned by Kubernetes objects, and there is no cluster",
                           settings.class_name))
        .with_hint("only `offtake operator` in a cluster has it");
  }
  const Offer* offer = find_offer(settings.engine);
  if (offer == nullptr || !offer->kubernetes) return not_available(settings.engine);
  // To those who provision on it, it is any server.
  return kubernetes::make_kubernetes(settings, &make_provisioner);
}

}  // namespace

base::Result<std::unique_ptr<Provisioner>> make_provisioner(const ProvisionerSettings& settings) {
  if (settings.objects) return make_over_objects(settings);
  if (settings.local && local_form(settings.engine) == LocalForm::kServer)
    return make_on_own_server(settings);
  if (settings.engine == "sqlite") return local::make_local(settings);
  if (settings.engine == "postgres") return external::make_external(settings);
  if (settings.engine == "opensearch" || settings.engine == "elasticsearch")
    return opensearch::make_opensearch(settings);
  if (settings.engine == "topic") return topic::make_topic(settings);
  if (const Offer* offer = find_offer(settings.engine);
      offer != nullptr && offer->receiver != ReceiverKind::kNone)
    return push::make_push(settings);
  return not_available(settings.engine);
}

}  // namespace offtake::provision
