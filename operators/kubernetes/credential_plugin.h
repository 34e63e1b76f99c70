// Credentials that a program gives, as kubeconfigs of managed clusters name one (`exec`): it is run without a
// terminal, told what is asked for in KUBERNETES_EXEC_INFO, and prints an ExecCredential.
//
// Protocol: client.authentication.k8s.io/v1 and v1beta1. Blocks while the program runs, at most a minute.
#pragma once
#include <optional>
#include <string>

#include "base/clock.h"
#include "operators/kubernetes/cluster.h"

namespace offtake::kubernetes {

struct Credential {
  std::string token;
  std::string certificate_pem, key_pem;
  std::optional<base::Micros> expires;  // absent: until it is refused
};

// REQUIRES: cluster.plugin. Code CredentialPlugin, with what the program said.
base::Result<Credential> ask_plugin(const Cluster& cluster);

}  // namespace offtake::kubernetes
