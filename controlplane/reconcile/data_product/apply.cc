#include <algorithm>

#include "base/log.h"
#include "controlplane/planning/lookup.h"
#include "controlplane/reconcile/data_product/reconciler.h"

namespace offtake::reconcile {
namespace {

using namespace std::chrono_literals;

constexpr auto kDrainPatience = 10s;

worker::Job* find_job(std::vector<worker::Job>& jobs, int number) {
  for (auto& job : jobs) {
    if (job.revision == number) return &job;
  }
  return nullptr;
}

}  // namespace

base::Status DataProductReconciler::apply(Work& work, const Decision& decision) {
  for (const int number : decision.stop) {
    if (auto stopped = stop_worker(work.facts.product.metadata.uid, number); !stopped) return stopped;
  }
  for (const int number : decision.run) {
    if (auto running = run_worker(work, number); !running) return running;
  }
  if (decision.start) {
    if (auto started = start_revision(work, decision); !started) return started;
  }
  for (const int number : decision.discard) {
    if (auto discarded = discard(work, number); !discarded) return discarded;
  }
  return {};
}

std::optional<worker::Job> DataProductReconciler::drafted(Work& work) {
  Facts& facts = work.facts;
  planning::DraftInput input{facts.product, nullptr, facts.now, {}};
  // History is resolved once: later revisions start where the first one did, unless it was edited.
  if (!work.jobs.empty() && facts.product.status.history_from == facts.product.spec.history.from.text()) {
    input.kept_starts = planning::starts_of(work.jobs.back());
  }
  facts.draft = planning::draft(input, client_, platform_);
  const planning::Draft& draft = *facts.draft;
  if (!draft.ok()) return std::nullopt;
  auto& status = facts.product.status;
  status.history_from = facts.product.spec.history.from.text();
  if (draft.start_instant != 0) status.start_time = resources::Instant{draft.start_instant};
  status.sources.clear();
  for (const auto& source : draft.sources) {
    status.sources.push_back({source.use.id.dataset_namespace, source.use.id.name, source.schema_version,
                              static_cast<std::int64_t>(source.use.columns.size())});
  }
  return draft.job;
}

std::optional<worker::Job> DataProductReconciler::again(Work& work, int earlier) {
  const worker::Job* job = find_job(work.jobs, earlier);
  if (job == nullptr) return drafted(work);
  // Its worker gets a folder of its own: what reaches the stores must be had before it starts.
  planning::Draft problems;
  for (const auto& store : job->stores) {
    std::map<std::string, std::string> ignored;
    auto object =
        planning::look_up<resources::EventStore>(nullptr, client_, "", store.name, "EventStoreMissing");
    base::Status reached = object ? base::Status() : base::Status(object.error());
    if (reached) {
      if (auto spec = platform_.worker_store(*object, ignored); !spec) reached = spec.error();
    }
    if (!reached) problems.waiting.push_back({std::string(resources::condition::kPlanned), reached.error()});
  }
  if (problems.ok()) return *job;
  work.facts.draft = std::move(problems);
  return std::nullopt;
}

base::Status DataProductReconciler::start_revision(Work& work, const Decision& decision) {
  if (!work.provisioned) return {};
  Facts& facts = work.facts;
  const int number = *decision.start;
  auto job = decision.refill_of ? again(work, *decision.refill_of) : drafted(work);
  if (!job) return {};

  // Superseded before it was published: fenced and gone before its successor starts.
  if (const RevisionFacts* latest = facts.latest(); latest != nullptr && !latest->is_current()) {
    const int old = latest->number;
    if (auto gone = discard(work, old); !gone) return gone;
  }
  job->revision = number;
  job->table.revision = number;
  job->target = work.provisioned->writer;
  job->target_secrets_folder = "target";
  job->fingerprint = worker::fingerprint_of(*job);
  if (auto saved = orders_.save(*job); !saved) return saved;
  base::log_info("starting a revision",
                 {{"revision", std::to_string(number)}, {"reason", decision.start_reason}});
  RevisionFacts revision;
  revision.number = number;
  revision.spec_hash = job->spec_hash;
  work.jobs.push_back(*std::move(job));
  facts.revisions.push_back(std::move(revision));
  return run_worker(work, number);
}

base::Status DataProductReconciler::run_worker(Work& work, int number) {
  worker::Job* job = find_job(work.jobs, number);
  if (job == nullptr || !work.provisioned) return {};
  for (const auto& revision : work.facts.revisions) {
    // A worker is started only when the target told the incarnation that the next one must exceed.
    if (revision.number == number && !revision.worker.running && !work.facts.controls_known) return {};
  }
  // What changes in place: the newest revision follows the present spec.
  const auto& spec = work.facts.product.spec.runner;
  worker::Job wanted = *job;
  wanted.threads = static_cast<int>(spec.threads.value_or(settings_.default_threads));
  wanted.memory_bytes = spec.memory ? spec.memory->value : settings_.default_memory_bytes;
  if (worker::job_hash(wanted) != worker::job_hash(*job)) {
    if (auto saved = orders_.save(wanted); !saved) return saved;
    *job = wanted;
  }
  runners::WorkerOrder order;
  order.job = *job;
  for (const auto& revision : work.facts.revisions) {
    if (revision.number == number && revision.control)
      order.control_incarnation = revision.control->incarnation;
  }
  auto credentials = ensure_credentials(work.facts.product);
  if (!credentials) return std::move(credentials).error();
  order.secrets["target/password"] = credentials->writer_password;
  if (!work.provisioned->writer.ca_pem.empty())
    order.secrets["target/ca.crt"] = work.provisioned->writer.ca_pem;
  for (const auto& store : job->stores) {
    auto object = store::get<resources::EventStore>(client_, "", store.name);
    if (!object) continue;  // the worker goes on with what it has
    if (auto spec_now = platform_.worker_store(*object, order.secrets); !spec_now) {
      return std::move(spec_now).error();
    }
  }
  return runner_for(*job, work.facts.product).ensure(order);
}

base::Status DataProductReconciler::stop_worker(const std::string& product_uid, int number) {
  for (const auto& runner : {runners_.in_process, runners_.process}) {
    if (!runner) continue;
    if (auto stopped = runner->stop({product_uid, number}, kDrainPatience); !stopped) return stopped;
  }
  return {};
}

base::Status DataProductReconciler::discard(Work& work, int number) {
  const std::string& uid = work.facts.product.metadata.uid;
  base::log_info("dropping a revision", {{"revision", std::to_string(number)}});
  if (auto stopped = stop_worker(uid, number); !stopped) return stopped;
  const provision::ProductTarget target = target_of(work.facts.product);
  if (auto fenced = work.provisioner->fence(target, number); !fenced) return fenced;
  if (auto dropped = work.provisioner->drop_revision(target, number); !dropped) return dropped;
  for (const auto& runner : {runners_.in_process, runners_.process}) {
    if (!runner) continue;
    if (auto removed = runner->remove({uid, number}); !removed) return removed;
  }
  if (auto removed = orders_.remove(uid, number); !removed) return removed;
  std::erase_if(work.jobs, [&](const worker::Job& job) { return job.revision == number; });
  std::erase_if(work.facts.revisions,
                [&](const RevisionFacts& revision) { return revision.number == number; });
  return {};
}

}  // namespace offtake::reconcile
