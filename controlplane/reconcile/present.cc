#include "controlplane/reconcile/present.h"

namespace offtake::reconcile {

base::Result<json::Value> present_metadata(store::ResourceClient& client, const resources::Kind& kind,
                                           const resources::ObjectMeta& seen,
                                           const std::function<bool()>& leads) {
  auto object = client.get_current(kind, seen.namespace_name, seen.name);
  if (!object) return std::move(object).error();
  if (leads && !leads()) {
    return base::transient("NotLeader", "another process leads now: nothing was done");
  }
  return (*object)["metadata"];
}

}  // namespace offtake::reconcile
