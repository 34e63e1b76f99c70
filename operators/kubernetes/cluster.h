// Where an API server is, and by what one proves who one is there.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/files/files.h"
#include "base/result.h"

namespace offtake::kubernetes {

// A program that proves who one is (client.authentication.k8s.io): credential_plugin.h.
struct CredentialPlugin {
  std::string command;
  std::vector<std::string> arguments;
  std::vector<std::pair<std::string, std::string>> environment;
  std::string api_version;
  std::string install_hint;   // what its maker says to who lacks it
  bool wants_server = false;  // it is told where the API server is
};

struct Cluster {
  std::string url;
  std::string ca_pem;     // empty: the system's authorities
  bool insecure = false;  // the server's certificate is not looked at
  std::string certificate_pem, key_pem;
  std::string token;
  files::Path token_file;  // is read again from time to time: such tokens are replaced
  std::optional<CredentialPlugin>
      plugin;  // what it gives is asked for when it is first needed, and when it ends
  std::string namespace_name = "default";  // of the context, or of the pod
  std::string origin;                      // for messages: "kubeconfig FILE, context NAME"
};

// `context` empty: the current one. Certificates and keys may be files (relative to the kubeconfig's folder)
// or data. Code BadKubeconfig, naming the file; also for what is not supported (auth-provider, which
// Kubernetes has given up).
base::Result<Cluster> read_kubeconfig(const files::Path& file, std::string_view context = "");

// Of the pod this process runs in: KUBERNETES_SERVICE_HOST and _PORT, and its service account's files in
// `folder`. Code NotInCluster.
base::Result<Cluster> in_cluster(const files::Path& folder = "/var/run/secrets/kubernetes.io/serviceaccount");

}  // namespace offtake::kubernetes
