// What follows from a removal: dependants, namespaces that are being emptied, old Events.
#include "base/log.h"
#include "controlplane/store/embedded_store.h"
#include "controlplane/store/write_rules.h"

namespace offtake::store {
namespace {

using resources::Kind;

// The order in which a namespace is emptied: each stage waits for the one before, so that a product can
// still find its datasets and credentials while it goes.
const std::vector<std::vector<const Kind*>>& stages() {
  static const std::vector<std::vector<const Kind*>> kStages{
      {&resources::kind_of<resources::DataProduct>()},
      {&resources::kind_of<resources::Dataset>()},
      {&resources::kind_of<resources::Secret>(), &resources::kind_of<resources::Event>()}};
  return kStages;
}

bool owned_by(const json::Value& object, const std::string& uid) {
  const json::Value& owners = object.at({"metadata", "ownerReferences"});
  if (!owners.is_array()) return false;
  return std::any_of(owners.as_array().begin(), owners.as_array().end(),
                     [&](const json::Value& owner) { return owner.string_or("uid") == uid; });
}

json::Value without_owner(const json::Value& object, const std::string& uid) {
  json::Value out = object;
  json::Value& metadata = out.get_or_add("metadata");
  json::Array& owners = metadata.get_or_add("ownerReferences").as_array();
  std::erase_if(owners, [&](const json::Value& owner) { return owner.string_or("uid") == uid; });
  if (owners.empty()) metadata.erase("ownerReferences");
  return out;
}

// Garbage is collected after the write it follows from has succeeded: a failure here is logged, and what is
// left is found again when the store is opened or the next removal comes.
void note(std::string_view what, const base::Error& error) {
  base::log_warn(what, {{"component", "store"}, {"error", error.text()}});
}

}  // namespace

void EmbeddedStore::after_removal(const Kind& kind, const json::Value& gone, bool orphan) {
  if (!orphan) remove_dependants(uid_of(gone));
  if (!kind.namespaced) return;
  const ObjectPtr space = find(resources::kind_of<resources::Namespace>(), "", namespace_of(gone));
  if (space != nullptr && is_deleting(*space)) empty_namespace(namespace_of(gone));
}

void EmbeddedStore::remove_dependants(const std::string& uid) {
  std::vector<std::pair<const Kind*, ObjectPtr>> dependants;
  for (const auto& [kind, objects] : objects_) {
    for (const auto& [place, object] : objects) {
      if (owned_by(*object, uid)) dependants.emplace_back(kind, object);
    }
  }
  for (const auto& [kind, object] : dependants) {
    const json::Value rest = without_owner(*object, uid);
    const bool has_other_owner = !rest.at({"metadata", "ownerReferences"}).is_null();
    if (has_other_owner) {
      if (auto done = commit(*kind, object, rest); !done)
        note("an owner reference could not be removed", done.error());
    } else if (auto done = remove_locked(*kind, object, false); !done) {
      note("a dependant could not be removed", done.error());
    }
  }
}

void EmbeddedStore::orphan_dependants(const std::string& uid) {
  std::vector<std::pair<const Kind*, ObjectPtr>> dependants;
  for (const auto& [kind, objects] : objects_) {
    for (const auto& [place, object] : objects) {
      if (owned_by(*object, uid)) dependants.emplace_back(kind, object);
    }
  }
  for (const auto& [kind, object] : dependants) {
    if (auto done = commit(*kind, object, without_owner(*object, uid)); !done) {
      note("an owner reference could not be removed", done.error());
    }
  }
}

void EmbeddedStore::empty_namespace(const std::string& name) {
  const Kind& namespace_kind = resources::kind_of<resources::Namespace>();
  const auto in_namespace = [&](const Kind* kind) {
    std::vector<ObjectPtr> out;
    const Objects& objects = objects_[kind];
    for (auto it = objects.lower_bound(Place(name, "")); it != objects.end() && it->first.first == name;
         ++it) {
      out.push_back(it->second);
    }
    return out;
  };
  for (const auto& stage : stages()) {
    for (const Kind* kind : stage) {
      for (const ObjectPtr& object : in_namespace(kind)) {
        // A removal may itself have come back here and emptied the rest.
        const ObjectPtr present = find(*kind, name, name_of(*object));
        if (present == nullptr || is_deleting(*present)) continue;
        if (auto done = remove_locked(*kind, present, false); !done) {
          note("an object of a namespace could not be removed", done.error());
        }
      }
    }
    for (const Kind* kind : stage) {
      if (!in_namespace(kind).empty()) return;  // held by finalizers; goes on when they have gone
    }
  }
  const ObjectPtr space = find(namespace_kind, "", name);
  if (space == nullptr || !is_deleting(*space) || has_finalizers(*space)) return;
  if (auto done = commit_removal(namespace_kind, space); !done) {
    note("a namespace could not be removed", done.error());
  }
}

void EmbeddedStore::forget_old_events() {
  const Kind& kind = resources::kind_of<resources::Event>();
  // Looking at all of them is not for every new one.
  constexpr base::Micros kSweepEvery = 60'000'000;
  const base::Micros now = options_.clock->now();
  if (objects_[&kind].size() <= options_.most_events && now - last_event_sweep_ < kSweepEvery) return;
  last_event_sweep_ = now;
  const base::Micros oldest = now - options_.event_lifetime;
  std::vector<std::pair<base::Micros, ObjectPtr>> by_age;
  for (const auto& [place, object] : objects_[&kind]) {
    const auto event = resources::from_json<resources::Event>(*object);
    const auto instant = event.last_time ? event.last_time : event.metadata.creation_time;
    by_age.emplace_back(instant ? instant->micros : 0, object);
  }
  std::stable_sort(by_age.begin(), by_age.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  const std::size_t beyond = by_age.size() > options_.most_events ? by_age.size() - options_.most_events : 0;
  for (std::size_t i = 0; i < by_age.size(); ++i) {
    if (i >= beyond && by_age[i].first >= oldest) break;
    if (auto done = commit_removal(kind, by_age[i].second); !done) {
      note("an old event could not be removed", done.error());
    }
  }
}

}  // namespace offtake::store
