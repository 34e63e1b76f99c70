#include "controlplane/server/metrics.h"

#include "base/metrics/metrics.h"
#include "operators/worker/metrics.h"

namespace offtake::server {

std::string metrics_text(store::ResourceClient& resources,
                         const std::vector<std::shared_ptr<runners::Runner>>& runners, base::Micros now) {
  std::map<std::string, resources::ObjectMeta> products;
  if (auto found = store::list<resources::DataProduct>(resources)) {
    for (const auto& product : *found) products[product.metadata.uid] = product.metadata;
  }
  metrics::Registry snapshot;
  for (const auto& runner : runners) {
    for (const auto& key : runner->list()) {
      const auto product = products.find(key.product_uid);
      if (product == products.end()) continue;
      auto observed = runner->observe(key);
      if (!observed || !observed->status) continue;
      const metrics::Labels labels{product->second.namespace_name, product->second.name,
                                   std::to_string(key.revision), "", ""};
      worker::add_metrics(snapshot, labels, observed->status->progress, now);
      snapshot.counter("offtake_worker_restarts_total", "How often the worker was started again", labels)
          .add(observed->restarts);
    }
  }
  return metrics::registry().text() + snapshot.text();
}

}  // namespace offtake::server
