// How everything in the control plane talks to resources: reconcilers, view, CLI. Backings: the embedded
// store in process (embedded_client.h), and a resource API over HTTP (the CLI's).
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

namespace offtake::store {

struct ListOptions {
  std::string namespace_name;  // empty: all namespaces (or a cluster-scoped kind)
  std::string label_selector;  // Kubernetes' syntax
  std::string field_selector;  // metadata.name=x,metadata.namespace=y; Events: involvedObject.*
  int limit = 0;               // 0: all
  std::string continue_token;
};

struct ObjectList {
  std::vector<json::Value> items;
  std::string resource_version;  // where a watch goes on
  std::string continue_token;    // empty: complete
  std::int64_t remaining = 0;
};

enum class WatchEventType { kAdded, kModified, kDeleted, kBookmark };

struct WatchEvent {
  WatchEventType type = WatchEventType::kAdded;
  json::Value object;  // of a deletion: the last state; of a bookmark: only metadata.resourceVersion
};

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

struct WriteOptions {
  std::string field_manager = "offtake";
  bool dry_run = false;
};

struct ApplyOptions {
  std::string field_manager = "offtake";
  bool force = false;  // take over fields that other managers own
  bool dry_run = false;
  bool status = false;  // the /status subresource: only status is looked at
};

enum class PatchType { kMerge, kJson };

struct PatchOptions {
  std::string field_manager = "offtake";
  bool dry_run = false;
  bool status = false;
};

struct DeleteOptions {
  std::string uid;  // preconditions; empty: any
  std::string resource_version;
  bool orphan = false;  // leave dependants alone
  bool dry_run = false;
};

struct Written {
  json::Value object;                 // as it is stored now
  std::vector<std::string> warnings;  // what was accepted and is waited for
  bool created = false;
  bool changed = true;  // false: the same as before, resourceVersion kept
};

struct Deleted {
  // What finalizers hold, with metadata.deletionTimestamp. Of what has gone the last state, or what the API
  // says instead.
  json::Value object;
  bool gone = false;
};

class ResourceClient {
 public:
  virtual ~ResourceClient() = default;

  virtual base::Result<json::Value> get(const resources::Kind& kind, std::string_view namespace_name,
                                        std::string_view name) = 0;
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
