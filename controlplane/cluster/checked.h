// A reconciler behind the checks that an API server does not make: the SQL's grammar, rules over several
// fields, what this version does not have. `offtake serve` refuses such an object when it is written; here it
// is there, so its Ready condition says what the command line would have said, and the reconciler does not
// see it. What runs for it goes on as it was. Deleting it is the reconciler's, whatever is in it.
#pragma once
#include "controlplane/reconcile/loop.h"
#include "controlplane/reconcile/report.h"
#include "controlplane/resources/validate.h"

namespace offtake::cluster {

inline constexpr const char* kInvalid = "Invalid";

template <class T>
class Checked : public reconcile::Reconciler {
 public:
  Checked(store::ResourceClient& client, const base::Clock& clock, resources::SqlCheck sql,
          std::unique_ptr<reconcile::Reconciler> reconciler)
      : client_(client), clock_(clock), sql_(std::move(sql)), reconciler_(std::move(reconciler)) {}

  const resources::Kind& kind() const override { return reconciler_->kind(); }

  base::Result<reconcile::Again> reconcile(const std::string& namespace_name,
                                           const std::string& name) override {
    auto object = client_.get(kind(), namespace_name, name);
    if (!object) {
      if (object.error().code == "NotFound") return reconcile::Again{};
      return std::move(object).error();
    }
    const bool deleting = object->at({"metadata", "deletionTimestamp"}).is_string();
    if (!deleting) {
      object->erase("status");  // not the user's
      auto checked = resources::check(*object, sql_);
      if (!checked.ok()) return refuse(namespace_name, name, std::move(checked.errors));
      if (auto cleared = clear(namespace_name, name); !cleared) return std::move(cleared).error();
    }
    return reconciler_->reconcile(namespace_name, name);
  }

 private:
  // It was corrected.
  base::Status clear(const std::string& namespace_name, const std::string& name) {
    auto before = store::get<T>(client_, namespace_name, name);
    if (!before) return std::move(before).error();
    const auto* stalled =
        resources::find_condition(before->status.conditions, resources::condition::kStalled);
    if (stalled == nullptr || stalled->reason != kInvalid) return {};
    T object = *before;
    remove_condition(object.status.conditions, resources::condition::kStalled);
    return reconcile::write_status(client_, *before, object, clock_.now());
  }

  base::Result<reconcile::Again> refuse(const std::string& namespace_name, const std::string& name,
                                        std::vector<base::Error> errors) {
    constexpr std::size_t kLongest = 1024;
    auto before = store::get<T>(client_, namespace_name, name);
    if (!before) return std::move(before).error();
    T object = *before;
    std::vector<std::string> lines;
    for (const base::Error& error : errors) lines.push_back(error.text());
    std::string message = fmt::format("{}", fmt::join(lines, "; "));
    if (message.size() > kLongest) message = message.substr(0, kLongest - 4) + " …";
    resources::Condition condition;
    condition.reason = kInvalid;
    condition.message = message;
    condition.observed_generation = object.metadata.generation;
    condition.type = std::string(resources::condition::kReady);
    condition.status = resources::Truth::kFalse;
    set_condition(object.status.conditions, condition, clock_.now());
    condition.type = std::string(resources::condition::kStalled);
    condition.status = resources::Truth::kTrue;
    set_condition(object.status.conditions, condition, clock_.now());
    if (auto written = reconcile::write_status(client_, *before, object, clock_.now()); !written) {
      return std::move(written).error();
    }
    return reconcile::Again{};
  }

  store::ResourceClient& client_;
  const base::Clock& clock_;
  const resources::SqlCheck sql_;
  std::unique_ptr<reconcile::Reconciler> reconciler_;
};

}  // namespace offtake::cluster
