// Products on an OpenSearch or Elasticsearch cluster that exists.
#pragma once
#include "operators/provision/provisioner.h"

namespace offtake::provision::opensearch {

base::Result<std::unique_ptr<Provisioner>> make_opensearch(const ProvisionerSettings& settings);

}  // namespace offtake::provision::opensearch
