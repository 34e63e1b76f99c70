// The store of `offtake serve`: all objects in memory and, durably, in resources.db. The semantics are those
// of a Kubernetes API server (docs: the resource API). There is no controller-manager, so the store itself
// removes dependants of what has gone, empties namespaces that are deleted and forgets old Events.
//
// Thread-safe. A write returns once it is on disk; writes are one after the other, reads beside them.
#pragma once
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <shared_mutex>
#include <string>

#include "base/clock.h"
#include "controlplane/resources/validate.h"
#include "controlplane/store/event_ring.h"
#include "controlplane/store/managed_fields.h"
#include "controlplane/store/object_file.h"
#include "controlplane/store/resource_client.h"

namespace offtake::store {

struct StoreOptions {
  std::filesystem::path path;  // resources.db; ":memory:" keeps nothing
  std::string secret_key;      // 32 bytes: what Secrets are sealed with
  resources::SqlCheck sql;     // checks spec.sql; none: not checked
  // What a write should say beside its success: things that are accepted and waited for. Called without the
  // store's lock, so it may read from `client`.
  std::function<std::vector<std::string>(ResourceClient& client, const resources::Kind& kind,
                                         const json::Value& object)>
      warn;
  const base::Clock* clock = &base::system_clock();
  std::size_t ring_events = 2'048;              // how many changes a watch may be behind
  std::size_t most_events = 10'000;             // core Events that are kept
  base::Micros event_lifetime = 3'600'000'000;  // and how long
};

class EmbeddedStore final : public ResourceClient {
 public:
  // Makes the namespaces default and offtake-system if they are not there.
  static base::Result<std::unique_ptr<EmbeddedStore>> open(StoreOptions options);

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

  std::string resource_version() const;  // the newest

 private:
  using Place = std::pair<std::string, std::string>;  // namespace, name
  using Objects = std::map<Place, ObjectPtr>;

  struct WriteContext {
    Writer writer;
    bool dry_run = false;
  };

  EmbeddedStore(StoreOptions options, ObjectFile file);
  base::Status make_first_namespaces();

  // All of these under the write lock.
  ObjectPtr find(const resources::Kind& kind, std::string_view namespace_name, std::string_view name) const;
  // In order; after a place only, and then as they were at `version`. Code Expired.
  base::Result<std::vector<ObjectPtr>> objects_from(const resources::Kind& kind,
                                                    const std::string& namespace_name, const Place* after,
                                                    std::int64_t version) const;
  base::Status check_namespace(const resources::Kind& kind, const std::string& namespace_name) const;
  base::Result<Written> create_locked(const resources::Kind& kind, json::Value object,
                                      const FieldManagers* managers, const WriteContext& context);
  base::Result<Written> change_locked(const resources::Kind& kind, const ObjectPtr& before, json::Value after,
                                      const FieldManagers* managers, const WriteContext& context);
  base::Result<Written> replace(const json::Value& object, const WriteOptions& options,
                                std::string_view subresource);
  base::Result<json::Value> commit(const resources::Kind& kind, const ObjectPtr& before, json::Value after);
  base::Result<json::Value> commit_removal(const resources::Kind& kind, const ObjectPtr& before);
  base::Result<Deleted> remove_locked(const resources::Kind& kind, const ObjectPtr& before, bool orphan);
  base::Result<json::Value> mark_deleted(const resources::Kind& kind, const ObjectPtr& before);
  // embedded_garbage.cc
  void after_removal(const resources::Kind& kind, const json::Value& gone, bool orphan);
  void remove_dependants(const std::string& uid);
  void orphan_dependants(const std::string& uid);
  void empty_namespace(const std::string& name);
  void forget_old_events();

  Writer writer_for(std::string_view manager, std::string_view subresource) const;
  base::Result<Written> with_warnings(base::Result<Written> written, const resources::Kind& kind);

  StoreOptions options_;
  ObjectFile file_;
  std::map<const resources::Kind*, Objects> objects_;
  std::int64_t version_ = 0;
  base::Micros last_event_sweep_ = 0;
  mutable std::shared_mutex mutex_;
  std::shared_ptr<EventRing> ring_;
};

}  // namespace offtake::store
