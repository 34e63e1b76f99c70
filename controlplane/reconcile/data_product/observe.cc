#include <algorithm>
#include <set>

#include "controlplane/planning/publication.h"
#include "controlplane/planning/receiver.h"
#include "controlplane/reconcile/data_product/reconciler.h"
#include "controlplane/sql/fields.h"

namespace offtake::reconcile {
namespace {

// Provisioning is checked again this often, and at once when a worker cannot use its target.
constexpr base::Micros kProvisionAgain = 600'000'000;

bool complains_of_target(const std::vector<RevisionFacts>& revisions) {
  static const std::set<std::string> kReasons = {"TargetAuthenticationFailed", "TargetMissing",
                                                 "TargetRefused"};
  return std::any_of(revisions.begin(), revisions.end(), [](const RevisionFacts& revision) {
    const auto& status = revision.worker.status;
    return status && status->progress.stall && kReasons.contains(status->progress.stall->reason);
  });
}

// Whether the control rows are as they were: one revision, live, by the word of its worker.
bool controls_may_be_kept(const std::vector<RevisionFacts>& revisions) {
  if (revisions.size() != 1 || !revisions[0].worker.running || !revisions[0].worker.status) return false;
  return revisions[0].worker.status->progress.published;
}

}  // namespace

provision::ProductTarget DataProductReconciler::target_of(const resources::DataProduct& product) const {
  return planning::target_of(product, platform_.settings().installation);
}

base::Status DataProductReconciler::observe(Work& work) {
  Facts& facts = work.facts;
  facts.desired_hash = planning::spec_hash(facts.product);
  if (auto access = planning::check_access(facts.product, nullptr, client_); !access) {
    if (access.error().code != "AccessDenied") return access;
    facts.access = access.error();
  }
  auto jobs = settings_.orders->load(facts.product.metadata.uid);
  if (!jobs) {
    // Without its orders nothing can be decided for it: what runs goes on.
    facts.orders = jobs.error();
    return {};
  }
  work.jobs = *std::move(jobs);
  for (const auto& job : work.jobs) {
    RevisionFacts revision;
    revision.number = job.revision;
    revision.spec_hash = job.spec_hash;
    facts.revisions.push_back(std::move(revision));
  }
  if (const RevisionFacts* latest = facts.latest();
      latest != nullptr && latest->spec_hash == facts.desired_hash) {
    const auto& stores = work.jobs.back().stores;
    const bool embedded = std::any_of(stores.begin(), stores.end(), [](const worker::StoreSpec& store) {
      return store.kind == worker::StoreSpec::Kind::kEmbedded;
    });
    if (auto fine = planning::check_runner(facts.product, embedded, platform_.settings().in_cluster); !fine) {
      facts.draft.emplace();
      facts.draft->errors.push_back(fine.error());
    }
  }
  if (auto observed = observe_workers(work); !observed) return observed;
  if (auto found = find_target(work); !found) {
    facts.provision = found.error();
    return {};
  }
  if (auto read = read_controls(work); !read) facts.provision = read.error();
  return {};
}

base::Status DataProductReconciler::observe_workers(Work& work) {
  for (auto& revision : work.facts.revisions) {
    const auto job = std::find_if(work.jobs.begin(), work.jobs.end(), [&](const worker::Job& candidate) {
      return candidate.revision == revision.number;
    });
    if (job == work.jobs.end()) continue;
    auto observed =
        runner_for(*job, work.facts.product).observe({work.facts.product.metadata.uid, revision.number});
    if (!observed) return std::move(observed).error();
    revision.worker = *std::move(observed);
  }
  return {};
}

void DataProductReconciler::tell_key_spans(const Work& work) {
  std::set<std::string> spanning, single;
  for (const auto& revision : work.facts.revisions) {
    if (!revision.worker.running || !revision.worker.status) continue;
    const auto& progress = revision.worker.status->progress;
    spanning.insert(progress.keys_span_partitions.begin(), progress.keys_span_partitions.end());
    single.insert(progress.keys_in_one_partition.begin(), progress.keys_in_one_partition.end());
  }
  settings_.key_spans->tell(work.facts.product.metadata.uid, std::move(spanning), std::move(single));
}

void DataProductReconciler::note_jobs(Work& work) {
  auto& product = work.facts.product;
  if (work.jobs.empty()) return;
  const worker::Job& latest = work.jobs.back();
  if (latest.spec_hash == work.facts.desired_hash) {
    product.status.history_from = product.spec.history.from.text();
    product.status.start_time.reset();
    if (latest.start_instant != 0) product.status.start_time = resources::Instant{latest.start_instant};
  }
  // The sources of all revisions that are there: a dataset is in use until the last of them is gone.
  auto& sources = product.status.sources;
  std::set<std::string> read;
  for (const auto& job : work.jobs) {
    for (std::size_t i = 0; i < job.sources.size(); ++i) {
      const auto& use = job.plan.sources[i];
      read.insert(job.sources[i].dataset);
      const bool known = std::any_of(sources.begin(), sources.end(), [&](const auto& source) {
        return source.namespace_name == use.dataset_namespace && source.name == use.dataset;
      });
      if (known) continue;
      std::vector<std::string> columns;
      for (const types::Field& column : use.columns) columns.push_back(column.name);
      sources.push_back({use.dataset_namespace, use.dataset, std::nullopt,
                         static_cast<std::int64_t>(sql::columns_among(columns))});
    }
  }
  std::erase_if(
      sources, [&](const auto& source) { return !read.contains(source.namespace_name + "/" + source.name); });
}

void DataProductReconciler::watch_freshness(Work& work) {
  Facts& facts = work.facts;
  facts.freshness = work.memory.freshness;
  const RevisionFacts* served = facts.current() != nullptr ? facts.current() : facts.left_behind();
  base::Micros complete = 0;
  if (served != nullptr) {
    complete = served->control->logical_time;
    const auto& status = served->worker.status;
    if (status) complete = std::max(complete, status->progress.complete_through);
  }
  facts.freshness.note(complete, facts.product.spec.freshness.micros, facts.now);
  work.memory.freshness = facts.freshness;
}

// The class, its provisioner, and the product's own place in the target.
base::Status DataProductReconciler::find_target(Work& work) {
  resources::DataProduct& product = work.facts.product;
  if (auto given = give_class(work); !given) return given;
  auto provisioner = planning::provisioner_of(product, *work.target_class,
                                              work.jobs.empty() ? "" : work.jobs.front().target.store,
                                              nullptr, client_, platform_);
  if (!provisioner) return std::move(provisioner).error();
  work.provisioner = *std::move(provisioner);

  const auto& metadata = work.target_class->metadata;
  // A server of our own may have moved to another port.
  const std::string version =
      fmt::format("{}/{}/{}", metadata.uid, metadata.generation, work.target_class->status.address);
  Memory& memory = work.memory;
  const bool known = memory.provisioned && memory.provisioned_for == version &&
                     work.facts.now - memory.provisioned_at < kProvisionAgain &&
                     !complains_of_target(work.facts.revisions);
  if (!known) {
    auto credentials = ensure_credentials(product);
    if (!credentials) return std::move(credentials).error();
    provision::ProductTarget target = target_of(product);
    target.rows =
        work.jobs.empty() ? provision::RowsForm::kNotPlanned : planning::rows_form(work.jobs.back());
    auto provisioned = work.provisioner->ensure(target, *credentials);
    if (!provisioned) return std::move(provisioned).error();
    if (auto bound = ensure_binding(product, *provisioned, memory.bound); !bound) return bound;
    memory.provisioned = *std::move(provisioned);
    memory.provisioned_for = version;
    memory.provisioned_at = work.facts.now;
  }
  work.provisioned = memory.provisioned;
  product.status.binding = resources::BindingStatus{product.metadata.name + "-binding"};
  product.status.endpoint = resources::EndpointStatus{
      work.provisioned->endpoint_type, work.provisioned->endpoint_address, work.provisioned->endpoint_object};
  return {};
}

// The class, which a product has for ever once it was given it.
base::Status DataProductReconciler::give_class(Work& work) {
  resources::DataProduct& product = work.facts.product;
  const bool new_here = product.status.class_name.empty();
  // One after the other, each written before the next one counts.
  std::unique_lock lock(classes_mutex_, std::defer_lock);
  if (new_here) lock.lock();
  auto target_class = planning::find_class(product, nullptr, client_);
  if (!target_class) return std::move(target_class).error();
  work.target_class = *std::move(target_class);
  product.status.class_name = work.target_class->metadata.name;
  if (!new_here) return {};
  auto written = store::apply_status(client_, product);
  return written ? base::Status() : base::Status(written.error());
}

base::Status DataProductReconciler::read_controls(Work& work) {
  Facts& facts = work.facts;
  // A live product whose worker answers is not asked about in the target every second.
  if (controls_may_be_kept(facts.revisions) && facts.product.status.revision &&
      facts.product.status.revision->current == facts.revisions[0].number) {
    targets::ControlRow row;
    row.revision = facts.revisions[0].number;
    row.phase = targets::Phase::kCurrent;
    facts.revisions[0].control = row;
    facts.controls_known = true;
    return {};
  }
  auto controls = work.provisioner->controls(target_of(facts.product));
  if (!controls) return std::move(controls).error();
  for (auto& row : *controls) {
    auto found = std::find_if(facts.revisions.begin(), facts.revisions.end(),
                              [&](const RevisionFacts& revision) { return revision.number == row.revision; });
    if (found == facts.revisions.end()) {
      // A revision whose job is lost: nothing can run it, but its number is taken.
      RevisionFacts revision;
      revision.number = row.revision;
      found = facts.revisions.insert(
          std::upper_bound(facts.revisions.begin(), facts.revisions.end(), revision,
                           [](const auto& a, const auto& b) { return a.number < b.number; }),
          std::move(revision));
    }
    found->control = std::move(row);
  }
  facts.controls_known = true;
  return {};
}

}  // namespace offtake::reconcile
