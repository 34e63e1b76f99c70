#include "operators/runners/kubernetes/runner.h"

#include <atomic>
#include <set>

#include "base/crypto/crypto.h"
#include "base/id.h"
#include "base/log.h"
#include "operators/kubernetes/informer.h"
#include "operators/runners/files_of_worker.h"
#include "operators/runners/kubernetes/functions.h"
#include "operators/runners/kubernetes/worker_line.h"
#include "operators/runners/kubernetes/worker_pod.h"
#include "operators/worker/ledger_messages.h"

namespace offtake::runners {
namespace {

using namespace std::chrono_literals;
using json::Value;
using kubernetes::kConfigMaps;
using kubernetes::kDeployments;
using kubernetes::kPersistentVolumeClaims;
using kubernetes::kPods;
using kubernetes::kSecrets;

constexpr auto kForcedPatience = 10s;
constexpr base::Micros kLong = 60'000'000;  // a pod that waits for so long may lack something
constexpr auto kHealAgain = 60s;
constexpr base::Micros kLasting = 60'000'000;  // a worker that is up for so long does not fail
constexpr std::string_view kWorkers = "app.kubernetes.io/name=offtake-worker";
constexpr std::string_view kManager = "offtake";

std::string index_of(const std::optional<WorkerKey>& key) {
  return key ? fmt::format("{} {}", key->product_uid, key->revision) : "";
}

kubernetes::InformerOptions workers_of(const kubernetes::ResourceType& type, const std::string& space) {
  return {type, space, std::string(kWorkers), [](const Value& object) { return index_of(key_of(object)); }};
}

std::int64_t incarnation_of(const Value& deployment) {
  return std::atoll(deployment.at({"metadata", "annotations"}).string_or(annotation::kIncarnation).c_str());
}

std::int64_t generation_of(const Value& object) {
  return object["metadata"].int_or("generation");
}

class Pods : public KubernetesRunner {
 public:
  Pods(std::shared_ptr<kubernetes::Client> api, PodSettings settings)
      : api_(std::move(api)),
        settings_(std::move(settings)),
        deployments_(*api_, workers_of(kDeployments, settings_.worker_namespace)),
        pods_(*api_, workers_of(kPods, settings_.worker_namespace)) {
    const auto heard = [this](const kubernetes::WatchEvent& event) { hear(event); };
    deployments_.add(heard);
    pods_.add(heard);
    deployments_.start();
    pods_.start();
  }
  ~Pods() override {
    deployments_.stop();
    pods_.stop();
  }

  bool wait_synced(std::stop_token stop) override {
    for (auto* informer : {&deployments_, &pods_}) {
      while (!informer->wait_synced(1s, stop)) {
        if (stop.stop_requested()) return false;
      }
    }
    return true;
  }

  std::vector<base::Error> troubles() const override {
    std::vector<base::Error> out;
    for (const auto* informer : {&deployments_, &pods_}) {
      if (auto trouble = informer->trouble()) out.push_back(*std::move(trouble));
    }
    return out;
  }

  void on_change(std::function<void(const std::string&)> listener) override {
    std::lock_guard lock(listener_mutex_);
    listener_ = std::move(listener);
  }

  base::Status ensure(const WorkerOrder& order) override {
    const WorkerKey key{order.job.product_uid, order.job.revision};
    const auto slot = slot_of(key);
    std::lock_guard working(slot->work);
    const std::string name = worker_name(order.job);
    const auto present = deployments_.get(settings_.worker_namespace, name);
    std::string asked = worker::job_hash(order.job) + digest_of_secrets(order);
    if (order.function) {
      auto function = functions_.ensure(order.job, *order.function);
      if (!function) return std::move(function).error();
      asked += *function;
    }
    // Written to by somebody else since: made as it was asked for again.
    const bool edited = present && slot->generation != 0 && generation_of(*present) > slot->generation;
    if (present && slot->asked == asked && !edited)
      return slot->waits_long ? heal(*slot, order) : base::Status();

    auto files = files_for(*slot, order, name);
    if (!files) return std::move(files).error();
    const std::int64_t before = present ? incarnation_of(*present) : 0;
    const Value wanted =
        worker_deployment(settings_, order.job, *files, std::max(order.control_incarnation, before) + 1);
    const auto digest = [](const Value& deployment) {
      return deployment.at({"metadata", "annotations"}).string_or(annotation::kManifest);
    };
    // Not known until it is answered: what was written without an answer is nobody else's edit.
    slot->generation = 0;
    if (!present || edited || digest(*present) != digest(wanted)) {
      if (auto applied = apply_all(*slot, order, *files, wanted); !applied) return applied;
      base::log_info(present ? "changed a worker" : "started a worker",
                     {{"deployment", name},
                      {"product", order.job.product},
                      {"revision", std::to_string(order.job.revision)}});
    } else {
      slot->generation = generation_of(*present);
      if (slot->files != *files) {
        auto applied = apply(kSecrets, worker_secret(settings_, order.job, *files));
        if (!applied) return std::move(applied).error();
      }
    }
    slot->files = *std::move(files);
    slot->asked = asked;
    return {};
  }

  base::Result<Observation> observe(const WorkerKey& key) override {
    Observation out;
    const auto deployment = find(deployments_, key);
    if (!deployment) return out;
    out.incarnation = incarnation_of(*deployment);
    out.job_hash = deployment->at({"metadata", "annotations"}).string_or(annotation::kJobHash);
    const auto pod = present_pod(pods_of(key));
    if (!pod) {
      const std::string refusal = refusal_of(*deployment);
      out.waits = refusal.empty() ? base::waiting("WorkerStarting", "The worker's pod is being made.")
                                  : base::waiting("WorkerPending", "the worker's pod is refused: " + refusal);
      return out;
    }
    out.running = pod->running && !pod->ending;
    out.restarts = pod->restarts;
    out.waits = pod->waits;
    slot_of(key)->waits_long = pod->waits && base::system_clock().now() - pod->created > kLong;
    if (out.running) {
      out.status = slot_of(key)->line.ask(*pod, settings_.worker_namespace,
                                          (*deployment)["metadata"].string_or("name"));
      // Its container stays up and says how it ended.
      if (out.status && out.status->exit != worker::Exit::kRunning) out.running = false;
    }
    out.pid = out.status ? out.status->pid : 0;
    // One whose job is not understood cannot even say so.
    if (!out.status && pod->last_exit == static_cast<int>(worker::Exit::kNotUnderstood)) {
      out.running = false;
      out.status.emplace();
      out.status->exit = worker::Exit::kNotUnderstood;
      out.status->exit_reason = "JobNotUnderstood";
      out.status->exit_message = "the worker's image does not understand this job: it is of another version";
    }
    const bool lasting = pod->started != 0 && base::system_clock().now() - pod->started >= kLasting;
    const bool works = out.status && out.status->progress.epochs_committed > 0;
    out.failures = lasting || works ? 0 : pod->restarts;
    return out;
  }

  base::Status stop(const WorkerKey& key, std::chrono::milliseconds patience) override {
    const auto slot = slot_of(key);
    std::lock_guard working(slot->work);
    slot->asked.clear();
    if (const auto deployment = find(deployments_, key)) {
      base::log_info("stopping a worker", {{"deployment", (*deployment)["metadata"].string_or("name")}});
      if (auto gone = remove_object(kDeployments, *deployment); !gone) return gone;
    } else if (pods_of(key).empty()) {
      return {};
    }
    if (wait_for_end(key, patience)) return {};
    for (const Value& pod : pods_of(key)) {
      base::log_warn("ending a pod that does not drain", {{"pod", pod["metadata"].string_or("name")}});
      if (auto gone = remove_object(kPods, pod, 0); !gone) return gone;
    }
    if (wait_for_end(key, kForcedPatience)) return {};
    return base::transient(
        "WorkerNotStopped",
        fmt::format("the pod of revision {} does not end; it is fenced all the same", key.revision));
  }

  base::Status remove(const WorkerKey& key) override {
    if (auto stopped = stop(key, 10s); !stopped) return stopped;
    kubernetes::ListOptions options;
    options.namespace_name = settings_.worker_namespace;
    options.label_selector = std::string(kWorkers) + "," + selector_of(key);
    for (const auto* type : {&kConfigMaps, &kSecrets, &kPersistentVolumeClaims}) {
      auto found = api_->list(*type, options);
      if (!found) return std::move(found).error();
      for (const Value& object : found->items) {
        if (auto gone = remove_object(*type, object); !gone) return gone;
      }
    }
    functions_.forget(key.product_uid);
    std::lock_guard lock(mutex_);
    slots_.erase(key);
    return {};
  }

  std::vector<WorkerKey> list() override {
    std::set<WorkerKey> out;
    for (const auto* informer : {&deployments_, &pods_}) {
      for (const Value& object : informer->list()) {
        if (auto key = key_of(object)) out.insert(*std::move(key));
      }
    }
    return {out.begin(), out.end()};
  }

  base::Result<std::string> read_log(const WorkerKey& key, LogPlace& place, std::size_t limit,
                                     LogOf of) override {
    http::ClientRequest request;
    request.path = "/log";
    request.query = {{"file", std::to_string(place.file)},
                     {"offset", std::to_string(place.offset)},
                     {"limit", std::to_string(limit)},
                     {"of", of == LogOf::kFunction ? "function" : "worker"}};
    auto answer = call(key, request);
    if (!answer) return std::move(answer).error();
    place.file = std::strtoull(std::string(answer->headers.get("log-file")).c_str(), nullptr, 10);
    place.offset = std::strtoull(std::string(answer->headers.get("log-offset")).c_str(), nullptr, 10);
    return std::move(answer->body);
  }

  base::Result<delivery::LedgerDesk::Answer> ask_ledger(
      const WorkerKey& key, const delivery::LedgerDesk::Request& request) override {
    http::ClientRequest post;
    post.method = "POST";
    post.path = "/ledger";
    post.body = worker::request_text(request);
    auto answer = call(key, post);
    if (!answer) return std::move(answer).error();
    return worker::parse_ledger_answer(answer->body);
  }

  // Workers go on without the operator.
  void drain_all(std::chrono::milliseconds) override {}

 private:
  struct Slot {
    Slot(kubernetes::Client& api, const WorkerKey& key) : line(api, key) {}
    std::mutex work;    // one ensure or stop at a time
    std::string asked;  // what ensure() was last asked for and has done; empty: not known
    std::map<std::string, std::string> files;  // of the Secret, as it was applied
    std::int64_t generation = 0;               // of the Deployment, when it was last as it is to be
    std::atomic<bool> waits_long = false;      // its pod does not come up: something of it may be gone
    std::chrono::steady_clock::time_point healed;
    WorkerLine line;
  };

  void hear(const kubernetes::WatchEvent& event) {
    const auto key = key_of(event.object);
    if (!key) return;
    std::lock_guard lock(listener_mutex_);
    if (listener_) listener_(key->product_uid);
  }

  std::shared_ptr<Slot> slot_of(const WorkerKey& key) {
    std::lock_guard lock(mutex_);
    auto& slot = slots_[key];
    if (!slot) slot = std::make_shared<Slot>(*api_, key);
    return slot;
  }

  static std::optional<Value> find(const kubernetes::Informer& informer, const WorkerKey& key) {
    auto found = informer.list_of(index_of(key));
    if (found.empty()) return std::nullopt;
    return std::move(found.front());
  }

  std::vector<Value> pods_of(const WorkerKey& key) const { return pods_.list_of(index_of(key)); }

  // ReplicaFailure: a quota, or what the namespace admits.
  static std::string refusal_of(const Value& deployment) {
    const Value& conditions = deployment.at({"status", "conditions"});
    if (!conditions.is_array()) return "";
    for (const Value& condition : conditions.as_array()) {
      if (condition.string_or("type") == "ReplicaFailure" && condition.string_or("status") == "True") {
        return condition.string_or("message");
      }
    }
    return "";
  }

  // The order's files, those of folders that are kept as they are there, and the worker's token.
  base::Result<std::map<std::string, std::string>> files_for(Slot& slot, const WorkerOrder& order,
                                                             const std::string& name) {
    if (slot.files.empty()) {
      auto there = api_->get(kSecrets, settings_.worker_namespace, name);
      if (there) slot.files = secret_files(*there);
      if (!there && there.error().code != "NotFound") return std::move(there).error();
    }
    std::map<std::string, std::string> out = order.secrets;
    for (const auto& [path, content] : slot.files) {
      const std::string folder = path.substr(0, path.find('/'));
      if (order.kept_folders.contains(folder) || path == kTokenFile) out.emplace(path, content);
    }
    out.emplace(std::string(kTokenFile), base::random_password());
    return out;
  }

  base::Result<Value> apply(const kubernetes::ResourceType& type, const Value& object) {
    kubernetes::ApplyOptions options;
    options.field_manager = std::string(kManager);
    options.force = true;
    auto applied = api_->apply(type, object, options);
    if (!applied) return std::move(applied).error();
    if (&type == &kDeployments) deployments_.put(applied->object);
    return std::move(applied->object);
  }

  // They are named by what is in them, so one that is there is good, whoever compressed it.
  base::Status make_parts(const std::vector<Value>& parts) {
    for (const Value& part : parts) {
      auto made = api_->create(kConfigMaps, part);
      if (!made && made.error().code != "AlreadyExists") return std::move(made).error();
    }
    return {};
  }

  // Notes the Deployment's generation.
  base::Status apply_all(Slot& slot, const WorkerOrder& order,
                         const std::map<std::string, std::string>& files, const Value& deployment) {
    const auto parts = job_config_maps(settings_, order.job);
    if (auto made = make_parts(parts); !made) return made;
    auto secret = apply(kSecrets, worker_secret(settings_, order.job, files));
    if (!secret) return std::move(secret).error();
    if (auto claimed = claim_volume(order.job); !claimed) return std::move(claimed).error();
    auto applied = apply(kDeployments, deployment);
    if (!applied) return std::move(applied).error();
    slot.generation = generation_of(*applied);
    if (auto removed = remove_other_parts(order, parts); !removed) {
      base::log_warn("an earlier job stays until its revision goes", {{"error", removed.error().text()}});
    }
    return {};
  }

  // What a pod needs beside its Deployment, which somebody may have deleted. Restarts nothing.
  base::Status heal(Slot& slot, const WorkerOrder& order) {
    const auto now = std::chrono::steady_clock::now();
    if (now - slot.healed < kHealAgain) return {};
    slot.healed = now;
    if (auto made = make_parts(job_config_maps(settings_, order.job)); !made) return made;
    auto secret = apply(kSecrets, worker_secret(settings_, order.job, slot.files));
    if (!secret) return std::move(secret).error();
    return claim_volume(order.job);
  }

  // One that is there stays as it was claimed: a size or class that was set since is for workers to come.
  base::Status claim_volume(const worker::Job& job) {
    const auto claim = state_claim(settings_, job);
    if (!claim) return {};
    auto there = api_->get(kPersistentVolumeClaims, settings_.worker_namespace, worker_name(job));
    if (there || there.error().code != "NotFound") return there ? base::Status() : there.error();
    if (auto applied = apply(kPersistentVolumeClaims, *claim); !applied) return std::move(applied).error();
    return {};
  }

  // Jobs that no Deployment names any more. A pod that still drains has its own copy.
  base::Status remove_other_parts(const WorkerOrder& order, const std::vector<Value>& parts) {
    kubernetes::ListOptions options;
    options.namespace_name = settings_.worker_namespace;
    options.label_selector =
        std::string(kWorkers) + "," + selector_of({order.job.product_uid, order.job.revision});
    auto found = api_->list(kConfigMaps, options);
    if (!found) return std::move(found).error();
    for (const Value& object : found->items) {
      const bool named = std::any_of(parts.begin(), parts.end(), [&](const Value& part) {
        return part["metadata"].string_or("name") == object["metadata"].string_or("name");
      });
      if (named) continue;
      if (auto gone = remove_object(kConfigMaps, object); !gone) return gone;
    }
    return {};
  }

  base::Status remove_object(const kubernetes::ResourceType& type, const Value& object,
                             std::optional<int> grace_seconds = {}) {
    kubernetes::DeleteOptions options;
    options.uid = object["metadata"].string_or("uid");
    options.grace_seconds = grace_seconds;
    auto gone = api_->remove(type, settings_.worker_namespace, object["metadata"].string_or("name"), options);
    if (gone || gone.error().code == "NotFound" || gone.error().code == "Conflict") return {};
    return std::move(gone).error();
  }

  bool wait_for_end(const WorkerKey& key, std::chrono::milliseconds patience) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    std::mutex mutex;
    std::condition_variable changed;
    std::atomic<std::uint64_t> changes = 0;
    const int listener = pods_.add([&](const kubernetes::WatchEvent& event) {
      if (key_of(event.object) != key) return;
      std::lock_guard lock(mutex);
      ++changes;
      changed.notify_all();
    });
    bool gone = false;
    std::unique_lock lock(mutex);
    while (!(gone = pods_of(key).empty()) && std::chrono::steady_clock::now() < deadline) {
      const std::uint64_t seen = changes;
      changed.wait_until(lock, deadline, [&] { return changes != seen; });
    }
    lock.unlock();
    pods_.remove(listener);
    return gone;
  }

  base::Result<http::ClientResponse> call(const WorkerKey& key, const http::ClientRequest& request) {
    const auto deployment = find(deployments_, key);
    const auto pod = present_pod(pods_of(key));
    if (!deployment || !pod || !pod->running) return not_running(key.revision);
    return slot_of(key)->line.call(*pod, settings_.worker_namespace,
                                   (*deployment)["metadata"].string_or("name"), request);
  }

  std::shared_ptr<kubernetes::Client> api_;
  const PodSettings settings_;
  Functions functions_{*api_};
  std::mutex mutex_;  // guards what follows, not what is in a slot
  std::map<WorkerKey, std::shared_ptr<Slot>> slots_;
  std::mutex listener_mutex_;  // held while it is called: who takes it away knows that it is called no more
  std::function<void(const std::string&)> listener_;
  kubernetes::Informer deployments_, pods_;  // last: their threads use the above
};

}  // namespace

std::shared_ptr<KubernetesRunner> make_kubernetes_runner(std::shared_ptr<kubernetes::Client> api,
                                                         PodSettings settings) {
  return std::make_shared<Pods>(std::move(api), std::move(settings));
}

}  // namespace offtake::runners
