#include "controlplane/store/managed_fields.h"

#include "controlplane/store/structured.h"

namespace offtake::store {
namespace {

constexpr std::size_t kMostUpdateManagers = 10;

// Without what nobody owns, and what that subresource does not write.
json::Value written_part(const resources::Kind& kind, const json::Value& object,
                         std::string_view subresource) {
  json::Value copy = object;
  for (const char* name : {"apiVersion", "kind"}) copy.erase(name);
  if (json::Value* metadata = copy.find("metadata"); metadata != nullptr) {
    for (const char* name :
         {"name", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp", "generateName",
          "managedFields", "selfLink", "deletionTimestamp", "deletionGracePeriodSeconds"}) {
      metadata->erase(name);
    }
    if (metadata->is_object() && metadata->as_object().empty()) copy.erase("metadata");
  }
  if (subresource == "status") {
    json::Value only = json::Value::object();
    if (const json::Value* status = copy.find("status"); status != nullptr) only.set("status", *status);
    copy = std::move(only);
  } else if (kind.has_status) {
    copy.erase("status");
  }
  return copy;
}

FieldSet ownable(const resources::Kind& kind, const json::Value& object, std::string_view subresource) {
  return fields_of(kind, written_part(kind, object, subresource));
}

struct Changes {
  FieldSet written;  // added, or with another value
  FieldSet removed;
};

Changes compare(const resources::Kind& kind, const json::Value& before, const json::Value& after) {
  const FieldSet was = places_of(kind, before), is = places_of(kind, after);
  Changes out;
  out.removed = subtract(was, is);
  out.written = unite(subtract(is, was), changed_values(kind, before, after));
  out.written.remove({"f:metadata"});
  return out;
}

FieldSet without(const FieldSet& fields, const Changes& changes) {
  return subtract(subtract(fields, changes.written), changes.removed);
}

// What the manager applied last and nobody names any more goes, with what only stood there because of it.
json::Value pruned(const resources::Kind& kind, const json::Value& merged, const FieldSet& last,
                   const FieldManagers& managers) {
  FieldSet owned;
  for (const FieldManager& manager : managers) owned = unite(std::move(owned), manager.fields);
  owned = with_parents(kind, owned);
  const auto fields = [&](const json::Value& object) { return with_parents(kind, fields_of(kind, object)); };
  const FieldSet all = fields(merged), mine = with_parents(kind, last);
  // All of the last apply goes with all that is in it, then what is owned comes back, then what was not ours.
  const FieldSet rest = fields(without_fields(kind, merged, mine));
  const FieldSet kept = fields(without_fields(kind, merged, subtract(all, unite(rest, owned))));
  return without_fields(kind, merged, intersect(subtract(all, kept), mine));
}

// An object or list of which nothing is left is empty where that is what is applied.
void keep_empty(json::Value& object, const json::Value& config) {
  if (!object.is_object() || !config.is_object()) return;
  for (auto& [name, value] : object.as_object()) {
    const json::Value* applied = config.find(name);
    if (applied == nullptr) continue;
    if (value.is_null()) {
      value = *applied;
    } else {
      keep_empty(value, *applied);
    }
  }
}

void drop_empty(FieldManagers& managers) {
  std::erase_if(managers, [](const FieldManager& manager) { return manager.fields.empty(); });
}

FieldManager& entry(FieldManagers& managers, const FieldManager& wanted) {
  for (FieldManager& manager : managers) {
    if (manager.same_entry(wanted)) return manager;
  }
  managers.push_back(wanted);
  return managers.back();
}

// As the API words it: "name" with subresource "status" using offtake.dev/v1alpha1.
std::string manager_text(const FieldManager& manager) {
  std::string out = fmt::format("\"{}\"", manager.name);
  if (!manager.subresource.empty()) out += fmt::format(" with subresource \"{}\"", manager.subresource);
  if (!manager.apply) out += " using " + manager.api_version;
  return out;
}

base::Error conflict_error(const std::vector<std::pair<FieldPath, const FieldManager*>>& conflicts) {
  base::Error error = base::terminal("Conflict", "");
  std::map<std::string, std::vector<std::string>> by_manager;
  for (const auto& [path, manager] : conflicts) {
    const std::string whose = manager_text(*manager), field = path_text(path);
    by_manager[whose].push_back(field);
    base::Error cause = base::terminal("FieldManagerConflict", "conflict with " + whose);
    cause.location.field = field;
    error.causes.push_back(std::move(cause));
  }
  if (conflicts.size() == 1) {
    const auto& [whose, fields] = *by_manager.begin();
    error.message = fmt::format("Apply failed with 1 conflict: conflict with {}: {}", whose, fields.front());
  } else {
    error.message = fmt::format("Apply failed with {} conflicts:", conflicts.size());
    std::string_view before = " ";
    for (const auto& [whose, fields] : by_manager) {
      error.message += fmt::format("{}conflicts with {}:\n- {}", before, whose, fmt::join(fields, "\n- "));
      before = "\n";
    }
  }
  error.hint = "leave these fields out, write the values that are there, or force";
  return error;
}

// The oldest Update managers become one, so that the list does not grow without end.
void merge_oldest(FieldManagers& managers) {
  const auto is_update = [](const FieldManager& manager) { return !manager.apply; };
  while (static_cast<std::size_t>(std::count_if(managers.begin(), managers.end(), is_update)) >
         kMostUpdateManagers) {
    std::vector<FieldManager*> updates;
    for (FieldManager& manager : managers) {
      if (is_update(manager)) updates.push_back(&manager);
    }
    std::stable_sort(updates.begin(), updates.end(),
                     [](const FieldManager* a, const FieldManager* b) { return a->time < b->time; });
    updates[1]->fields = unite(std::move(updates[1]->fields), updates[0]->fields);
    updates[1]->name = "ancient-changes";
    updates[0]->fields = {};
    drop_empty(managers);
  }
}

}  // namespace

FieldManagers read_managers(const json::Value& managed_fields) {
  FieldManagers out;
  if (!managed_fields.is_array()) return out;
  for (const json::Value& item : managed_fields.as_array()) {
    FieldManager manager;
    manager.name = item.string_or("manager");
    manager.apply = item.string_or("operation") == "Apply";
    manager.api_version = item.string_or("apiVersion");
    manager.subresource = item.string_or("subresource");
    manager.time = item.string_or("time");
    manager.fields = FieldSet::from_json(item["fieldsV1"]);
    out.push_back(std::move(manager));
  }
  return out;
}

json::Value write_managers(FieldManagers managers) {
  std::stable_sort(managers.begin(), managers.end(), [](const FieldManager& a, const FieldManager& b) {
    return std::tie(b.apply, a.time, a.name, a.api_version, a.subresource) <
           std::tie(a.apply, b.time, b.name, b.api_version, b.subresource);
  });
  json::Value out = json::Value::array();
  for (const FieldManager& manager : managers) {
    json::Object item;
    item.emplace_back("manager", manager.name);
    item.emplace_back("operation", manager.apply ? "Apply" : "Update");
    item.emplace_back("apiVersion", manager.api_version);
    item.emplace_back("time", manager.time);
    item.emplace_back("fieldsType", "FieldsV1");
    item.emplace_back("fieldsV1", manager.fields.to_json());
    if (!manager.subresource.empty()) item.emplace_back("subresource", manager.subresource);
    out.push_back(std::move(item));
  }
  return out;
}

FieldManagers managers_before_first_apply(const resources::Kind& kind, const json::Value& live,
                                          const Writer& writer) {
  FieldManager all{"before-first-apply", false, kind.api_version(), writer.subresource, writer.time, {}};
  all.fields = ownable(kind, live, writer.subresource);
  if (all.fields.empty()) return {};
  return {std::move(all)};
}

base::Result<Applied> apply_config(const resources::Kind& kind, const json::Value& live,
                                   const FieldManagers& managers, const json::Value& config,
                                   const Writer& writer, bool force) {
  const FieldSet wanted = ownable(kind, config, writer.subresource);
  FieldManager mine{writer.manager, true, kind.api_version(), writer.subresource, writer.time, {}};
  json::Value before = live.is_null() ? json::Value::object() : live;
  if (json::Value* metadata = before.find("metadata"); metadata != nullptr) metadata->erase("managedFields");

  Applied out;
  out.object = merge(kind, before, config);
  out.managers = managers;
  FieldManager& entry_of_mine = entry(out.managers, mine);
  const FieldSet last = entry_of_mine.fields;
  if (!(last == wanted)) entry_of_mine.time = writer.time;
  entry_of_mine.fields = wanted;
  if (!last.empty()) out.object = pruned(kind, out.object, last, out.managers);
  keep_empty(out.object, config);

  const Changes changes = compare(kind, before, out.object);
  std::vector<std::pair<FieldPath, const FieldManager*>> conflicts;
  for (const FieldManager& manager : managers) {
    if (manager.same_entry(mine)) continue;
    for (const FieldPath& path : intersect(manager.fields, changes.written).paths()) {
      conflicts.emplace_back(path, &manager);
    }
  }
  if (!conflicts.empty() && !force) return conflict_error(conflicts);
  for (FieldManager& manager : out.managers) {
    if (!manager.same_entry(mine)) manager.fields = without(manager.fields, changes);
  }
  drop_empty(out.managers);
  return out;
}

FieldManagers update_managers(const resources::Kind& kind, const json::Value& before,
                              const json::Value& after, FieldManagers managers, const Writer& writer) {
  drop_empty(managers);
  // Who wrote what is there was taken out: nobody is noted until the next apply.
  if (managers.empty() && !before.is_null()) return managers;
  const json::Value was =
      before.is_null() ? json::Value::object() : written_part(kind, before, writer.subresource);
  const Changes changes = compare(kind, was, written_part(kind, after, writer.subresource));
  FieldManager mine{writer.manager, false, kind.api_version(), writer.subresource, writer.time, {}};
  for (FieldManager& manager : managers) {
    manager.fields = manager.same_entry(mine) ? subtract(manager.fields, changes.removed)
                                              : without(manager.fields, changes);
  }
  if (!changes.written.empty()) {
    FieldManager& entry_of_mine = entry(managers, mine);
    entry_of_mine.fields = unite(std::move(entry_of_mine.fields), changes.written);
    entry_of_mine.time = writer.time;
  }
  drop_empty(managers);
  merge_oldest(managers);
  return managers;
}

}  // namespace offtake::store
