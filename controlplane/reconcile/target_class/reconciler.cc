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
constexpr auto kLookAgainStarting = 250ms;  // a server of our own is there in a second

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
    if (!*free) {
      // It serves those that it has.
      if (auto kept = platform_.keep_server(*found); !kept) return std::move(kept).error();
      return Again{2s};
    }
    if (auto removed = platform_.remove_server(*found); !removed) return std::move(removed).error();
    auto freed = store::remove_finalizer(client_, kind(), found->metadata, resources::kInUseFinalizer);
    if (!freed) return std::move(freed).error();
    return Again{};
  }
  if (auto held = store::add_finalizer(client_, kind(), found->metadata, resources::kInUseFinalizer); !held) {
    return std::move(held).error();
  }
  resources::TargetClass object = *found;
  base::Status usable = platform_.keep_server(object);
  // The last one stays until there is another: whoever is connected there need not be disturbed.
  if (auto address = platform_.server_address(object); !address.empty())
    object.status.address = std::move(address);
  if (!usable) {
    // Said as it is.
  } else if (auto provisioner = platform_.provisioner(object)) {
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
  if (usable.ok()) return Again{kLookAgainUp};
  return Again{usable.error().retry == base::Retry::kWaiting ? kLookAgainStarting : kLookAgainDown};
}

}  // namespace offtake::reconcile
