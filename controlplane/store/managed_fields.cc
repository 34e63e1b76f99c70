#include "controlplane/store/managed_fields.h"

#include "controlplane/store/structured.h"

namespace offtake::store {
namespace {

constexpr std::size_t kMostUpdateManagers = 10;

// What nobody owns.
FieldSet ownable(const resources::Kind& kind, const json::Value& object, std::string_view subresource) {
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
  return fields_of(kind, copy);
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
  FieldSet before;
  for (const FieldManager& manager : managers) {
    if (manager.same_entry(mine)) before = manager.fields;
  }

  Applied out;
  out.object = merge(kind, live.is_null() ? json::Value::object() : live, config);
  out.managers = managers;

  std::vector<std::pair<FieldPath, const FieldManager*>> conflicts;
  const std::vector<FieldPath> wanted_paths = wanted.paths();
  for (std::size_t m = 0; m < managers.size(); ++m) {
    if (managers[m].same_entry(mine)) continue;
    for (const FieldPath& path : wanted_paths) {
      const bool item_itself = path.back()[0] != 'f';
      if (item_itself || !managers[m].fields.touches(path)) continue;
      if (value_of(kind, live, path) == value_of(kind, out.object, path)) continue;
      conflicts.emplace_back(path, &managers[m]);
      out.managers[m].fields.remove(path);
    }
  }
  if (!conflicts.empty() && !force) return conflict_error(conflicts);

  // What this manager applied before and no longer names goes, unless somebody else owns it.
  FieldSet dropped = subtract(before, wanted);
  for (const FieldManager& manager : managers) {
    if (!manager.same_entry(mine)) dropped = subtract(dropped, manager.fields);
  }
  std::vector<FieldPath> dropped_paths = dropped.paths();
  std::stable_sort(dropped_paths.begin(), dropped_paths.end(),
                   [](const FieldPath& a, const FieldPath& b) { return a.size() > b.size(); });
  const auto touched = [&](const FieldPath& path) {
    return wanted.touches(path) ||
           std::any_of(managers.begin(), managers.end(), [&](const FieldManager& manager) {
             return !manager.same_entry(mine) && manager.fields.touches(path);
           });
  };
  for (const FieldPath& path : dropped_paths) {
    // An item of a list-map stays while somebody owns something in it.
    const bool still_owned = std::any_of(managers.begin(), managers.end(), [&](const FieldManager& manager) {
      return !manager.same_entry(mine) && path.back()[0] == 'k' && manager.fields.touches(path);
    });
    if (!still_owned) remove_field(kind, out.object, path);
    // What stays above it may be defaults that only stood there because of it.
    FieldPath above(path.begin(), path.end() - 1);
    while (!above.empty() && !touched(above) && only_defaults(kind, out.object, above)) {
      remove_field(kind, out.object, above);
      above.pop_back();
    }
  }

  FieldManager& entry_of_mine = entry(out.managers, mine);
  if (!(entry_of_mine.fields == wanted)) entry_of_mine.time = writer.time;
  entry_of_mine.fields = wanted;
  drop_empty(out.managers);
  return out;
}

FieldManagers update_managers(const resources::Kind& kind, const json::Value& before,
                              const json::Value& after, FieldManagers managers, const Writer& writer) {
  drop_empty(managers);
  // Who wrote what is there was taken out: nobody is noted until the next apply.
  if (managers.empty() && !before.is_null()) return managers;
  const FieldSet was = before.is_null() ? FieldSet{} : ownable(kind, before, writer.subresource);
  const FieldSet is = ownable(kind, after, writer.subresource);
  FieldSet changed;
  for (const FieldPath& path : is.paths()) {
    const bool item_itself = path.back()[0] != 'f';
    const bool same =
        was.contains(path) && (item_itself || value_of(kind, before, path) == value_of(kind, after, path));
    if (!same) changed.insert(path);
  }
  const FieldSet removed = subtract(was, is);
  FieldManager mine{writer.manager, false, kind.api_version(), writer.subresource, writer.time, {}};
  for (FieldManager& manager : managers) {
    manager.fields = subtract(manager.fields, removed);
    if (!manager.same_entry(mine)) manager.fields = subtract(manager.fields, changed);
  }
  if (!changed.empty()) {
    FieldManager& entry_of_mine = entry(managers, mine);
    entry_of_mine.fields = unite(std::move(entry_of_mine.fields), changed);
    entry_of_mine.time = writer.time;
  }
  drop_empty(managers);
  merge_oldest(managers);
  return managers;
}

}  // namespace offtake::store
