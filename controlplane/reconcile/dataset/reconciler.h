// Dataset: its topic (made when topicConfig says so) and its schema (registered when a definition is given).
#pragma once
#include "controlplane/platform/platform.h"
#include "controlplane/reconcile/key_spans.h"
#include "controlplane/reconcile/loop.h"

namespace offtake::reconcile {

class DatasetReconciler : public Reconciler {
 public:
  DatasetReconciler(store::ResourceClient& client, platform::Platform& platform, const base::Clock& clock,
                    std::shared_ptr<const KeySpans> key_spans, std::function<bool()> leads = nullptr)
      : client_(client),
        platform_(platform),
        clock_(clock),
        key_spans_(std::move(key_spans)),
        leads_(std::move(leads)) {}
  const resources::Kind& kind() const override { return resources::kind_of<resources::Dataset>(); }
  base::Result<Again> reconcile(const std::string& namespace_name, const std::string& name) override;

 private:
  base::Status ensure_topic(resources::Dataset& object, const resources::EventStore& store,
                            std::string& note);
  base::Status ensure_schema(resources::Dataset& object, const resources::EventStore& store);
  base::Result<Again> remove(const resources::Dataset& object);
  base::Result<bool> is_leaving(const resources::Dataset& object);
  base::Status clean_up(const resources::Dataset& object);
  store::ResourceClient& client_;
  platform::Platform& platform_;
  const base::Clock& clock_;
  std::shared_ptr<const KeySpans> key_spans_;
  std::function<bool()> leads_;  // whether this process is still the one that acts; absent: always
};

}  // namespace offtake::reconcile
