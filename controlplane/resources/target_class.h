// TargetClass: what the platform team offers: an engine and how it is provisioned. Cluster-scoped.
#pragma once
#include "controlplane/resources/dataset.h"
#include "controlplane/resources/meta.h"
#include "operators/provision/templates/definition.h"

namespace offtake::resources {

struct ExternalProvisioner {
  std::string url;                            // in the engine's form, no password in it
  std::string event_store_name;               // of engines that write to an event store, instead
  std::optional<SecretRef> admin_secret_ref;  // keys username, password; in offtake-system
  std::optional<SecretKeyRef> ca_secret_ref;
};
struct LocalProvisioner {};
struct ProvisionerChoice {  // exactly one
  std::optional<ExternalProvisioner> external;
  std::optional<LocalProvisioner> local;
  std::optional<provision::templates::Definition> kubernetes;
};

struct ProductLimits {
  std::optional<Quantity> rows;
  std::optional<Quantity> storage;
};
struct ClassLimits {
  std::optional<std::int64_t> products;
  std::optional<ProductLimits> per_product;
};

struct TargetClassSpec {
  std::string engine;  // of operators/provision/offers
  std::string description;
  ProvisionerChoice provisioner;
  std::map<std::string, std::string> parameters;
  std::optional<ClassLimits> limits;
  NamespaceAccess namespaces{AccessFrom::kAll, {}};  // All | Selector
};

struct TargetClassStatus {
  std::optional<std::int64_t> observed_generation;
  Conditions conditions;  // Ready
  std::optional<std::int64_t> products;
  std::string address;  // of a server that this installation runs itself: host:port
};

struct TargetClass {
  ObjectMeta metadata;
  TargetClassSpec spec;
  TargetClassStatus status;

  bool is_default() const { return metadata.annotation(kDefaultClassAnnotation) == "true"; }
};

}  // namespace offtake::resources
