#include "controlplane/reconcile/data_product/reconciler.h"

#include "base/id.h"
#include "base/log.h"
#include "controlplane/reconcile/data_product/conditions.h"
#include "controlplane/reconcile/data_product/look_again.h"
#include "controlplane/reconcile/present.h"
#include "controlplane/reconcile/report.h"

namespace offtake::reconcile {
namespace {

using namespace std::chrono_literals;

constexpr base::Micros kStatusPause = 1'000'000;  // a product's status is written at most so often

// Somebody wrote in between, or another process acts now: no trouble of the product's.
bool comes_by_itself(const base::Error& error) {
  return error.code == "Conflict" || error.code == "NotLeader" || error.code == "Draining";
}

}  // namespace

DataProductReconciler::DataProductReconciler(store::ResourceClient& client, platform::Platform& platform,
                                             Runners runners, const base::Clock& clock,
                                             DataProductSettings settings)
    : client_(client),
      platform_(platform),
      runners_(std::move(runners)),
      clock_(clock),
      settings_(std::move(settings)) {}

base::Result<Again> DataProductReconciler::reconcile(const std::string& namespace_name,
                                                     const std::string& name) {
  auto product = store::get<resources::DataProduct>(client_, namespace_name, name);
  if (!product) {
    if (product.error().code == "NotFound") return Again{};
    return std::move(product).error();
  }
  if (product->metadata.deleting()) return remove(*product);
  if (!product->metadata.has_finalizer(resources::kProductFinalizer)) {
    auto held = store::add_finalizer(client_, kind(), product->metadata, resources::kProductFinalizer);
    if (!held) return std::move(held).error();
    // The write comes back as a change; everything else happens under the finalizer.
    return Again{1ms};
  }
  return reconcile_present(*std::move(product));
}

base::Result<Again> DataProductReconciler::reconcile_present(resources::DataProduct product) {
  Work work;
  work.facts.product = product;
  work.facts.now = clock_.now();
  work.memory = remember(product.metadata.uid);
  if (auto observed = observe(work); !observed) return std::move(observed).error();
  const Decision decision = decide(work.facts);
  const base::Status applied = apply(work, decision);
  if (!applied) {
    if (comes_by_itself(applied.error())) return applied.error();
    work.facts.undone = applied.error();
  }
  if (auto kept = keep_dataset(work); !kept) {
    base::log_warn("the product's dataset is not there", {{"error", kept.error().text()}});
  }
  // What was just started or stopped is seen in this report already.
  if (auto seen = observe_workers(work); !seen) return std::move(seen).error();
  tell_key_spans(work);

  note_jobs(work);
  watch_freshness(work);
  work.facts.backfill_written = work.memory.backfill_written;
  resources::DataProduct changed = work.facts.product;
  changed.status = report(work.facts, filling_products());
  const auto& before = product.status.backfill;
  const auto& after = changed.status.backfill;
  if (after && (!before || before->percent != after->percent)) work.memory.backfill_written = work.facts.now;
  const RevisionFacts* latest = work.facts.latest();
  work.memory.filling = latest != nullptr && !latest->is_current();
  work.memory.target_away = target_is_away(work.facts) ? work.memory.target_away + 1 : 0;
  changed.status.observed_generation = product.metadata.generation;
  const bool changes = !same_status(product, changed);
  const base::Micros wait = work.memory.status_written + kStatusPause - work.facts.now;
  if (changes && wait <= 0) work.memory.status_written = work.facts.now;
  keep(product.metadata.uid, work.memory);
  if (changes && wait > 0) return Again{std::chrono::milliseconds(wait / 1000 + 1)};
  if (auto written = write_status(client_, product, changed, work.facts.now); !written) {
    return std::move(written).error();
  }
  if (!applied) return applied.error();
  return Again{look_again_after(work.facts, work.memory.target_away, base::random_u64())};
}

base::Status DataProductReconciler::still_current(const resources::DataProduct& product) {
  const resources::ObjectMeta& seen = product.metadata;
  auto present = present_metadata(client_, kind(), seen, settings_.leads);
  if (!present) return std::move(present).error();
  if (present->string_or("uid") == seen.uid && present->int_or("generation") == seen.generation) return {};
  return base::transient("Conflict",
                         fmt::format("{}/{} was changed meanwhile", seen.namespace_name, seen.name));
}

runners::Runner& DataProductReconciler::runner_for(const worker::Job& job,
                                                   const resources::DataProduct& product) const {
  if (runners_.kubernetes) return *runners_.kubernetes;
  bool embedded = false;
  for (const auto& store : job.stores)
    embedded = embedded || store.kind == worker::StoreSpec::Kind::kEmbedded;
  const bool threads = embedded || product.spec.runner.type == resources::RunnerType::kInProcess;
  return threads ? *runners_.in_process : *runners_.process;
}

DataProductReconciler::Memory DataProductReconciler::remember(const std::string& uid) {
  std::lock_guard lock(mutex_);
  return memories_[uid];
}

void DataProductReconciler::keep(const std::string& uid, Memory memory) {
  std::lock_guard lock(mutex_);
  memories_[uid] = std::move(memory);
}

void DataProductReconciler::forget(const std::string& uid) {
  settings_.key_spans->forget(uid);
  std::lock_guard lock(mutex_);
  memories_.erase(uid);
}

int DataProductReconciler::filling_products() {
  std::lock_guard lock(mutex_);
  int count = 0;
  for (const auto& [uid, memory] : memories_) count += memory.filling ? 1 : 0;
  return count;
}

}  // namespace offtake::reconcile
