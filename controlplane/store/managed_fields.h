// Which manager owns which field (metadata.managedFields): server-side apply and what update does to
// ownership. Pure functions; the time comes in.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/json/value.h"
#include "base/result.h"
#include "controlplane/resources/kind.h"
#include "controlplane/store/field_set.h"

namespace offtake::store {

struct FieldManager {
  std::string name;
  bool apply = false;  // operation Apply, else Update
  std::string api_version;
  std::string subresource;  // "" or "status"
  std::string time;
  FieldSet fields;

  bool same_entry(const FieldManager& other) const {
    return name == other.name && apply == other.apply && api_version == other.api_version &&
           subresource == other.subresource;
  }
};

using FieldManagers = std::vector<FieldManager>;

FieldManagers read_managers(const json::Value& managed_fields);
json::Value write_managers(FieldManagers managers);  // in the API's order

struct Writer {
  std::string manager;
  std::string subresource;
  std::string time;  // RFC 3339
};

struct Applied {
  json::Value object;  // without managedFields; null where nothing is left of an object or list
  FieldManagers managers;
};

// For the first apply to an object of which nobody knows who wrote it: one manager who wrote all.
FieldManagers managers_before_first_apply(const resources::Kind& kind, const json::Value& live,
                                          const Writer& writer);

// Lays `config` over `live` (null: there is none). Fields that others own with another value: Error code
// Conflict with a cause FieldManagerConflict each, unless `force`, which takes them. Fields that the manager
// applied before and no longer names go, unless another owns them.
base::Result<Applied> apply_config(const resources::Kind& kind, const json::Value& live,
                                   const FieldManagers& managers, const json::Value& config,
                                   const Writer& writer, bool force);

// What an update or patch from `before` (null: a create) to `after` does: changed fields move to (manager,
// Update), removed ones leave all sets.
FieldManagers update_managers(const resources::Kind& kind, const json::Value& before,
                              const json::Value& after, FieldManagers managers, const Writer& writer);

}  // namespace offtake::store
