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
    environment_.desk = desk_;
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

  const std::shared_ptr<delivery::LedgerDesk>& desk() const { return desk_; }

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
  const std::shared_ptr<delivery::LedgerDesk> desk_ = std::make_shared<delivery::LedgerDesk>();
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
    const auto slot = slot_of(key);
    std::lock_guard working(slot->work);
    const std::string hash = worker::job_hash(order.job);
    if (const auto thread = slot->present_thread()) {
      if (thread->hash() == hash) {
        // Ended for good: it stays so. A drained one was stopped by stop().
        if (thread->ended() && thread->status().exit != Exit::kDrained) return {};
        auto follows = thread->ended() ? base::Result<bool>(false) : follow(*slot, order);
        if (!follows) return std::move(follows).error();
        if (*follows) return {};
      }
      thread->drain();
      thread->wait_ended(10s);
      slot->let_go();
      std::lock_guard lock(slot->mutex);
      ++slot->restarts;
    }
    auto directory = write_worker_files(settings_.run_directory, order);
    if (!directory) return std::move(directory).error();
    slot->secrets = digest_of_secrets(order);
    std::lock_guard lock(slot->mutex);
    if (draining_) return draining();
    slot->last_incarnation = 1 + std::max(order.control_incarnation, slot->last_incarnation);
    slot->thread = std::make_shared<Thread>(order.job, slot->last_incarnation, settings_);
    return {};
  }

  base::Result<Observation> observe(const WorkerKey& key) override {
    Observation out;
    const auto slot = find(key);
    if (!slot) return out;
    const auto thread = slot->present_thread();
    if (!thread) return out;
    out.status = thread->status();
    out.running = out.status->exit == Exit::kRunning;
    out.pid = getpid();
    out.incarnation = thread->incarnation();
    out.job_hash = thread->hash();
    std::lock_guard lock(slot->mutex);
    out.restarts = slot->restarts;
    return out;
  }

  base::Status stop(const WorkerKey& key, std::chrono::milliseconds patience) override {
    const auto slot = find(key);
    if (!slot) return {};
    std::lock_guard working(slot->work);
    const auto thread = slot->present_thread();
    if (!thread) return {};
    thread->drain();
    if (!thread->wait_ended(patience)) {
      return base::transient(
          "WorkerDraining",
          fmt::format("the worker of revision {} is still at its last epoch", key.revision));
    }
    slot->let_go();
    return {};
  }

  base::Status remove(const WorkerKey& key) override {
    if (auto stopped = stop(key, 10s); !stopped) return stopped;
    {
      std::lock_guard lock(mutex_);
      if (slots_.erase(key) == 0) return {};
    }
    return files::remove_tree(worker_directory(settings_.run_directory, key));
  }

  std::vector<WorkerKey> list() override {
    std::lock_guard lock(mutex_);
    std::vector<WorkerKey> out;
    for (const auto& [key, slot] : slots_) out.push_back(key);
    return out;
  }

  base::Result<std::string> read_log(const WorkerKey& key, LogPlace& place, std::size_t limit,
                                     LogOf of) override {
    return read_worker_log(settings_.run_directory, key, place, limit, of);
  }

  base::Result<delivery::LedgerDesk::Answer> ask_ledger(
      const WorkerKey& key, const delivery::LedgerDesk::Request& request) override {
    const auto slot = find(key);
    const auto thread = slot ? slot->present_thread() : nullptr;
    if (!thread || thread->ended()) return not_running(key.revision);
    const auto desk = thread->desk();
    return desk->ask(request, 25s);
  }

  void drain_all(std::chrono::milliseconds patience) override {
    draining_ = true;
    std::vector<std::shared_ptr<Thread>> threads;
    {
      std::lock_guard lock(mutex_);
      for (const auto& [key, slot] : slots_) {
        if (auto thread = slot->present_thread()) threads.push_back(std::move(thread));
      }
    }
    for (const auto& thread : threads) thread->drain();
    const auto deadline = std::chrono::steady_clock::now() + patience;
    for (const auto& thread : threads) {
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
      thread->wait_ended(std::max(left, std::chrono::milliseconds(0)));
    }
  }

 private:
  // Waiting for one worker must not keep anybody from the others, nor from looking at this one.
  struct Slot {
    std::mutex work;      // one ensure or stop at a time: held while a worker drains
    std::string secrets;  // digest of those that the thread goes by; guarded by work
    std::mutex mutex;     // guards what follows; never held while waiting
    std::shared_ptr<Thread> thread;
    std::int64_t last_incarnation = 0;
    int restarts = 0;

    std::shared_ptr<Thread> present_thread() {
      std::lock_guard lock(mutex);
      return thread;
    }
    // Lets the thread go; it is joined here, or by who looks at it just now.
    void let_go() {
      std::shared_ptr<Thread> gone;
      std::lock_guard lock(mutex);
      gone.swap(thread);
    }
  };

  std::shared_ptr<Slot> find(const WorkerKey& key) {
    std::lock_guard lock(mutex_);
    const auto found = slots_.find(key);
    return found == slots_.end() ? nullptr : found->second;
  }
  std::shared_ptr<Slot> slot_of(const WorkerKey& key) {
    std::lock_guard lock(mutex_);
    auto& slot = slots_[key];
    if (!slot) slot = std::make_shared<Slot>();
    return slot;
  }

  // Whether the running thread does what the order says beside its job. What it reads at each use is renewed
  // under it. REQUIRES: slot.work.
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
  std::mutex mutex_;  // guards the map, not what is in it
  // Set before the slots are looked at, and read under a slot's mutex by who starts something in it: either
  // that is seen by drain_all, or this by the one who starts.
  std::atomic<bool> draining_ = false;
  std::map<WorkerKey, std::shared_ptr<Slot>> slots_;
};

}  // namespace

std::shared_ptr<Runner> make_in_process_runner(InProcessSettings settings) {
  return std::make_shared<InProcessRunner>(std::move(settings));
}

}  // namespace offtake::runners
