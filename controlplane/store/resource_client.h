// How everything in the control plane talks to resources: reconcilers, view, CLI. Backings: the embedded
// store in process (embedded_store.h), a resource API over HTTP (api_client.h): Offtake's own or a
// Kubernetes', and the latter with a cache before it (cached_client.h).
//
// Objects are json::Value with apiVersion, kind, metadata; resources::from_json<T> makes structs of them.
//
// Error codes (base::Error::code) are the reasons of Kubernetes' Status: NotFound, AlreadyExists, Conflict
// (resourceVersion or uid is not the present one; field ownership), Invalid (with causes), BadRequest,
// Forbidden, Unauthorized, Expired (resourceVersion too old: list again), Timeout, ServiceUnavailable. With
// causes, each is an Error with its field in location.field.
//
// Thread-safe; calls may block on disk or network.
#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json/value.h"
#include "base/result.h"
#include "controlplane/resources/kind.h"
#include "operators/kubernetes/objects.h"

namespace offtake::store {

using kubernetes::ApplyOptions;
using kubernetes::Deleted;
using kubernetes::DeleteOptions;
using kubernetes::ListOptions;
using kubernetes::ObjectList;
using kubernetes::PatchOptions;
using kubernetes::PatchType;
using kubernetes::WatchEvent;
using kubernetes::WatchEventType;
using kubernetes::WriteOptions;
using kubernetes::Written;

// A stream of changes. One thread calls next(); close() may be called from any.
class Watch {
 public:
  virtual ~Watch() = default;
  // Waits up to `timeout`; absent when nothing happened. Error Expired: list and watch again.
  virtual base::Result<std::optional<WatchEvent>> next(std::chrono::milliseconds timeout) = 0;
  virtual void close() = 0;  // a waiting next() returns at once
  // The resourceVersion up to which everything has been handed out: for bookmarks, and for watching on.
  virtual std::string position() const = 0;
};

class ResourceClient {
 public:
  virtual ~ResourceClient() = default;

  virtual base::Result<json::Value> get(const resources::Kind& kind, std::string_view namespace_name,
                                        std::string_view name) = 0;
  // The same, never from a cache: before what cannot be taken back.
  virtual base::Result<json::Value> get_current(const resources::Kind& kind, std::string_view namespace_name,
                                                std::string_view name) {
    return get(kind, namespace_name, name);
  }
  virtual base::Result<ObjectList> list(const resources::Kind& kind, const ListOptions& options = {}) = 0;
  // Changes after `resource_version`; empty: synthetic kAdded for what is there, then changes.
  virtual base::Result<std::unique_ptr<Watch>> watch(const resources::Kind& kind,
                                                     std::string_view resource_version,
                                                     const ListOptions& options = {}) = 0;

  // metadata.name and namespace are taken from the object.
  virtual base::Result<Written> create(const json::Value& object, const WriteOptions& options = {}) = 0;
  // With metadata.resourceVersion in it, which only core kinds may leave out: only over exactly that version.
  // Ignores status (where the kind has the subresource).
  virtual base::Result<Written> update(const json::Value& object, const WriteOptions& options = {}) = 0;
  virtual base::Result<Written> update_status(const json::Value& object,
                                              const WriteOptions& options = {}) = 0;
  // Server-side apply. Creates when absent (unless metadata.uid is given: Conflict). A status is never
  // created by it: NotFound; for another uid than the stored one: Conflict.
  virtual base::Result<Written> apply(const json::Value& object, const ApplyOptions& options = {}) = 0;
  virtual base::Result<Written> patch(const resources::Kind& kind, std::string_view namespace_name,
                                      std::string_view name, PatchType type, const json::Value& patch,
                                      const PatchOptions& options = {}) = 0;
  virtual base::Result<Deleted> remove(const resources::Kind& kind, std::string_view namespace_name,
                                       std::string_view name, const DeleteOptions& options = {}) = 0;
};

// Typed reading.
template <class T>
base::Result<T> get(ResourceClient& client, std::string_view namespace_name, std::string_view name) {
  auto object = client.get(resources::kind_of<T>(), namespace_name, name);
  if (!object) return std::move(object).error();
  return resources::from_json<T>(*object);
}

template <class T>
base::Result<std::vector<T>> list(ResourceClient& client, const ListOptions& options = {}) {
  auto found = client.list(resources::kind_of<T>(), options);
  if (!found) return std::move(found).error();
  std::vector<T> out;
  out.reserve(found->items.size());
  for (const json::Value& item : found->items) out.push_back(resources::from_json<T>(item));
  return out;
}

// Writes the whole status of `object` by server-side apply on /status (manager offtake-status, forced). The
// object's uid must still be the stored one: Conflict means that it was deleted, and perhaps made again.
template <class T>
base::Result<Written> apply_status(ResourceClient& client, const T& object,
                                   std::string_view field_manager = "offtake-status") {
  json::Value body = json::Value::object();
  const resources::Kind& kind = resources::kind_of<T>();
  body.set("apiVersion", kind.api_version());
  body.set("kind", kind.kind);
  json::Value& metadata = body.set("metadata", json::Value::object());
  metadata.set("name", object.metadata.name);
  if (kind.namespaced) metadata.set("namespace", object.metadata.namespace_name);
  metadata.set("uid", object.metadata.uid);
  body.set("status", resources::status_json(object));
  ApplyOptions options;
  options.field_manager = std::string(field_manager);
  options.force = true;
  options.status = true;
  auto written = client.apply(body, options);
  if (written || written.error().code != "NotFound") return written;
  return base::terminal("Conflict", written.error().message);
}

// Finalizers by JSON patch with tests on uid and the old list; nothing is sent when it is (not) there
// already. The object given is the one last read.
base::Status add_finalizer(ResourceClient& client, const resources::Kind& kind,
                           const resources::ObjectMeta& metadata, std::string_view finalizer);
base::Status remove_finalizer(ResourceClient& client, const resources::Kind& kind,
                              const resources::ObjectMeta& metadata, std::string_view finalizer);

// An Event about `object`; repeated ones (same object, reason, message) count up.
void record_event(ResourceClient& client, const resources::Kind& kind, const resources::ObjectMeta& metadata,
                  std::string_view type, std::string_view reason, std::string_view message,
                  std::string_view component, base::Micros now);

}  // namespace offtake::store
