// What resources name, opened: event stores, registries, provisioners. Handles are kept and shared; one whose
// resource or Secret changed is opened anew. The only place of the control plane where Secrets become
// connections.
//
// Thread-safe. Calls may block on the network for some seconds; errors are the conditions' sentences.
#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "controlplane/resources/event_store.h"
#include "controlplane/resources/target_class.h"
#include "controlplane/store/resource_client.h"
#include "operators/kubernetes/client.h"
#include "operators/provision/provisioner.h"
#include "operators/provision/servers/servers.h"
#include "operators/sources/event_store.h"
#include "operators/worker/job.h"
#include "schemas/registry/client.h"

namespace offtake::platform {

struct PlatformSettings {
  std::string installation;                                   // this installation's id
  std::string system_namespace{resources::kSystemNamespace};  // where Secrets of cluster-scoped kinds are
  bool in_cluster = false;                                    // workers are pods
  std::string targets_directory;                              // local provisioner: files
  std::shared_ptr<provision::servers::Servers> servers;       // and servers; may be null: none run here
  // Where products' own servers are made as objects; may be null: there is no cluster here.
  std::shared_ptr<kubernetes::Client> cluster;
  std::string objects_namespace;
  std::shared_ptr<sources::EventStore> embedded_log;    // may be null: no embedded store here
  std::shared_ptr<registry::Client> embedded_registry;  // may be null
  // How workers of their own process reach the embedded registry, and what they show to it.
  std::string registry_url;
  std::string registry_token;
};

class Platform {
 public:
  Platform(store::ResourceClient& resources, PlatformSettings settings);

  base::Result<std::shared_ptr<sources::EventStore>> event_store(const resources::EventStore& object);
  base::Result<std::shared_ptr<registry::Client>> registry_of(const resources::EventStore& object);
  // `state`: of products whose state is kept on an event store that the class does not name; may be null.
  base::Result<std::shared_ptr<provision::Provisioner>> provisioner(
      const resources::TargetClass& object, const resources::EventStore* state = nullptr);
  // One key of a Secret of the system namespace. SecretMissing (waiting).
  base::Result<std::string> system_secret_key(const resources::SecretKeyRef& ref);

  // For classes whose server this installation runs itself; for others there is nothing to do. Its
  // administrator's password is a Secret of the system namespace, made here.
  base::Status keep_server(const resources::TargetClass& object);
  base::Status remove_server(const resources::TargetClass& object);        // with its Secret
  std::string server_address(const resources::TargetClass& object) const;  // empty: it has none

  // How a worker reaches the store, and the files it needs for that (folder/name -> content).
  base::Result<worker::StoreSpec> worker_store(const resources::EventStore& object,
                                               std::map<std::string, std::string>& secret_files);
  const PlatformSettings& settings() const { return settings_; }
  // Where workers of their own process find the embedded registry: known once the server listens.
  void set_registry_url(std::string url);

 private:
  template <class T>
  struct Kept {
    std::string version;  // of everything it was made from
    std::shared_ptr<T> handle;
  };
  base::Result<sources::KafkaConnection> kafka_connection(const resources::EventStore& object,
                                                          std::string& version);
  // A Secret of the system namespace; SecretMissing (waiting) when it is not there.
  base::Result<std::map<std::string, std::string>> secret(std::string_view name, std::string& version);
  base::Result<provision::servers::ServerOrder> server_order(const resources::TargetClass& object);
  base::Result<std::string> secret_key(const resources::SecretKeyRef& ref, std::string& version);

  store::ResourceClient& resources_;
  PlatformSettings settings_;
  std::mutex mutex_;
  std::string registry_url_;
  std::map<std::string, Kept<sources::EventStore>> stores_;
  std::map<std::string, Kept<registry::Client>> registries_;
  std::map<std::string, Kept<provision::Provisioner>> provisioners_;
};

}  // namespace offtake::platform
