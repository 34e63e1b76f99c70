#include "controlplane/reconcile/target_class/reconciler.h"

#include "controlplane/reconcile/report.h"
#include "controlplane/resources/data_product.h"

namespace offtake::reconcile {
namespace {

using namespace std::chrono_literals;
namespace condition = resources::condition;

// What goes away is said within 5 s.
constexpr auto kLookAgainUp = 3s;
constexpr auto kLookAgainDown = 2s;

}  // namespace

base::Result<std::vector<std::string>> TargetClassReconciler::users(const resources::TargetClass& object) {
  auto products = store::list<resources::DataProduct>(client_);
  if (!products) return std::move(products).error();
  std::vector<std::string> out;
  for (const auto& product : *products) {
    const std::string& name =
        product.status.class_name.empty() ? product.spec.target.class_name : product.status.class_name;
    if (name == object.metadata.name) out.push_back("DataProduct " + product.metadata.key());
  }
  return out;
}

base::Result<Again> TargetClassReconciler::reconcile(const std::string&, const std::string& name) {
  auto found = store::get<resources::TargetClass>(client_, "", name);
  if (!found) {
    if (found.error().code == "NotFound") return Again{};
    return std::move(found).error();
  }
  auto products = users(*found);
  if (!products) return std::move(products).error();
  const base::Micros now = clock_.now();
  if (found->metadata.deleting()) {
    auto free = may_go(client_, *found, *products, now);
    if (!free) return std::move(free).error();
    if (!*free) return Again{2s};
    auto freed = store::remove_finalizer(client_, kind(), found->metadata, resources::kInUseFinalizer);
    if (!freed) return std::move(freed).error();
    return Again{};
  }
  if (auto held = store::add_finalizer(client_, kind(), found->metadata, resources::kInUseFinalizer); !held) {
    return std::move(held).error();
  }
  resources::TargetClass object = *found;
  base::Status usable;
  if (auto provisioner = platform_.provisioner(object)) {
    usable = (*provisioner)->check();
  } else {
    usable = std::move(provisioner).error();
  }
  object.status.products = static_cast<std::int64_t>(products->size());
  set_condition(object.status.conditions,
                from_result(condition::kReady, usable, "Ready", "Products can be provisioned.",
                            object.metadata.generation),
                now);
  if (auto written = write_status(client_, *found, object, now); !written) return std::move(written).error();
  return Again{usable.ok() ? std::chrono::milliseconds(kLookAgainUp)
                           : std::chrono::milliseconds(kLookAgainDown)};
}

}  // namespace offtake::reconcile
