// A ResourceClient over a Kubernetes API whose reads of some kinds come from memory (kubernetes::Informer):
// looking costs the API server nothing, and the watches of the control loop share one stream a kind. What
// this process wrote is read back at once. get_current, and kinds that are not kept, ask the server.
//
// Thread-safe, from start() on.
#pragma once
#include <map>
#include <memory>
#include <stop_token>

#include "controlplane/store/api_client.h"
#include "operators/kubernetes/informer.h"

namespace offtake::store {

class CachedClient : public ApiClient {
 public:
  explicit CachedClient(std::shared_ptr<kubernetes::Client> api) : ApiClient(std::move(api)) {}
  ~CachedClient() override { stop(); }

  // REQUIRES: before start(). With a namespace only what is in it is kept; the rest is asked for.
  void keep(const resources::Kind& kind, std::string namespace_name = "");
  void start();
  // Waits until everything was listed once; false: `stop` was requested before.
  bool wait_synced(std::stop_token stop);
  void stop();
  // Of each kind that cannot be listed or watched at present: why.
  std::vector<base::Error> troubles() const;
  const kubernetes::Informer* informer(const resources::Kind& kind) const;

  base::Result<json::Value> get(const resources::Kind& kind, std::string_view namespace_name,
                                std::string_view name) override;
  base::Result<json::Value> get_current(const resources::Kind& kind, std::string_view namespace_name,
                                        std::string_view name) override;
  // From memory without selectors and limits.
  base::Result<ObjectList> list(const resources::Kind& kind, const ListOptions& options = {}) override;
  // From memory without a version and selectors.
  base::Result<std::unique_ptr<Watch>> watch(const resources::Kind& kind, std::string_view resource_version,
                                             const ListOptions& options = {}) override;
  base::Result<Written> create(const json::Value& object, const WriteOptions& options = {}) override;
  base::Result<Written> update(const json::Value& object, const WriteOptions& options = {}) override;
  base::Result<Written> update_status(const json::Value& object, const WriteOptions& options = {}) override;
  base::Result<Written> apply(const json::Value& object, const ApplyOptions& options = {}) override;
  base::Result<Written> patch(const resources::Kind& kind, std::string_view namespace_name,
                              std::string_view name, PatchType type, const json::Value& patch,
                              const PatchOptions& options = {}) override;

 private:
  // The one that has all objects of this namespace, once it is synced; null: ask the server.
  kubernetes::Informer* kept(const resources::Kind& kind, std::string_view namespace_name) const;
  base::Result<Written> noted(base::Result<Written> written);

  std::map<const resources::Kind*, std::unique_ptr<kubernetes::Informer>> informers_;
};

}  // namespace offtake::store
