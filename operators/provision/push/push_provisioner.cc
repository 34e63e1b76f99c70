#include "operators/provision/push/push_provisioner.h"

#include "operators/targets/intent/control_steps.h"
#include "operators/targets/intent/intent_target.h"
#include "operators/targets/journal/journal_controls.h"

namespace offtake::provision::push {
namespace {

using targets::journal::JournalControls;

constexpr int kReplicasOfStore = -1;  // as the cluster's default.replication.factor says

class PushProvisioner : public Provisioner {
 public:
  explicit PushProvisioner(const ProvisionerSettings& settings)
      : engine_(settings.engine),
        url_(settings.url),
        store_(settings.event_store),
        events_(settings.events) {}

  // A receiver is asked nothing that is not a message.
  base::Status check() override { return events_ ? events_->ping() : base::Status(); }

  base::Result<Provisioned> ensure(const ProductTarget& target, const Credentials&) override {
    if (auto there = need_store(); !there) return std::move(there).error();
    if (auto made = targets::journal::create(*events_, targets::journal::topic_of(target.product_uid),
                                             kReplicasOfStore);
        !made)
      return std::move(made).error();
    Provisioned out;
    out.writer.engine = engine_;
    out.writer.store = store_;
    out.endpoint_type = engine_;
    out.endpoint_address = url_.empty() ? "this machine" : url_;
    out.endpoint_object = target.target_name;
    out.binding = {{"type", engine_}, {"provider", "offtake"}};
    return out;
  }

  std::vector<std::string> makes(const ProductTarget& target) const override {
    return {fmt::format("topic {} on event store {}", targets::journal::shown_topic_of(target.product_uid),
                        store_)};
  }

  base::Result<std::vector<targets::ControlRow>> controls(const ProductTarget& target) override {
    if (auto there = need_store(); !there) return std::move(there).error();
    JournalControls controls(events_, target.product_uid);
    return targets::intent::rows_of(controls);
  }

  // Receivers take columns by name.
  base::Result<ViewChange> view_change(const ProductTarget&, const std::vector<ViewColumn>&) override {
    return ViewChange{};
  }

  base::Status fence(const ProductTarget& target, int revision) override {
    if (auto there = need_store(); !there) return there;
    JournalControls controls(events_, target.product_uid);
    return targets::intent::fence_revision(controls, target.product_uid, target.installation, revision);
  }

  base::Status drop_revision(const ProductTarget& target, int revision) override {
    if (auto there = need_store(); !there) return there;
    JournalControls controls(events_, target.product_uid);
    return controls.drop_fenced(revision);
  }

  base::Status remove(const ProductTarget& target, bool) override {
    if (auto there = need_store(); !there) return there;
    return events_->delete_topic(targets::journal::topic_of(target.product_uid));
  }

 private:
  base::Status need_store() const {
    if (events_) return {};
    return base::waiting("EventStoreMissing", "it is not known yet which event store the product reads");
  }

  const std::string engine_, url_, store_;
  const std::shared_ptr<sources::EventStore> events_;
};

}  // namespace

base::Result<std::unique_ptr<Provisioner>> make_push(const ProvisionerSettings& settings) {
  return std::make_unique<PushProvisioner>(settings);
}

}  // namespace offtake::provision::push
