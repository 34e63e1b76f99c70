#include "controlplane/reconcile/event_store/reconciler.h"

#include "controlplane/reconcile/report.h"
#include "controlplane/resources/dataset.h"
#include "controlplane/resources/target_class.h"

namespace offtake::reconcile {
namespace {

using namespace std::chrono_literals;
namespace condition = resources::condition;

// What goes away is said within 5 s.
constexpr auto kLookAgainUp = 3s;
constexpr auto kLookAgainDown = 2s;

}  // namespace

base::Result<Again> EventStoreReconciler::reconcile(const std::string&, const std::string& name) {
  auto found = store::get<resources::EventStore>(client_, "", name);
  if (!found) {
    if (found.error().code == "NotFound") return Again{};
    return std::move(found).error();
  }
  if (found->metadata.deleting()) return remove(*found);
  if (auto held = store::add_finalizer(client_, kind(), found->metadata, resources::kInUseFinalizer); !held) {
    return std::move(held).error();
  }
  resources::EventStore object = *found;
  const auto generation = object.metadata.generation;
  auto& conditions = object.status.conditions;
  const base::Micros now = clock_.now();

  base::Status reachable;
  if (auto store = platform_.event_store(object)) {
    reachable = (*store)->ping();
  } else {
    reachable = std::move(store).error();
  }
  base::Status registry_reachable;
  if (auto registry = platform_.registry_of(object)) {
    registry_reachable = (*registry)->ping();
  } else {
    registry_reachable = std::move(registry).error();
  }
  set_condition(conditions,
                from_result(condition::kReachable, reachable, "Reachable", "The store answers.", generation),
                now);
  set_condition(conditions,
                from_result(condition::kRegistryReachable, registry_reachable, "Reachable",
                            "The registry answers.", generation),
                now);
  set_condition(conditions,
                ready_from(conditions, {condition::kReachable, condition::kRegistryReachable}, "Reachable",
                           "Store and registry answer.", generation),
                now);
  if (auto written = write_status(client_, *found, object, now); !written) return std::move(written).error();
  return Again{reachable.ok() && registry_reachable.ok() ? std::chrono::milliseconds(kLookAgainUp)
                                                         : std::chrono::milliseconds(kLookAgainDown)};
}

base::Result<Again> EventStoreReconciler::remove(const resources::EventStore& object) {
  auto datasets = store::list<resources::Dataset>(client_);
  if (!datasets) return std::move(datasets).error();
  std::vector<std::string> users;
  for (const auto& dataset : *datasets) {
    if (dataset.spec.source.event_store_name == object.metadata.name)
      users.push_back("Dataset " + dataset.metadata.key());
  }
  auto classes = store::list<resources::TargetClass>(client_);
  if (!classes) return std::move(classes).error();
  for (const auto& target_class : *classes) {
    const auto& external = target_class.spec.provisioner.external;
    if (external && external->event_store_name == object.metadata.name)
      users.push_back("TargetClass " + target_class.metadata.name);
  }
  auto free = may_go(client_, object, users, clock_.now());
  if (!free) return std::move(free).error();
  if (!*free) return Again{2s};
  if (auto freed = store::remove_finalizer(client_, kind(), object.metadata, resources::kInUseFinalizer);
      !freed) {
    return std::move(freed).error();
  }
  return Again{};
}

}  // namespace offtake::reconcile
