// A resource API over HTTP: Offtake's own, or a Kubernetes API server. Errors as ResourceClient and
// kubernetes::Client have them. Thread-safe.
#pragma once
#include <memory>

#include "controlplane/store/resource_client.h"
#include "operators/kubernetes/client.h"

namespace offtake::store {

class ApiClient : public ResourceClient {
 public:
  explicit ApiClient(std::shared_ptr<kubernetes::Client> api) : api_(std::move(api)) {}

  base::Result<json::Value> get(const resources::Kind& kind, std::string_view namespace_name,
                                std::string_view name) override;
  base::Result<ObjectList> list(const resources::Kind& kind, const ListOptions& options = {}) override;
  base::Result<std::unique_ptr<Watch>> watch(const resources::Kind& kind, std::string_view resource_version,
                                             const ListOptions& options = {}) override;
  base::Result<Written> create(const json::Value& object, const WriteOptions& options = {}) override;
  base::Result<Written> update(const json::Value& object, const WriteOptions& options = {}) override;
  base::Result<Written> update_status(const json::Value& object, const WriteOptions& options = {}) override;
  base::Result<Written> apply(const json::Value& object, const ApplyOptions& options = {}) override;
  base::Result<Written> patch(const resources::Kind& kind, std::string_view namespace_name,
                              std::string_view name, PatchType type, const json::Value& patch,
                              const PatchOptions& options = {}) override;
  base::Result<Deleted> remove(const resources::Kind& kind, std::string_view namespace_name,
                               std::string_view name, const DeleteOptions& options = {}) override;

  kubernetes::Client& api() { return *api_; }

 private:
  std::shared_ptr<kubernetes::Client> api_;
};

kubernetes::ResourceType resource_type(const resources::Kind& kind);
// Kubernetes writes a status to whatever has that name. A status that names a uid is for the object of that
// uid alone: it is written over exactly the version that was read.
bool is_bound_to_uid(const json::Value& object, const ApplyOptions& options);
base::Error another_object(const json::Value& object, std::string_view stored_uid);  // code Conflict
// The kind that the object says it is; code BadRequest.
base::Result<const resources::Kind*> kind_of_object(const json::Value& object);

}  // namespace offtake::store
