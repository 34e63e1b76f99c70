// A type of object as the API's paths name it.
#pragma once
#include <string>
#include <string_view>

namespace offtake::kubernetes {

struct ResourceType {
  std::string group;  // empty: core
  std::string version;
  std::string kind;
  std::string plural;
  bool namespaced = true;

  std::string api_version() const { return group.empty() ? version : group + "/" + version; }
  // /apis/GROUP/VERSION/namespaces/NS/PLURAL[/NAME]; without a namespace: across all.
  std::string path(std::string_view namespace_name, std::string_view name = "") const;
};

inline const ResourceType kConfigMaps{"", "v1", "ConfigMap", "configmaps"};
inline const ResourceType kSecrets{"", "v1", "Secret", "secrets"};
inline const ResourceType kPersistentVolumeClaims{"", "v1", "PersistentVolumeClaim",
                                                  "persistentvolumeclaims"};
inline const ResourceType kPods{"", "v1", "Pod", "pods"};
inline const ResourceType kServices{"", "v1", "Service", "services"};
inline const ResourceType kDeployments{"apps", "v1", "Deployment", "deployments"};
inline const ResourceType kLeases{"coordination.k8s.io", "v1", "Lease", "leases"};

}  // namespace offtake::kubernetes
