#include "controlplane/cluster/leadership.h"

#include <condition_variable>
#include <set>

#include "base/log.h"
#include "controlplane/cluster/checked.h"
#include "controlplane/cluster/stored_orders.h"
#include "controlplane/platform/platform.h"
#include "controlplane/reconcile/data_product/reconciler.h"
#include "controlplane/reconcile/dataset/reconciler.h"
#include "controlplane/reconcile/event_store/reconciler.h"
#include "controlplane/reconcile/target_class/reconciler.h"
#include "controlplane/server/metrics.h"
#include "controlplane/sql/compile.h"

namespace offtake::cluster {
namespace {

using namespace std::chrono_literals;
using resources::kind_of;

constexpr int kProductThreads = 8;  // they wait for servers most of the time
constexpr auto kSweepEvery = 10min;
constexpr auto kAgain = 2s;

void wait(std::chrono::milliseconds period, std::stop_token stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait_for(lock, stop, period, [] { return false; });
}

}  // namespace

// All that lives as long as one term does.
class Leadership::Work {
 public:
  Work(std::shared_ptr<kubernetes::Client> api, const LeaderSettings& settings)
      : settings_(settings), api_(api), client_(api) {
    client_.keep(kind_of<resources::Namespace>());
    client_.keep(kind_of<resources::Secret>(), settings.namespace_name);
    client_.keep(kind_of<resources::EventStore>());
    client_.keep(kind_of<resources::TargetClass>());
    client_.keep(kind_of<resources::Dataset>());
    client_.keep(kind_of<resources::DataProduct>());
    client_.start();
    runner_ = runners::make_kubernetes_runner(api, settings.pods);
    orders_ = std::make_shared<StoredOrders>(api, settings.pods.worker_namespace);
  }

  ~Work() {
    runner_->on_change(nullptr);
    loop_.reset();
    runner_.reset();
    client_.stop();
  }

  // Everything that is decided from is known. False: asked to stop before.
  bool learn(std::stop_token stop, const std::function<void(std::string)>& trouble) {
    if (!client_.wait_synced(stop) || !runner_->wait_synced(stop)) return false;
    while (!stop.stop_requested()) {
      auto own =
          api_->get(store::resource_type(kind_of<resources::Namespace>()), "", settings_.namespace_name);
      base::Status known = own ? orders_->read_all() : base::Status(own.error());
      if (known) {
        installation_ = (*own)["metadata"].string_or("uid");
        trouble("");
        return true;
      }
      trouble(known.error().text());
      wait(kAgain, stop);
    }
    return false;
  }

  void start() {
    platform::PlatformSettings settings;
    settings.installation = installation_;
    settings.system_namespace = settings_.namespace_name;
    settings.embedded_registry = settings_.registry;
    settings.registry_url = settings_.registry_url;
    settings.registry_token = settings_.registry_token();
    settings.in_cluster = true;
    settings.cluster = api_;
    settings.objects_namespace = settings_.pods.worker_namespace;
    platform_ = std::make_unique<platform::Platform>(client_, std::move(settings));
    make_loop();
    runner_->on_change([this](const std::string& uid) { look_at(uid); });
    loop_->start();
  }

  void stop() {
    if (loop_) loop_->stop();
  }

  // Workers and orders of products that are gone: their finalizer was taken off by somebody else.
  void sweep() {
    std::set<std::string> there;
    auto products = client_.list(kind_of<resources::DataProduct>());
    if (!products) return;
    for (const auto& product : products->items) there.insert(product["metadata"].string_or("uid"));
    std::set<runners::WorkerKey> gone;
    for (const auto& key : runner_->list()) {
      if (!there.contains(key.product_uid)) gone.insert(key);
    }
    for (const std::string& uid : orders_->product_uids()) {
      if (there.contains(uid)) continue;
      auto revisions = orders_->revisions(uid);
      if (!revisions) continue;
      for (const int revision : *revisions) gone.insert({uid, revision});
    }
    if (gone.empty() || !truly_gone(gone)) return;
    for (const auto& key : gone) {
      base::log_warn("removing what a product left that is gone",
                     {{"product_uid", key.product_uid}, {"revision", std::to_string(key.revision)}});
      base::Status removed = runner_->remove(key);
      if (removed) removed = orders_->remove(key.product_uid, key.revision);
      if (!removed) base::log_warn("not removed", {{"error", removed.error().text()}});
    }
  }

  // What was listed first may be of a while ago: the server is asked before anything is removed.
  bool truly_gone(std::set<runners::WorkerKey>& gone) {
    kubernetes::ListOptions options;
    options.limit = 500;
    do {
      auto page = api_->list(store::resource_type(kind_of<resources::DataProduct>()), options);
      if (!page) return false;
      for (const auto& product : page->items) {
        std::erase_if(gone, [uid = product["metadata"].string_or("uid")](const runners::WorkerKey& key) {
          return key.product_uid == uid;
        });
      }
      options.continue_token = page->continue_token;
    } while (!options.continue_token.empty());
    return true;
  }

  std::vector<std::string> troubles() const {
    std::vector<std::string> out;
    for (const base::Error& error : client_.troubles()) out.push_back(error.text());
    for (const base::Error& error : runner_->troubles()) out.push_back(error.text());
    return out;
  }

  std::string metrics() { return server::metrics_text(client_, {runner_}, base::system_clock().now()); }

 private:
  template <class T, class R, class... Args>
  void add(int threads, Args&&... args) {
    auto reconciler = std::make_unique<R>(client_, *platform_, std::forward<Args>(args)...);
    const auto sql = [](const resources::DataProduct& product) {
      return sql::check_grammar(product.spec.sql);
    };
    loop_->add(std::make_unique<Checked<T>>(client_, base::system_clock(), sql, std::move(reconciler)),
               threads);
  }

  void make_loop() {
    const base::Clock& clock = base::system_clock();
    loop_ = std::make_unique<reconcile::Loop>(client_);
    const auto key_spans = std::make_shared<reconcile::KeySpans>();
    add<resources::EventStore, reconcile::EventStoreReconciler>(2, clock);
    add<resources::TargetClass, reconcile::TargetClassReconciler>(2, clock);
    add<resources::Dataset, reconcile::DatasetReconciler>(2, clock, key_spans, settings_.leads);
    reconcile::DataProductSettings settings;
    settings.orders = orders_;
    settings.key_spans = key_spans;
    settings.leads = settings_.leads;
    add<resources::DataProduct, reconcile::DataProductReconciler>(
        kProductThreads, reconcile::Runners{nullptr, nullptr, runner_}, clock, settings);
    reconcile::wake_dependents(*loop_);
  }

  void look_at(const std::string& uid) {
    std::lock_guard lock(keys_mutex_);
    auto known = keys_.find(uid);
    if (known == keys_.end()) {
      auto products = client_.list(kind_of<resources::DataProduct>());
      if (!products) return;
      keys_.clear();
      for (const auto& product : products->items) {
        const json::Value& metadata = product["metadata"];
        keys_[metadata.string_or("uid")] = metadata.string_or("namespace") + "/" + metadata.string_or("name");
      }
      known = keys_.find(uid);
      if (known == keys_.end()) return;
    }
    loop_->look_at(kind_of<resources::DataProduct>(), known->second);
  }

  const LeaderSettings& settings_;
  std::shared_ptr<kubernetes::Client> api_;
  store::CachedClient client_;
  std::string installation_;
  std::shared_ptr<runners::KubernetesRunner> runner_;
  std::shared_ptr<StoredOrders> orders_;
  std::unique_ptr<platform::Platform> platform_;
  std::unique_ptr<reconcile::Loop> loop_;
  std::mutex keys_mutex_;
  std::map<std::string, std::string> keys_;  // of products, by uid; guarded by keys_mutex_
};

Leadership::Leadership(std::shared_ptr<kubernetes::Client> api, LeaderSettings settings)
    : api_(std::move(api)), settings_(std::move(settings)) {}

Leadership::~Leadership() = default;

void Leadership::lead(std::stop_token stop) {
  const auto work = std::make_shared<Work>(api_, settings_);
  {
    std::lock_guard lock(mutex_);
    work_ = work;
  }
  const auto note = [this](std::string trouble) {
    if (!trouble.empty()) base::log_warn("cannot begin", {{"error", trouble}});
    std::lock_guard lock(mutex_);
    trouble_ = std::move(trouble);
  };
  if (work->learn(stop, note)) {
    work->start();
    working_ = true;
    base::log_info("working");
    while (!stop.stop_requested()) {
      work->sweep();
      wait(kSweepEvery, stop);
    }
    working_ = false;
    work->stop();
  }
  std::lock_guard lock(mutex_);
  work_.reset();
  trouble_.clear();
}

std::vector<std::string> Leadership::troubles() const {
  std::shared_ptr<Work> work;
  std::vector<std::string> out;
  {
    std::lock_guard lock(mutex_);
    work = work_;
    if (!trouble_.empty()) out.push_back(trouble_);
  }
  if (work) {
    for (std::string& trouble : work->troubles()) out.push_back(std::move(trouble));
  }
  return out;
}

std::string Leadership::metrics() const {
  std::shared_ptr<Work> work;
  {
    std::lock_guard lock(mutex_);
    work = work_;
  }
  return work && working_ ? work->metrics() : "";
}

}  // namespace offtake::cluster
