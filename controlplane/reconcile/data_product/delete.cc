#include "base/log.h"
#include "controlplane/planning/receiver.h"
#include "controlplane/reconcile/data_product/reconciler.h"
#include "controlplane/reconcile/report.h"

namespace offtake::reconcile {
namespace {

using namespace std::chrono_literals;
namespace condition = resources::condition;

// With this annotation a product goes although its target does not answer; what is left there is named in the
// log.
constexpr std::string_view kForceAnnotation = "offtake.dev/force-delete";

}  // namespace

base::Result<Again> DataProductReconciler::remove(const resources::DataProduct& product) {
  const std::string uid = product.metadata.uid;
  if (!product.metadata.has_finalizer(resources::kProductFinalizer)) return Again{};
  // Its readers go first; until then it is fed.
  auto unread = remove_dataset(product);
  if (!unread) return std::move(unread).error();
  if (!*unread) {
    if (auto fed = feed(product); !fed) base::log_warn("not fed", {{"error", fed.error().text()}});
    return Again{1s};
  }
  if (auto current = still_current(product); !current) {
    if (current.error().code == "NotFound") return Again{};
    return std::move(current).error();
  }
  // Also of jobs that this version does not understand.
  auto revisions = settings_.orders->revisions(uid);
  if (!revisions) return std::move(revisions).error();
  for (const int revision : *revisions) {
    if (auto stopped = stop_worker(uid, revision); !stopped) return std::move(stopped).error();
  }
  const bool forced = product.metadata.annotation(kForceAnnotation) == "true";
  auto cleared = remove_target(product);
  if (cleared) cleared = remove_subjects(product);
  if (!cleared) {
    if (!forced) {
      resources::DataProduct changed = product;
      base::Error error = cleared.error();
      // What is on its way out is not stuck.
      const bool going = error.retry == base::Retry::kWaiting;
      if (!going) {
        error.hint = fmt::format(
            "it is tried again; to delete the product and leave what is there, annotate it with "
            "{}: \"true\"",
            kForceAnnotation);
      }
      for (const auto type : {condition::kReady, condition::kStalled}) {
        resources::Condition c = from_result(type, error, "", "", product.metadata.generation);
        if (type == condition::kStalled && !going) c.status = resources::Truth::kTrue;
        set_condition(changed.status.conditions, c, clock_.now());
      }
      if (auto written = write_status(client_, product, changed, clock_.now()); !written) {
        return std::move(written).error();
      }
      return Again{going ? std::chrono::milliseconds(500ms) : 2s};
    }
    base::log_warn("target left behind", {{"error", cleared.error().text()}});
  }
  if (auto removed = remove_secrets(product); !removed) return std::move(removed).error();
  for (const int revision : *revisions) {
    for (const auto& runner : runners_.all()) {
      if (auto gone = runner->remove({uid, revision}); !gone) return std::move(gone).error();
    }
  }
  if (auto removed = settings_.orders->remove_all(uid); !removed) return std::move(removed).error();
  auto freed = store::remove_finalizer(client_, kind(), product.metadata, resources::kProductFinalizer);
  if (!freed) return std::move(freed).error();
  forget(uid);
  return Again{};
}

// What runs goes on, and again after a restart; nothing is begun.
base::Status DataProductReconciler::feed(const resources::DataProduct& product) {
  Work work;
  work.facts.product = product;
  work.facts.now = clock_.now();
  work.memory = remember(product.metadata.uid);
  if (auto observed = observe(work); !observed) return observed;
  for (const int number : decide(work.facts).run) {
    if (auto running = run_worker(work, number); !running) return running;
  }
  keep(product.metadata.uid, work.memory);
  return {};
}

base::Status DataProductReconciler::remove_target(const resources::DataProduct& product) {
  // Never given a class: nothing was made.
  if (product.status.class_name.empty()) return {};
  auto target_class = store::get<resources::TargetClass>(client_, "", product.status.class_name);
  if (!target_class) return std::move(target_class).error();
  const auto jobs = settings_.orders->load(product.metadata.uid);
  const std::string known = jobs && !jobs->empty() ? jobs->front().target.store : "";
  auto provisioner = planning::provisioner_of(product, *target_class, known, nullptr, client_, platform_);
  // What only another kind of installation can make was not made here.
  if (!provisioner && provisioner.error().code == "ProvisionerNotAvailable") return {};
  if (!provisioner) return std::move(provisioner).error();
  const provision::ProductTarget target = target_of(product);
  const bool retain = product.spec.deletion_policy == resources::DeletionPolicy::kRetain;
  if (!retain && (*provisioner)->removes_server()) return (*provisioner)->remove(target, false);
  auto controls = (*provisioner)->controls(target);
  if (!controls) return std::move(controls).error();
  for (const auto& row : *controls) {
    if (auto fenced = (*provisioner)->fence(target, row.revision); !fenced) return fenced;
  }
  return (*provisioner)->remove(target, retain);
}

}  // namespace offtake::reconcile
