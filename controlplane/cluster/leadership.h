// What the leader has and does, from the moment it leads to the moment it does no longer.
#pragma once
#include <atomic>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

#include "controlplane/cluster/cluster_operator.h"
#include "controlplane/store/cached_client.h"
#include "operators/kubernetes/client.h"
#include "operators/runners/kubernetes/runner.h"
#include "schemas/registry/client.h"

namespace offtake::cluster {

struct LeaderSettings {
  std::string namespace_name;  // of the operator
  runners::PodSettings pods;
  std::shared_ptr<registry::Client> registry;   // may be null
  std::string registry_url;                     // how workers find it
  std::function<std::string()> registry_token;  // and what they show there
  std::function<bool()> leads;                  // asked before what cannot be taken back
};

// What others may look at while it leads; empty otherwise.
class Leadership {
 public:
  Leadership(std::shared_ptr<kubernetes::Client> api, LeaderSettings settings);
  ~Leadership();

  // Blocks until `stop` is requested and everything begun has come to its end.
  void lead(std::stop_token stop);

  bool working() const { return working_; }   // everything was listed, the reconcilers run
  std::vector<std::string> troubles() const;  // what keeps it from working, for people
  std::string metrics() const;                // Prometheus text of the products

 private:
  class Work;
  std::shared_ptr<kubernetes::Client> api_;
  const LeaderSettings settings_;
  std::atomic<bool> working_ = false;
  mutable std::mutex mutex_;
  std::shared_ptr<Work> work_;  // guarded by mutex_
  std::string trouble_;         // likewise
};

}  // namespace offtake::cluster
