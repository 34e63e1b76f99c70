// The Dataset of a product whose target is a topic: made before its first record, gone before its topic.
#include "base/log.h"
#include "controlplane/planning/derived.h"
#include "controlplane/planning/publication.h"
#include "controlplane/reconcile/data_product/reconciler.h"
#include "controlplane/reconcile/report.h"

namespace offtake::reconcile {

namespace {

constexpr std::string_view kManager = "offtake-product";

bool has_records(const worker::Job& job) {
  const auto* engine = targets::find_engine(job.target.engine);
  return engine != nullptr && engine->record_schemas != nullptr;
}

std::vector<std::string> subjects_of(const std::string& topic) {
  return {topic + "-value", topic + "-key"};
}

}  // namespace

// The topic is made, as its records need it, schemas are registered, and the Dataset is there, before the
// worker starts: the records name the schemas' ids.
base::Status DataProductReconciler::publish_records(Work& work, worker::Job& job) {
  if (!has_records(job) || !work.facts.draft || !work.facts.draft->records) return {};
  const planning::Draft::Records& records = *work.facts.draft->records;
  auto credentials = ensure_credentials(work.facts.product);
  if (!credentials) return std::move(credentials).error();
  provision::ProductTarget target = target_of(work.facts.product);
  target.rows = planning::rows_form(job);
  if (auto made = work.provisioner->ensure(target, *credentials); !made) return std::move(made).error();
  auto registry = platform_.registry_of(records.store);
  if (!registry) return std::move(registry).error();
  auto value = (*registry)->register_schema(job.target.topic + "-value", records.schemas.value);
  if (!value) return std::move(value).error();
  job.table.schema_ids.value = value->id;
  job.table.schema_ids.key = 0;
  if (!records.schemas.key.empty()) {
    auto key = (*registry)->register_schema(job.target.topic + "-key", records.schemas.key);
    if (!key) return std::move(key).error();
    job.table.schema_ids.key = key->id;
  }
  return apply_dataset(work.facts.product, job);
}

base::Status DataProductReconciler::apply_dataset(const resources::DataProduct& product,
                                                  const worker::Job& job) {
  std::vector<std::string> key;
  for (const int column : job.table.identity.key) {
    key.push_back(job.table.columns[static_cast<std::size_t>(column)].name);
  }
  if (auto ours = planning::check_dataset(product, key, client_); !ours) return ours;
  store::ApplyOptions options;
  options.field_manager = std::string(kManager);
  options.force = true;
  auto applied = client_.apply(resources::to_json(planning::derived_dataset(product, job, client_)), options);
  if (!applied) return std::move(applied).error();
  return {};
}

// Somebody deleted it: it is there again as soon as it is gone.
base::Status DataProductReconciler::keep_dataset(const Work& work) {
  if (work.jobs.empty() || !has_records(work.jobs.back()) || work.facts.draft) return {};
  const resources::DataProduct& product = work.facts.product;
  auto found =
      store::get<resources::Dataset>(client_, product.metadata.namespace_name, product.metadata.name);
  if (found || found.error().code != "NotFound") return found ? base::Status() : base::Status(found.error());
  return apply_dataset(product, work.jobs.back());
}

// True once it is gone; until then its readers are served, and new ones refused.
base::Result<bool> DataProductReconciler::remove_dataset(const resources::DataProduct& product) {
  auto found =
      store::get<resources::Dataset>(client_, product.metadata.namespace_name, product.metadata.name);
  if (!found) {
    if (found.error().code == "NotFound") return true;
    return std::move(found).error();
  }
  if (!planning::is_owned(*found, product)) return true;
  store::DeleteOptions options;
  options.uid = found->metadata.uid;
  auto deleted = client_.remove(resources::kind_of<resources::Dataset>(), product.metadata.namespace_name,
                                product.metadata.name, options);
  if (!deleted && deleted.error().code != "NotFound") return std::move(deleted).error();
  if (!deleted || deleted->gone) return true;
  auto readers = planning::readers_of({product.metadata.namespace_name, product.metadata.name}, client_);
  if (!readers) return std::move(readers).error();
  // Without readers its own finalizer comes off soon.
  if (readers->empty()) return false;
  return may_go(client_, product, *readers, clock_.now());
}

base::Status DataProductReconciler::remove_subjects(const resources::DataProduct& product) {
  if (product.spec.deletion_policy != resources::DeletionPolicy::kDelete) return {};
  auto target_class = store::get<resources::TargetClass>(client_, "", product.status.class_name);
  if (!target_class) return {};
  auto store = planning::store_of_class(*target_class, nullptr, client_);
  if (!store) return std::move(store).error();
  if (!store->has_value() || !product.status.endpoint) return {};
  auto registry = platform_.registry_of(**store);
  if (!registry) return std::move(registry).error();
  for (const auto& subject : subjects_of(product.status.endpoint->object)) {
    if (auto gone = (*registry)->delete_subject(subject); !gone) return gone;
  }
  return {};
}

}  // namespace offtake::reconcile
