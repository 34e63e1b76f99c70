#include <algorithm>

#include "base/log.h"
#include "controlplane/planning/lookup.h"
#include "controlplane/planning/publication.h"
#include "controlplane/planning/receiver.h"
#include "controlplane/reconcile/data_product/reconciler.h"
#include "controlplane/sql/fields.h"

namespace offtake::reconcile {
namespace {

using namespace std::chrono_literals;

constexpr auto kDrainPatience = 10s;

runners::Function function_of(const resources::DataProduct& product) {
  const resources::FunctionTarget& spec = *product.spec.target.function;
  runners::Function out;
  out.namespace_name = product.metadata.namespace_name;
  out.name = planning::function_name(product);
  out.image = spec.image;
  out.command = spec.command;
  for (const auto& variable : spec.env) {
    runners::Function::Variable to{variable.name, variable.value.value_or(""), "", ""};
    if (variable.secret_key_ref) {
      to.secret_name = variable.secret_key_ref->name;
      to.secret_key = variable.secret_key_ref->key;
    }
    out.environment.push_back(std::move(to));
  }
  if (spec.memory) out.memory_bytes = spec.memory->value;
  return out;
}

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
  // N is fenced before N+1 runs, so that nothing of N is ahead of it when it is to be published.
  if (decision.fence && !decision.start) {
    if (auto fenced = fence(work, *decision.fence); !fenced) return fenced;
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
  planning::DraftInput input{facts.product, nullptr, facts.now, {}, {}};
  // History is resolved once: later revisions start where the first one did, unless it was edited, or the
  // offsets are those of a topic that is gone.
  const bool replaced = std::any_of(facts.revisions.begin(), facts.revisions.end(), [](const auto& revision) {
    return revision.final_reason() == "SourceReplaced";
  });
  if (!work.jobs.empty() && !replaced &&
      facts.product.status.history_from == facts.product.spec.history.from.text()) {
    input.kept_starts = planning::starts_of(work.jobs.back());
  }
  if (!work.jobs.empty()) input.kept_store = work.jobs.front().target.store;
  facts.draft = planning::draft(input, client_, platform_);
  const planning::Draft& draft = *facts.draft;
  if (draft.ok()) check_publication(work);
  if (!draft.ok()) return std::nullopt;
  auto& status = facts.product.status;
  status.sources.clear();
  for (const auto& source : draft.sources) {
    status.sources.push_back({source.use.id.dataset_namespace, source.use.id.name, source.schema_version,
                              static_cast<std::int64_t>(sql::columns_among(source.use.columns))});
  }
  return draft.job;
}

// Not filled where it could not be published in the end.
void DataProductReconciler::check_publication(Work& work) {
  if (work.facts.current() == nullptr && work.facts.left_behind() == nullptr) return;
  planning::Draft& draft = *work.facts.draft;
  auto publication =
      planning::check_publication(target_of(work.facts.product), work.provisioned->writer.engine,
                                  draft.job.plan.root->output, *work.provisioner);
  if (!publication) {
    draft.waiting.push_back({std::string(resources::condition::kProvisioned), publication.error()});
  } else if (!publication->allowed) {
    draft.errors.push_back(publication->allowed.error());
  }
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
  if (auto current = still_current(facts.product); !current) return current;
  auto job = decision.refill_of ? again(work, *decision.refill_of) : drafted(work);
  if (!job) return {};

  // Superseded before it was published: fenced and gone before its successor starts.
  if (decision.supersedes) {
    if (auto gone = discard(work, *decision.supersedes); !gone) return gone;
  }
  if (decision.fence) {
    if (auto fenced = fence(work, *decision.fence); !fenced) return fenced;
  }
  job->revision = number;
  job->table.revision = number;
  point_at_target(work, *job);
  job->target_secrets_folder = "target";
  if (auto published = publish_records(work, *job); !published) {
    if (!facts.draft) return published;
    const bool passes = published.error().retry == base::Retry::kWaiting ||
                        published.error().retry == base::Retry::kTransient;
    if (passes) {
      facts.draft->waiting.push_back({std::string(resources::condition::kPlanned), published.error()});
    } else {
      facts.draft->errors.push_back(published.error());
    }
    return {};
  }
  job->fingerprint = worker::fingerprint_of(*job);
  if (auto saved = settings_.orders->save(*job); !saved) return saved;
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
  runners::WorkerOrder order;
  for (const auto& revision : work.facts.revisions) {
    if (revision.number != number) continue;
    // A worker is started only when the target told the incarnation that the next one must exceed.
    if (!revision.worker.running && !work.facts.controls_known) return {};
    if (revision.control) order.control_incarnation = revision.control->incarnation;
    // What is compared before the swap counts from the next start on: no reason to break a fill off.
    if (!revision.is_current() && !revision.worker.running) {
      job->verify = work.facts.product.spec.rollout.verify != resources::Verify::kNone;
    }
  }
  // What changes in place follows the present spec, and the objects it names.
  const auto& spec = work.facts.product.spec.runner;
  job->threads = static_cast<int>(spec.threads.value_or(settings_.default_threads));
  job->parks = work.facts.product.spec.delivery.error_policy == resources::ErrorPolicy::kPark;
  job->memory_bytes = spec.memory ? spec.memory->value : settings_.default_memory_bytes;
  point_at_target(work, *job);
  for (auto& store : job->stores) renew_store(store, order);
  renew_receiver(work, *job, order);
  auto credentials = ensure_credentials(work.facts.product);
  if (!credentials) return std::move(credentials).error();
  order.secrets["target/password"] = work.provisioned->writer_password.value_or(credentials->writer_password);
  if (!work.provisioned->writer.ca_pem.empty())
    order.secrets["target/ca.crt"] = work.provisioned->writer.ca_pem;
  order.job = *job;
  runners::Runner& runner = runner_for(*job, work.facts.product);
  // After an edit of runner.type the worker changes places.
  for (const auto& other : runners_.all()) {
    if (other.get() == &runner) continue;
    if (auto stopped = other->stop({job->product_uid, number}, kDrainPatience); !stopped) return stopped;
  }
  return runner.ensure(order);
}

// The receiver stays as it is: it is looked up by itself.
void DataProductReconciler::point_at_target(const Work& work, worker::Job& job) {
  auto receiver = std::move(job.target.receiver);
  job.target = work.provisioned->writer;
  job.target.receiver = std::move(receiver);
}

// Likewise the receiver of what is pushed, and how often it is tried.
void DataProductReconciler::renew_receiver(const Work& work, worker::Job& job, runners::WorkerOrder& order) {
  if (!job.target.receiver || !work.target_class) return;
  const resources::DataProduct& product = work.facts.product;
  if (job.table.push) job.table.push = planning::push_spec(product, job.table.push->changes);
  auto state = planning::state_store(product, job.target.store, nullptr, client_);
  if (!state) {
    order.kept_folders.insert("receiver");
    return;
  }
  auto receiver = planning::receiver_of(product, *work.target_class, *state, nullptr, client_, platform_);
  if (!receiver) {
    base::log_debug("the receiver stays as it was", {{"error", receiver.error().text()}});
    order.kept_folders.insert("receiver");
    return;
  }
  job.target.receiver = std::move(receiver->receiver);
  order.secrets.merge(receiver->secret_files);
  if (platform_.settings().in_cluster && product.spec.target.function) order.function = function_of(product);
}

// The store and its secrets as they are now. What is not to be had stays as the worker has it.
void DataProductReconciler::renew_store(worker::StoreSpec& store, runners::WorkerOrder& order) {
  std::map<std::string, std::string> secrets;
  auto object = store::get<resources::EventStore>(client_, "", store.name);
  auto now =
      object ? platform_.worker_store(*object, secrets) : base::Result<worker::StoreSpec>(object.error());
  if (!now) {
    order.kept_folders.insert({"store-" + store.name, "registry-" + store.name});
    return;
  }
  order.secrets.merge(secrets);
  // Where the registry is told by a file that the worker reads at each use: no reason to start it again.
  now->registry_urls = store.registry_urls;
  store = *std::move(now);
}

base::Status DataProductReconciler::stop_worker(const std::string& product_uid, int number) {
  for (const auto& runner : runners_.all()) {
    if (auto stopped = runner->stop({product_uid, number}, kDrainPatience); !stopped) return stopped;
  }
  return {};
}

base::Status DataProductReconciler::fence(Work& work, int number) {
  if (auto current = still_current(work.facts.product); !current) return current;
  base::log_info("fencing a revision", {{"revision", std::to_string(number)}});
  if (auto stopped = stop_worker(work.facts.product.metadata.uid, number); !stopped) return stopped;
  if (auto fenced = work.provisioner->fence(target_of(work.facts.product), number); !fenced) return fenced;
  for (auto& revision : work.facts.revisions) {
    if (revision.number == number && revision.control) revision.control->phase = targets::Phase::kFenced;
  }
  return {};
}

base::Status DataProductReconciler::discard(Work& work, int number) {
  const std::string& uid = work.facts.product.metadata.uid;
  if (auto current = still_current(work.facts.product); !current) return current;
  base::log_info("dropping a revision", {{"revision", std::to_string(number)}});
  if (auto stopped = stop_worker(uid, number); !stopped) return stopped;
  const provision::ProductTarget target = target_of(work.facts.product);
  if (auto fenced = work.provisioner->fence(target, number); !fenced) return fenced;
  if (auto dropped = work.provisioner->drop_revision(target, number); !dropped) return dropped;
  for (const auto& runner : runners_.all()) {
    if (auto removed = runner->remove({uid, number}); !removed) return removed;
  }
  if (auto removed = settings_.orders->remove(uid, number); !removed) return removed;
  std::erase_if(work.jobs, [&](const worker::Job& job) { return job.revision == number; });
  std::erase_if(work.facts.revisions,
                [&](const RevisionFacts& revision) { return revision.number == number; });
  return {};
}

}  // namespace offtake::reconcile
