// What /metrics shows of products: read from their workers at each scrape.
#pragma once
#include <string>

#include "controlplane/store/resource_client.h"
#include "operators/runners/runner.h"

namespace offtake::server {

// Prometheus text: everything that was counted in this process, and the products' numbers.
std::string metrics_text(store::ResourceClient& resources,
                         const std::vector<std::shared_ptr<runners::Runner>>& runners, base::Micros now);

}  // namespace offtake::server
