// How the embedded store carries out a write: checks, system fields, ownership, generation, commit.
#include "base/id.h"
#include "controlplane/store/embedded_store.h"
#include "controlplane/store/write_rules.h"

namespace offtake::store {
namespace {

using resources::Kind;

const Kind& namespace_kind() {
  return resources::kind_of<resources::Namespace>();
}

std::string made_up_suffix() {
  return base::random_id().substr(0, 5);
}

// Finalizers may go from an object that is being deleted, never come.
base::Status check_finalizers(const Kind& kind, const json::Value& before, const json::Value& after) {
  const json::Value& now = after.at({"metadata", "finalizers"});
  if (!is_deleting(before) || !now.is_array()) return {};
  const json::Value& was = before.at({"metadata", "finalizers"});
  for (const json::Value& finalizer : now.as_array()) {
    const bool known = was.is_array() && std::find(was.as_array().begin(), was.as_array().end(), finalizer) !=
                                             was.as_array().end();
    if (known) continue;
    base::Error cause = base::terminal(
        "Forbidden",
        fmt::format("the object is being deleted: {} can no longer be added", json::dump(finalizer)));
    cause.location.field = "metadata.finalizers";
    return resources::invalid(kind, namespace_of(before), name_of(before), {std::move(cause)});
  }
  return {};
}

// A write to the object leaves its status alone, one to /status everything else.
json::Value with_other_part_of(const json::Value& before, json::Value after, const std::string& subresource) {
  json::Value managed = after.at({"metadata", "managedFields"});
  if (subresource.empty()) {
    after.erase("status");
    if (const json::Value* status = before.find("status"); status != nullptr) after.set("status", *status);
    return after;
  }
  json::Value out = before;
  out.erase("status");
  if (const json::Value* status = after.find("status"); status != nullptr) out.set("status", *status);
  if (!managed.is_null()) out.get_or_add("metadata").set("managedFields", std::move(managed));
  return out;
}

// The managers that a write starts from: those it sends (kubectl edits them by JSON patch), else those that
// are stored.
FieldManagers starting_managers(const json::Value& before, const json::Value& sent) {
  const json::Value& managed = sent.at({"metadata", "managedFields"});
  return read_managers(managed.is_array() ? managed : before.at({"metadata", "managedFields"}));
}

}  // namespace

base::Status EmbeddedStore::check_namespace(const Kind& kind, const std::string& namespace_name) const {
  if (!kind.namespaced) return {};
  const ObjectPtr space = find(namespace_kind(), "", namespace_name);
  if (space == nullptr) {
    return not_found(namespace_kind(), namespace_name).with_hint("create the namespace first");
  }
  if (is_deleting(*space)) {
    return base::terminal("Forbidden",
                          fmt::format("unable to create new content in namespace {} because it is "
                                      "being terminated",
                                      namespace_name));
  }
  return {};
}

base::Result<Written> EmbeddedStore::create_locked(const Kind& kind, json::Value object,
                                                   const FieldManagers* managers,
                                                   const WriteContext& context) {
  object = without_nulls(std::move(object));
  drop_system_fields(object);
  drop_empty_metadata(object);
  if (kind.has_status) object.erase("status");
  fold_string_data(kind, object);
  json::Value& metadata = object.get_or_add("metadata");
  if (kind.namespaced && metadata.string_or("namespace").empty()) metadata.set("namespace", "default");
  if (metadata.string_or("name").empty() && !metadata.string_or("generateName").empty()) {
    metadata.set("name", metadata.string_or("generateName") + made_up_suffix());
  }
  resources::Checked checked = resources::check(object, options_.sql);
  if (!checked.ok()) {
    return resources::invalid(kind, namespace_of(object), name_of(object), std::move(checked.errors));
  }
  object = std::move(checked.object);
  const std::string name = name_of(object);
  if (base::Status fine = check_namespace(kind, namespace_of(object)); !fine) return fine.error();
  if (find(kind, namespace_of(object), name) != nullptr) return already_exists(kind, name);

  if (&kind == &namespace_kind()) {
    object.get_or_add("metadata").get_or_add("labels").set("kubernetes.io/metadata.name", name);
  }
  FieldManagers owners =
      managers != nullptr ? *managers : update_managers(kind, {}, object, {}, context.writer);
  if (&kind == &namespace_kind()) object.set("status", json::Object{{"phase", "Active"}});
  json::Value& made = object.get_or_add("metadata");
  made.set("uid", base::random_uuid());
  made.set("creationTimestamp", context.writer.time);
  if (kind.has_status && &kind != &namespace_kind()) made.set("generation", 1);
  if (!owners.empty()) made.set("managedFields", write_managers(owners));
  put_in_order(object);

  Written out;
  out.created = true;
  if (context.dry_run) {
    out.object = std::move(object);
    return out;
  }
  auto stored = commit(kind, nullptr, std::move(object));
  if (!stored) return std::move(stored).error();
  out.object = *std::move(stored);
  if (&kind == &resources::kind_of<resources::Event>()) forget_old_events();
  return out;
}

base::Result<Written> EmbeddedStore::change_locked(const Kind& kind, const ObjectPtr& before,
                                                   json::Value after, const FieldManagers* managers,
                                                   const WriteContext& context) {
  const std::string name = name_of(*before);
  const std::string sent_version = version_of(after);
  // What apply and patches lay over the stored object carries that one's version anyhow.
  if (!sent_version.empty() && sent_version != version_of(*before)) return version_conflict(kind, name);

  const std::string& subresource = context.writer.subresource;
  after = without_nulls(std::move(after));
  drop_empty_metadata(after);
  if (kind.has_status) after = with_other_part_of(*before, std::move(after), subresource);
  fold_string_data(kind, after);
  const FieldManagers start = managers != nullptr ? *managers : starting_managers(*before, after);
  carry_system_fields(*before, after);
  if (base::Status fine = check_finalizers(kind, *before, after); !fine) return fine.error();

  // What was accepted once is not asked about again by writes that leave the spec alone: a new version that
  // refuses more must not lock status and finalizers of what is there.
  const bool edited = spec_differs(*before, after);
  resources::Checked checked = resources::check(after, edited ? options_.sql : resources::SqlCheck());
  const std::string_view written_part = subresource.empty() ? "metadata" : "status";
  if (!edited) {
    std::erase_if(checked.errors, [&](const base::Error& error) {
      return error.location.field.substr(0, written_part.size()) != written_part;
    });
  }
  if (!checked.ok()) return resources::invalid(kind, namespace_of(after), name, std::move(checked.errors));
  after = std::move(checked.object);
  std::vector<base::Error> fixed = resources::check_update(kind, *before, after);
  if (!fixed.empty()) return resources::invalid(kind, namespace_of(after), name, std::move(fixed));

  const FieldManagers owners =
      managers != nullptr ? start : update_managers(kind, *before, after, start, context.writer);
  json::Value& metadata = after.get_or_add("metadata");
  if (spec_differs(*before, after) && !metadata["generation"].is_null()) {
    metadata.set("generation", metadata.int_or("generation") + 1);
  }
  metadata.erase("managedFields");
  if (!owners.empty()) metadata.set("managedFields", write_managers(owners));
  put_in_order(after);

  Written out;
  if (says_the_same(*before, after)) {
    out.object = *before;
    out.changed = false;
    return out;
  }
  if (context.dry_run) {
    out.object = std::move(after);
    return out;
  }
  const bool last_finalizer_gone = is_deleting(after) && !has_finalizers(after) && &kind != &namespace_kind();
  if (last_finalizer_gone) {
    auto gone = commit_removal(kind, std::make_shared<const json::Value>(std::move(after)));
    if (!gone) return std::move(gone).error();
    out.object = *gone;
    after_removal(kind, *gone, false);
    return out;
  }
  auto stored = commit(kind, before, std::move(after));
  if (!stored) return std::move(stored).error();
  out.object = *std::move(stored);
  if (&kind == &namespace_kind() && is_deleting(out.object)) empty_namespace(name);
  return out;
}

base::Result<json::Value> EmbeddedStore::commit(const Kind& kind, const ObjectPtr& before,
                                                json::Value after) {
  const std::int64_t version = version_ + 1;
  after.get_or_add("metadata").set("resourceVersion", std::to_string(version));
  put_in_order(after);
  if (base::Status done = file_.put(kind, after, version); !done) {
    return base::Error(done.error()).in("the store could not write");
  }
  version_ = version;
  auto stored = std::make_shared<const json::Value>(std::move(after));
  objects_[&kind][Place(namespace_of(*stored), name_of(*stored))] = stored;
  ring_->push({version, &kind, before, stored, nullptr});
  return *stored;
}

base::Result<json::Value> EmbeddedStore::commit_removal(const Kind& kind, const ObjectPtr& before) {
  const std::int64_t version = version_ + 1;
  const std::string namespace_name = namespace_of(*before);
  const std::string name = name_of(*before);
  if (base::Status done = file_.erase(kind, namespace_name, name, version); !done) {
    return base::Error(done.error()).in("the store could not write");
  }
  version_ = version;
  json::Value last = *before;
  last.get_or_add("metadata").set("resourceVersion", std::to_string(version));
  objects_[&kind].erase(Place(namespace_name, name));
  auto kept = std::make_shared<const json::Value>(last);
  ring_->push({version, &kind, before, nullptr, kept});
  return last;
}

base::Result<json::Value> EmbeddedStore::mark_deleted(const Kind& kind, const ObjectPtr& before) {
  if (is_deleting(*before)) return *before;
  json::Value after = *before;
  json::Value& metadata = after.get_or_add("metadata");
  metadata.set("deletionTimestamp", writer_for("", "").time);
  metadata.set("deletionGracePeriodSeconds", 0);
  if (!metadata["generation"].is_null()) metadata.set("generation", metadata.int_or("generation") + 1);
  if (&kind == &namespace_kind()) after.get_or_add("status").set("phase", "Terminating");
  return commit(kind, before, std::move(after));
}

base::Result<Deleted> EmbeddedStore::remove_locked(const Kind& kind, const ObjectPtr& before, bool orphan) {
  const bool space = &kind == &namespace_kind();
  if (orphan) orphan_dependants(uid_of(*before));
  if (space || has_finalizers(*before)) {
    auto marked = mark_deleted(kind, before);
    if (!marked) return std::move(marked).error();
    if (space) empty_namespace(name_of(*before));
    return Deleted{*std::move(marked), space && find(kind, "", name_of(*before)) == nullptr};
  }
  auto gone = commit_removal(kind, before);
  if (!gone) return std::move(gone).error();
  after_removal(kind, *gone, orphan);
  return Deleted{*std::move(gone), true};
}

}  // namespace offtake::store
