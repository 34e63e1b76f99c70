// Workers as pods. Whoever starts this again, on another machine or in another version, finds them by their
// labels; nothing is kept here that is not in the cluster.
#pragma once
#include "operators/kubernetes/client.h"
#include "operators/runners/kubernetes/worker_objects.h"
#include "operators/runners/runner.h"

namespace offtake::runners {

class KubernetesRunner : public Runner {
 public:
  // Until then nothing is known of the workers there are; false: `stop` was requested before.
  virtual bool wait_synced(std::stop_token stop) = 0;
  // Why pods or Deployments cannot be watched at present.
  virtual std::vector<base::Error> troubles() const = 0;
  // Called, by a thread of the runner's, when something of a product's workers has changed.
  virtual void on_change(std::function<void(const std::string& product_uid)> listener) = 0;
};

std::shared_ptr<KubernetesRunner> make_kubernetes_runner(std::shared_ptr<kubernetes::Client> api,
                                                         PodSettings settings);

}  // namespace offtake::runners
