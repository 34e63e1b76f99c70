// TargetClass: can products of it be provisioned.
#pragma once
#include "controlplane/platform/platform.h"
#include "controlplane/reconcile/loop.h"

namespace offtake::reconcile {

class TargetClassReconciler : public Reconciler {
 public:
  TargetClassReconciler(store::ResourceClient& client, platform::Platform& platform, const base::Clock& clock)
      : client_(client), platform_(platform), clock_(clock) {}
  const resources::Kind& kind() const override { return resources::kind_of<resources::TargetClass>(); }
  base::Result<Again> reconcile(const std::string& namespace_name, const std::string& name) override;

 private:
  // Products that were given this class.
  base::Result<std::vector<std::string>> users(const resources::TargetClass& object);
  store::ResourceClient& client_;
  platform::Platform& platform_;
  const base::Clock& clock_;
};

}  // namespace offtake::reconcile
