// Writing what was found: a condition from a result, a status only when it changed.
#pragma once
#include <string_view>

#include "controlplane/resources/meta.h"
#include "controlplane/store/resource_client.h"

namespace offtake::reconcile {

// "True, <reason>" for success, else False with the error's code and sentence.
resources::Condition from_result(std::string_view type, const base::Status& result, std::string_view reason,
                                 std::string_view message, std::int64_t generation);

// Ready: the first of `parts` that is not true speaks; all true: True with `reason` and `message`.
resources::Condition ready_from(const resources::Conditions& conditions,
                                std::initializer_list<std::string_view> parts, std::string_view reason,
                                std::string_view message, std::int64_t generation);

template <class T>
bool same_status(const T& a, const T& b) {
  return json::dump_canonical(resources::status_json(a)) == json::dump_canonical(resources::status_json(b));
}

// Writes the status if it differs from `before`'s. A change of Ready becomes an Event of `object`.
template <class T>
base::Status write_status(store::ResourceClient& client, const T& before, T& object, base::Micros now) {
  object.status.observed_generation = object.metadata.generation;
  if (same_status(before, object)) return {};
  auto written = store::apply_status(client, object);
  if (!written) {
    // Deleted meanwhile, or deleted and made again: the next look is at what is there now.
    if (written.error().code == "NotFound") return {};
    return std::move(written).error();
  }
  const auto* was = resources::find_condition(before.status.conditions, resources::condition::kReady);
  const auto* is = resources::find_condition(object.status.conditions, resources::condition::kReady);
  if (is != nullptr && (was == nullptr || was->status != is->status || was->reason != is->reason)) {
    store::record_event(client, resources::kind_of<T>(), object.metadata, "Normal", is->reason, is->message,
                        "offtake", now);
  }
  return {};
}

// Objects that still use a Dataset, EventStore or TargetClass, as "DataProduct retail/x"; at most 10 and "…".
std::string listed(const std::vector<std::string>& users);

// Deleting what is in use: the object stays, says who uses it, and goes when `users` is empty. True when it
// may go now; the caller then cleans up and takes the finalizer off.
template <class T>
base::Result<bool> may_go(store::ResourceClient& client, const T& object,
                          const std::vector<std::string>& users, base::Micros now) {
  if (users.empty()) return true;
  T changed = object;
  resources::Condition ready;
  ready.type = std::string(resources::condition::kReady);
  ready.status = resources::Truth::kFalse;
  ready.reason = "InUse";
  ready.message = "Deleted once it is no longer used by " + listed(users);
  ready.observed_generation = object.metadata.generation;
  set_condition(changed.status.conditions, ready, now);
  if (auto written = write_status(client, object, changed, now); !written) return std::move(written).error();
  return false;
}

}  // namespace offtake::reconcile
