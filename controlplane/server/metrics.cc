#include "controlplane/server/metrics.h"

#include "base/metrics/metrics.h"

namespace offtake::server {
namespace {

struct Series {
  const char* name;
  const char* help;
  double (*value)(const runners::Observation& worker, const delivery::ProgressSnapshot& progress,
                  base::Micros now);
};

using delivery::ProgressSnapshot;
using runners::Observation;

constexpr double kMicros = 1e6;

const Series kSeries[] = {
    {"offtake_product_records_read", "Records read by the fill",
     [](const Observation&, const ProgressSnapshot& p, base::Micros) {
       return static_cast<double>(p.records_read);
     }},
    {"offtake_product_records_live", "Records delivered live by this worker",
     [](const Observation&, const ProgressSnapshot& p, base::Micros) {
       return static_cast<double>(p.records_live);
     }},
    {"offtake_product_epochs_committed", "Epochs committed by this worker",
     [](const Observation&, const ProgressSnapshot& p, base::Micros) {
       return static_cast<double>(p.epochs_committed);
     }},
    {"offtake_product_rows", "Rows in the target",
     [](const Observation&, const ProgressSnapshot& p, base::Micros) {
       return static_cast<double>(p.content.rows);
     }},
    {"offtake_product_lag_records", "Records not yet delivered, an upper bound",
     [](const Observation&, const ProgressSnapshot& p, base::Micros) {
       return static_cast<double>(p.lag_records);
     }},
    {"offtake_product_lag_seconds", "How far the target is behind its sources",
     [](const Observation&, const ProgressSnapshot& p, base::Micros now) {
       return p.complete_through == 0
                  ? 0.0
                  : std::max(0.0, static_cast<double>(now - p.complete_through) / kMicros);
     }},
    {"offtake_product_state_bytes", "Memory of the engine's state",
     [](const Observation&, const ProgressSnapshot& p, base::Micros) {
       return static_cast<double>(p.state_bytes);
     }},
    {"offtake_product_stalled", "1 while the product is stalled",
     [](const Observation&, const ProgressSnapshot& p, base::Micros) { return p.stall ? 1.0 : 0.0; }},
    {"offtake_worker_restarts", "How often the worker was started again",
     [](const Observation& w, const ProgressSnapshot&, base::Micros) {
       return static_cast<double>(w.restarts);
     }},
};

}  // namespace

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
      for (const Series& series : kSeries) {
        snapshot.gauge(series.name, series.help, labels)
            .set(series.value(*observed, observed->status->progress, now));
      }
    }
  }
  return metrics::registry().text() + snapshot.text();
}

}  // namespace offtake::server
