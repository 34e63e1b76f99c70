#include <charconv>
#include <cstdlib>

#include "controlplane/cli/connection.h"
#include "controlplane/cli/listen_address.h"
#include "controlplane/cli/verbs.h"
#include "controlplane/cluster/cluster_operator.h"
#include "controlplane/resources/values.h"

namespace offtake::cli {
namespace {

base::Result<double> read_rate(const Arguments& arguments, const char* name) {
  const std::string text = arguments.text(name);
  double out = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), out);
  if (read.ec == std::errc() && read.ptr == text.data() + text.size() && out >= 0) return out;
  return base::terminal("BadNumber", fmt::format("--{}: `{}` is no number from 0 on", name, text));
}

base::Result<cluster::OperatorOptions> read_options(const Arguments& arguments) {
  cluster::OperatorOptions out;
  if (arguments.has("context") && !arguments.has("kubeconfig")) {
    return base::terminal("KubeconfigMissing", "--context is of a kubeconfig, and there is none")
        .with_hint("give --kubeconfig FILE as well");
  }
  auto where = arguments.has("kubeconfig")
                   ? kubernetes::read_kubeconfig(arguments.text("kubeconfig"), arguments.text("context"))
                   : kubernetes::in_cluster();
  if (!where) return std::move(where).error();
  out.cluster = *std::move(where);
  out.namespace_name = arguments.text("namespace");
  out.pods.worker_namespace = arguments.text("worker-namespace");
  out.pods.image = arguments.text("worker-image");
  out.pods.pull_policy = arguments.text("worker-pull-policy");
  out.pods.pull_secrets = arguments.all("worker-pull-secret");
  out.pods.volume_size = arguments.text("worker-volume");
  out.pods.storage_class = arguments.text("worker-storage-class");
  out.registry_directory = arguments.text("registry-dir");
  out.registry_url = arguments.text("registry-url");
  out.identity = arguments.text("identity");
  auto listen = read_listen_address(arguments.text("listen"));
  if (!listen) return std::move(listen).error();
  out.host = listen->host;
  out.port = listen->port;
  auto rate = read_rate(arguments, "writes-per-second");
  if (!rate) return std::move(rate).error();
  out.writes_per_second = *rate;
  auto burst = read_rate(arguments, "write-burst");
  if (!burst) return std::move(burst).error();
  out.burst = std::max(1.0, *burst);
  if (!out.pods.volume_size.empty()) {
    auto size = resources::Quantity::parse(out.pods.volume_size);
    if (!size) return std::move(size).error().in("--worker-volume");
  }
  if (!out.pods.storage_class.empty() && out.pods.volume_size.empty()) {
    return base::terminal("VolumeMissing", "--worker-storage-class is of volumes, and there are none")
        .with_hint("give --worker-volume 10Gi as well");
  }
  if (!out.registry_directory.empty() && out.registry_url.empty()) {
    return base::terminal("RegistryUrlMissing", "--registry-dir serves a registry that workers have to find")
        .with_hint("give --registry-url http://SERVICE.NAMESPACE.svc:8080/registry");
  }
  return out;
}

int run(const Arguments& arguments, Console& console) {
  auto options = read_options(arguments);
  if (!options) {
    console.error(options.error());
    return kUsage;
  }
  if (auto ran = cluster::run_operator(*options); !ran) return fail(console, ran.error());
  return kDone;
}

}  // namespace

const Verb& operator_verb() {
  static const Verb kVerb = {
      "operator",
      "Runs the reconcilers over a Kubernetes API; workers are pods",
      {},
      {{"--kubeconfig", "FILE", "says where the API server is; without it: the pod's service account"},
       {"--context", "NAME", "the context of the kubeconfig to use"},
       {"--namespace", "NAMESPACE",
        "its own, with the Secrets of event stores and target classes; by default that of "
        "the pod or the context"},
       {"--worker-namespace", "NAMESPACE", "where workers run; by default its own"},
       {"--worker-image", "IMAGE", "the image of workers, with this program in it", "", false, true},
       {"--worker-pull-policy", "POLICY", "Always, IfNotPresent or Never"},
       {"--worker-pull-secret", "NAME", "a Secret by which nodes may pull that image", "", true},
       {"--worker-volume", "SIZE",
        "a volume of that size (10Gi) for each worker that keeps state; without it, state is built again "
        "from the "
        "records when a pod is replaced"},
       {"--worker-storage-class", "NAME",
        "the class of these volumes; by default the cluster's default class"},
       {"--listen", "HOST:PORT", "probes, /metrics and the registry", "0.0.0.0:8080"},
       {"--registry-dir", "DIR", "serves a schema registry that is kept there; for one replica"},
       {"--registry-url", "URL",
        "where workers find the registry; without --registry-dir also where the operator does"},
       {"--writes-per-second", "N", "to the API server, against what runs wild; 0: no limit", "500"},
       {"--write-burst", "N", "so many of them at once", "1000"},
       {"--identity", "NAME",
        "of this process among those that would lead; by default the host's name and a number"}},
      "  offtake operator --worker-image registry.example.org/offtake:0.1.0\n"
      "  offtake operator --kubeconfig ~/.kube/config --context test --namespace offtake-system "
      "--worker-image "
      "offtake:dev",
      run};
  return kVerb;
}

}  // namespace offtake::cli
