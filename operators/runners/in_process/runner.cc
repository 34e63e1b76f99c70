#include "operators/runners/in_process/runner.h"

#include <unistd.h>

#include "base/log.h"
#include "operators/runners/files_of_worker.h"
#include "operators/runners/in_process/log_file.h"
#include "operators/worker/environment.h"

namespace offtake::runners {
namespace {

using namespace std::chrono_literals;
using worker::Exit;

// One worker thread and what it says of itself.
class Thread {
 public:
  Thread(worker::Job job, std::int64_t incarnation, const InProcessSettings& settings)
      : job_(std::move(job)),
        hash_(worker::job_hash(job_)),
        incarnation_(incarnation),
        directory_(worker_directory(settings.run_directory, {job_.product_uid, job_.revision})),
        log_(directory_ / "worker.log"),
        started_(base::system_clock().now()) {
    environment_ =
        worker::process_environment((directory_ / "secrets").string(), directory_.string(), incarnation);
    use_embedded(settings);
    thread_ = std::jthread([this](std::stop_token stop) { run(stop); });
  }

  void drain() { thread_.request_stop(); }
  bool wait_ended(std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [&] { return ended_; });
  }
  bool ended() const {
    std::lock_guard lock(mutex_);
    return ended_;
  }
  const std::string& hash() const { return hash_; }
  std::int64_t incarnation() const { return incarnation_; }

  worker::WorkerStatus status() const {
    worker::WorkerStatus status;
    status.product_uid = job_.product_uid;
    status.product_namespace = job_.product_namespace;
    status.product = job_.product;
    status.revision = job_.revision;
    status.incarnation = incarnation_;
    status.job_hash = hash_;
    status.pid = getpid();
    status.started = started_;
    status.written = base::system_clock().now();
    status.progress = progress_.read();
    std::lock_guard lock(mutex_);
    if (ended_) {
      status.exit = outcome_.exit;
      status.exit_reason = outcome_.reason;
      status.exit_message = outcome_.message;
      status.written = ended_at_;
      status.progress.state = delivery::State::kEnded;
    }
    return status;
  }

 private:
  void use_embedded(const InProcessSettings& settings) {
    const auto open_other = environment_.open_store;
    environment_.open_store =
        [open_other, log = settings.embedded_log](
            const worker::StoreSpec& spec) -> base::Result<std::shared_ptr<sources::EventStore>> {
      if (spec.kind == worker::StoreSpec::Kind::kEmbedded && log) return log;
      return open_other(spec);
    };
    const auto fetch_other = environment_.fetch_schema;
    environment_.fetch_schema = [fetch_other, embedded = settings.embedded_schema](
                                    const worker::StoreSpec& spec, int id) {
      if (spec.kind == worker::StoreSpec::Kind::kEmbedded && embedded) return embedded(id);
      return fetch_other(spec, id);
    };
  }

  void run(std::stop_token stop) {
    base::LogScope scope({{"component", "worker"},
                          {"namespace", job_.product_namespace},
                          {"product", job_.product},
                          {"revision", std::to_string(job_.revision)}},
                         &LogFile::sink, &log_);
    worker::Outcome outcome;
    try {
      outcome = worker::run(job_, environment_, progress_, stop);
    } catch (const std::exception& bug) {
      const base::Error error = base::internal(bug.what());
      outcome = {Exit::kTerminal, error.code, error.text()};
    }
    std::lock_guard lock(mutex_);
    outcome_ = std::move(outcome);
    ended_ = true;
    ended_at_ = base::system_clock().now();
    changed_.notify_all();
  }

  const worker::Job job_;
  const std::string hash_;
  const std::int64_t incarnation_;
  const files::Path directory_;
  LogFile log_;
  const base::Micros started_;
  worker::Environment environment_;
  delivery::Progress progress_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool ended_ = false;
  base::Micros ended_at_ = 0;
  worker::Outcome outcome_;
  std::jthread thread_;  // last: it uses everything above
};

class InProcessRunner : public Runner {
 public:
  explicit InProcessRunner(InProcessSettings settings) : settings_(std::move(settings)) {}
  ~InProcessRunner() override { drain_all(10s); }

  base::Status ensure(const WorkerOrder& order) override {
    const WorkerKey key{order.job.product_uid, order.job.revision};
    std::lock_guard lock(mutex_);
    auto& slot = slots_[key];
    const std::string hash = worker::job_hash(order.job);
    if (slot.thread && slot.thread->hash() == hash) {
      // Ended for good: it stays so. A drained one was stopped by stop().
      if (slot.thread->ended() && slot.thread->status().exit != Exit::kDrained) return {};
      auto follows = slot.thread->ended() ? base::Result<bool>(false) : follow(slot, order);
      if (!follows) return std::move(follows).error();
      if (*follows) return {};
    }
    if (slot.thread) {
      slot.thread->drain();
      slot.thread->wait_ended(10s);
      slot.last_incarnation = slot.thread->incarnation();
      slot.thread.reset();
      ++slot.restarts;
    }
    auto directory = write_worker_files(settings_.run_directory, order);
    if (!directory) return std::move(directory).error();
    const std::int64_t incarnation = 1 + std::max(order.control_incarnation, slot.last_incarnation);
    slot.thread = std::make_unique<Thread>(order.job, incarnation, settings_);
    slot.last_incarnation = incarnation;
    slot.secrets = digest_of_secrets(order);
    return {};
  }

  base::Result<Observation> observe(const WorkerKey& key) override {
    std::lock_guard lock(mutex_);
    Observation out;
    const auto found = slots_.find(key);
    if (found == slots_.end() || !found->second.thread) return out;
    const Thread& thread = *found->second.thread;
    out.status = thread.status();
    out.running = out.status->exit == Exit::kRunning;
    out.pid = getpid();
    out.incarnation = thread.incarnation();
    out.restarts = found->second.restarts;
    out.job_hash = thread.hash();
    return out;
  }

  base::Status stop(const WorkerKey& key, std::chrono::milliseconds patience) override {
    std::lock_guard lock(mutex_);
    const auto found = slots_.find(key);
    if (found == slots_.end() || !found->second.thread) return {};
    found->second.thread->drain();
    if (!found->second.thread->wait_ended(patience)) {
      return base::transient(
          "WorkerDraining",
          fmt::format("the worker of revision {} is still at its last epoch", key.revision));
    }
    found->second.last_incarnation = found->second.thread->incarnation();
    found->second.thread.reset();
    return {};
  }

  base::Status remove(const WorkerKey& key) override {
    if (auto stopped = stop(key, 10s); !stopped) return stopped;
    std::lock_guard lock(mutex_);
    if (slots_.erase(key) == 0) return {};
    return files::remove_tree(worker_directory(settings_.run_directory, key));
  }

  std::vector<WorkerKey> list() override {
    std::lock_guard lock(mutex_);
    std::vector<WorkerKey> out;
    for (const auto& [key, slot] : slots_) out.push_back(key);
    return out;
  }

  base::Result<std::string> read_log(const WorkerKey& key, std::uint64_t from, std::size_t limit) override {
    return read_worker_log(settings_.run_directory, key, from, limit);
  }

  void drain_all(std::chrono::milliseconds patience) override {
    std::lock_guard lock(mutex_);
    for (auto& [key, slot] : slots_) {
      if (slot.thread) slot.thread->drain();
    }
    const auto deadline = std::chrono::steady_clock::now() + patience;
    for (auto& [key, slot] : slots_) {
      if (!slot.thread) continue;
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
      slot.thread->wait_ended(std::max(left, std::chrono::milliseconds(0)));
    }
  }

 private:
  struct Slot {
    std::unique_ptr<Thread> thread;
    std::int64_t last_incarnation = 0;
    int restarts = 0;
    std::string secrets;  // digest of those that the thread goes by
  };

  // Whether the running thread does what the order says beside its job. What it reads at each use is renewed
  // under it.
  base::Result<bool> follow(Slot& slot, const WorkerOrder& order) {
    const std::string digest = digest_of_secrets(order);
    if (slot.secrets == digest) return true;
    auto restart = secrets_want_restart(settings_.run_directory, order);
    if (!restart || *restart) return restart ? base::Result<bool>(false) : std::move(restart).error();
    if (auto written = write_worker_files(settings_.run_directory, order); !written)
      return std::move(written).error();
    slot.secrets = digest;
    return true;
  }

  InProcessSettings settings_;
  std::mutex mutex_;
  std::map<WorkerKey, Slot> slots_;
};

}  // namespace

std::shared_ptr<Runner> make_in_process_runner(InProcessSettings settings) {
  return std::make_shared<InProcessRunner>(std::move(settings));
}

}  // namespace offtake::runners
