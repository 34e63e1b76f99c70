// `offtake operator`: the reconcilers over a Kubernetes API, workers as pods.
#pragma once
#include <functional>
#include <string>

#include "base/files/files.h"
#include "base/result.h"
#include "operators/kubernetes/cluster.h"
#include "operators/runners/kubernetes/worker_objects.h"

namespace offtake::cluster {

struct OperatorOptions {
  kubernetes::Cluster cluster;
  std::string
      namespace_name;  // its own: where EventStores' and TargetClasses' Secrets are; empty: the cluster's
  runners::PodSettings pods;  // worker_namespace empty: its own
  std::string host = "0.0.0.0";
  int port = 8080;  // probes, /metrics and, with a directory, /registry; 0: a free one
  // The registry of EventStores that say `registry: {embedded: {}}`: served here from a directory, or by URL;
  // neither: there is none. `registry_url` is how workers find it.
  files::Path registry_directory;
  std::string registry_url;
  double writes_per_second = 500, burst = 1'000;
  std::string identity;  // of this process among those that would lead; empty: made
  // Called once, when it answers at its port.
  std::function<void(const std::string& address)> on_listening;
};

// Runs until SIGTERM or SIGINT; workers go on. Call it at the start of main: it takes over the signals.
base::Status run_operator(const OperatorOptions& options);

}  // namespace offtake::cluster
