// What a ResourceClient can stand on, each made when first asked for and kept for the whole program: cases
// are told apart by their namespaces, as on any shared server.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/store/resource_client.h"

namespace offtake::resource_client_test {

class Backing {
 public:
  virtual ~Backing() = default;
  virtual store::ResourceClient& client() = 0;
  // A client that shares nothing with the first, for threads.
  virtual std::unique_ptr<store::ResourceClient> another() = 0;
  // How to go on with a list of which the server has forgotten the moment; empty where that cannot be had.
  virtual std::string outdated(const store::ObjectList& page) = 0;
  // A version that it no longer knows, for watches; `version` is one that it knows.
  virtual std::string unknown_version(const std::string& version) = 0;
};

inline constexpr std::string_view kEmbeddedStore = "embedded store";
inline constexpr std::string_view kEmbeddedApi = "embedded API";
inline constexpr std::string_view kKubernetes = "kube-apiserver";

// Those that can be had here: the API server of Kubernetes where OFFTAKE_TEST_KUBERNETES (its URL),
// OFFTAKE_TEST_KUBERNETES_TOKEN and OFFTAKE_TEST_KUBERNETES_CA (a file) are set. OFFTAKE_TEST_ETCD is the URL
// of the etcd behind it, which lets it forget.
const std::vector<std::string_view>& backings();
Backing& backing(std::string_view name);

}  // namespace offtake::resource_client_test
