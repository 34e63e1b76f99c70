// EventStore: is it reachable, and its registry.
#pragma once
#include "controlplane/platform/platform.h"
#include "controlplane/reconcile/loop.h"

namespace offtake::reconcile {

class EventStoreReconciler : public Reconciler {
 public:
  EventStoreReconciler(store::ResourceClient& client, platform::Platform& platform, const base::Clock& clock)
      : client_(client), platform_(platform), clock_(clock) {}
  const resources::Kind& kind() const override { return resources::kind_of<resources::EventStore>(); }
  base::Result<Again> reconcile(const std::string& namespace_name, const std::string& name) override;

 private:
  base::Result<Again> remove(const resources::EventStore& object);
  store::ResourceClient& client_;
  platform::Platform& platform_;
  const base::Clock& clock_;
};

}  // namespace offtake::reconcile
