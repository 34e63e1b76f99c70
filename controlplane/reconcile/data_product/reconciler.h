// DataProduct: observe, decide (decide.h, pure), apply, report (conditions.h, pure).
#pragma once
#include <map>
#include <mutex>

#include "controlplane/platform/platform.h"
#include "controlplane/reconcile/data_product/decide.h"
#include "controlplane/reconcile/data_product/orders.h"
#include "controlplane/reconcile/key_spans.h"
#include "controlplane/reconcile/loop.h"
#include "operators/runners/runner.h"

namespace offtake::reconcile {

// The runners there are: threads and processes on a machine, pods in a cluster; null where there is none. The
// embedded log can be opened by this process only, so its workers are threads.
struct Runners {
  std::shared_ptr<runners::Runner> in_process, process, kubernetes;
  std::vector<std::shared_ptr<runners::Runner>> all() const {
    std::vector<std::shared_ptr<runners::Runner>> out;
    for (const auto& runner : {in_process, process, kubernetes}) {
      if (runner) out.push_back(runner);
    }
    return out;
  }
};

struct DataProductSettings {
  std::shared_ptr<Orders> orders;
  std::int64_t default_memory_bytes = 1LL << 30;
  int default_threads = 1;
  std::shared_ptr<KeySpans> key_spans;  // what workers find, for the reconciler of datasets
  // Whether this process is still the one that acts; absent: always.
  std::function<bool()> leads;
};

class DataProductReconciler : public Reconciler {
 public:
  DataProductReconciler(store::ResourceClient& client, platform::Platform& platform, Runners runners,
                        const base::Clock& clock, DataProductSettings settings);
  const resources::Kind& kind() const override { return resources::kind_of<resources::DataProduct>(); }
  base::Result<Again> reconcile(const std::string& namespace_name, const std::string& name) override;

 private:
  // What this process remembers of a product between looks; lost without harm.
  struct Memory {
    std::string provisioned_for;  // the class version it was provisioned with
    std::optional<provision::Provisioned> provisioned;
    base::Micros provisioned_at = 0;
    std::string bound;  // digest of the binding as it was last written
    base::Micros backfill_written = 0;
    base::Micros status_written = 0;
    Freshness freshness;
    bool filling = false;
    int target_away = 0;  // looks in a row at which the target did not answer
  };

  // A product in the hands of one reconcile.
  struct Work {
    Facts facts;
    std::vector<worker::Job> jobs;  // ascending by revision
    std::shared_ptr<provision::Provisioner> provisioner;
    std::optional<resources::TargetClass> target_class;
    std::optional<provision::Provisioned> provisioned;
    Memory memory;
  };

  base::Result<Again> reconcile_present(resources::DataProduct product);
  // observe.cc
  base::Status observe(Work& work);
  base::Status find_target(Work& work);
  base::Status give_class(Work& work);
  base::Status read_controls(Work& work);
  base::Status observe_workers(Work& work);
  void tell_key_spans(const Work& work);
  static void watch_freshness(Work& work);
  provision::ProductTarget target_of(const resources::DataProduct& product) const;
  // What the job of the present spec says of its product: found there again if the status was not written.
  static void note_jobs(Work& work);
  // Before what cannot be taken back: the product is still the one that was looked at. Code Conflict.
  base::Status still_current(const resources::DataProduct& product);
  // apply.cc
  base::Status apply(Work& work, const Decision& decision);
  base::Status start_revision(Work& work, const Decision& decision);
  // The job of the next revision: drafted from the present spec, or an earlier one's again. None: facts.draft
  // says what is wrong or waited for.
  std::optional<worker::Job> drafted(Work& work);
  std::optional<worker::Job> again(Work& work, int earlier);
  void check_publication(Work& work);
  base::Status run_worker(Work& work, int number);
  static void point_at_target(const Work& work, worker::Job& job);
  void renew_receiver(const Work& work, worker::Job& job, runners::WorkerOrder& order);
  void renew_store(worker::StoreSpec& store, runners::WorkerOrder& order);
  base::Status fence(Work& work, int number);
  base::Status discard(Work& work, int number);
  base::Status stop_worker(const std::string& product_uid, int number);
  // delete.cc
  base::Result<Again> remove(const resources::DataProduct& product);
  base::Status remove_target(const resources::DataProduct& product);
  base::Status feed(const resources::DataProduct& product);
  // dataset.cc
  base::Status publish_records(Work& work, worker::Job& job);
  base::Status apply_dataset(const resources::DataProduct& product, const worker::Job& job);
  base::Status keep_dataset(const Work& work);
  base::Result<bool> remove_dataset(const resources::DataProduct& product);
  base::Status remove_subjects(const resources::DataProduct& product);
  // secrets.cc
  base::Result<provision::Credentials> ensure_credentials(const resources::DataProduct& product);
  base::Status ensure_binding(const resources::DataProduct& product,
                              const provision::Provisioned& provisioned, std::string& bound);
  base::Result<std::optional<std::string>> own_binding(const resources::DataProduct& product);
  base::Status remove_secrets(const resources::DataProduct& product);

  runners::Runner& runner_for(const worker::Job& job, const resources::DataProduct& product) const;
  Memory remember(const std::string& uid);
  void keep(const std::string& uid, Memory memory);
  void forget(const std::string& uid);
  int filling_products();

  store::ResourceClient& client_;
  platform::Platform& platform_;
  Runners runners_;
  const base::Clock& clock_;
  DataProductSettings settings_;
  std::mutex classes_mutex_;  // held while a product enters a class
  std::mutex mutex_;
  std::map<std::string, Memory> memories_;  // by uid
};

}  // namespace offtake::reconcile
