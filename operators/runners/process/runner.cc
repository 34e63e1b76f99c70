#include "operators/runners/process/runner.h"

#include <csignal>

#include "base/id.h"
#include "base/log.h"
#include "base/process/process.h"
#include "base/retry.h"
#include "operators/runners/files_of_worker.h"
#include "operators/runners/process/worker_process.h"

namespace offtake::runners {
namespace {

using namespace std::chrono_literals;
using worker::Exit;

constexpr auto kLasting = 60s;  // a worker that is up for so long does not fail

class ProcessRunner : public Runner {
 public:
  explicit ProcessRunner(ProcessSettings settings) : settings_(std::move(settings)) {
    for (const WorkerKey& key : listed_workers(settings_.run_directory)) {
      const auto directory = worker_directory(settings_.run_directory, key);
      auto adopted = WorkerProcess::adopt(directory);
      if (!adopted) continue;
      base::log_info("adopted a worker", {{"pid", std::to_string(adopted->identity().pid)},
                                          {"product_uid", key.product_uid},
                                          {"revision", std::to_string(key.revision)}});
      slot_of(key)->process = std::move(adopted);
    }
  }

  base::Status ensure(const WorkerOrder& order) override {
    const WorkerKey key{order.job.product_uid, order.job.revision};
    const auto slot = slot_of(key);
    std::lock_guard working(slot->work);
    const std::string hash = worker::job_hash(order.job);
    const bool up = [&] {
      std::lock_guard lock(slot->mutex);
      return slot->process && slot->process->running();
    }();
    if (up) {
      auto follows = follow(*slot, order, hash);
      if (!follows) return std::move(follows).error();
      if (*follows) return {};
    }
    {
      std::lock_guard lock(slot->mutex);
      const bool running = slot->process && slot->process->running();
      const bool same_job = slot->process && slot->process->job_hash() == hash;
      if (slot->process && !running) {
        if (same_job && slot->process->ended_for_good()) return {};
        if (!slot->counted) {
          slot->counted = true;
          ++slot->restarts;
          ++slot->failures;
          slot->next_start = std::chrono::steady_clock::now() + pause(slot->failures);
        }
        if (std::chrono::steady_clock::now() < slot->next_start) return {};
      }
      if (running) slot->failures = 0;
    }
    if (auto ended = end(*slot, 10s); !ended) return ended;
    std::lock_guard lock(slot->mutex);
    if (draining_) return draining();
    return start(key, *slot, order);
  }

  base::Result<Observation> observe(const WorkerKey& key) override {
    Observation out;
    const auto slot = find(key);
    if (!slot) return out;
    std::lock_guard lock(slot->mutex);
    if (!slot->process) return out;
    out.running = slot->process->running();
    out.pid = slot->process->identity().pid;
    out.incarnation = slot->process->incarnation();
    out.restarts = slot->restarts;
    out.job_hash = slot->process->job_hash();
    if (out.running) {
      out.status = slot->process->ask();
      // Such a one starts afresh when it fails next.
      const bool lasting = std::chrono::steady_clock::now() - slot->started >= kLasting;
      if (lasting || (out.status && out.status->progress.epochs_committed > 0)) slot->failures = 0;
    } else {
      out.status = slot->process->last_words();
    }
    out.failures = slot->failures;
    return out;
  }

  base::Status stop(const WorkerKey& key, std::chrono::milliseconds patience) override {
    const auto slot = find(key);
    if (!slot) return {};
    std::lock_guard working(slot->work);
    if (auto ended = end(*slot, patience); !ended) return ended;
    std::lock_guard lock(slot->mutex);
    slot->process.reset();
    slot->failures = 0;
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
    if (!slot) return not_running(key.revision);
    {
      std::lock_guard lock(slot->mutex);
      if (!slot->process || !slot->process->running()) return not_running(key.revision);
    }
    return ask_worker_ledger(worker_directory(settings_.run_directory, key), key.revision, request);
  }

  void drain_all(std::chrono::milliseconds patience) override {
    draining_ = true;
    std::vector<std::shared_ptr<Slot>> slots;
    {
      std::lock_guard lock(mutex_);
      for (const auto& [key, slot] : slots_) slots.push_back(slot);
    }
    std::vector<process::Identity> ending;
    for (const auto& slot : slots) {
      std::lock_guard lock(slot->mutex);
      if (slot->process) ending.push_back(slot->process->identity());
    }
    for (const auto& identity : ending) process::send_signal(identity, SIGTERM);
    const auto deadline = std::chrono::steady_clock::now() + patience;
    for (const auto& identity : ending) {
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
      process::wait_gone(identity, std::max(left, 0ms));
    }
  }

 private:
  // Waiting for one worker must not keep anybody from the others, nor from looking at this one.
  struct Slot {
    std::mutex work;   // one ensure or stop at a time: held while a worker drains
    std::mutex mutex;  // guards what follows; held for a question to the worker at most
    std::unique_ptr<WorkerProcess> process;
    int restarts = 0;
    int failures = 0;      // in a row: what the pause before the next start grows with
    bool counted = false;  // the present end was counted
    std::chrono::steady_clock::time_point started{}, next_start{};
    // Digest of those that the process goes by; empty: not compared yet. Guarded by work.
    std::string secrets;
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

  // SIGTERM, at most `patience`, then SIGKILL; nothing to do for one that does not run. REQUIRES: slot.work.
  static base::Status end(Slot& slot, std::chrono::milliseconds patience) {
    process::Identity identity;
    {
      std::lock_guard lock(slot.mutex);
      if (!slot.process || !slot.process->running()) return {};
      identity = slot.process->identity();
    }
    if (auto ended = process::terminate(identity, patience); !ended) return ended;
    std::lock_guard lock(slot.mutex);
    slot.process->running();  // collects a child
    return {};
  }

  // Whether the running process does what the order says. What it reads at each use is renewed under it.
  // REQUIRES: slot.work.
  base::Result<bool> follow(Slot& slot, const WorkerOrder& order, const std::string& hash) {
    {
      std::lock_guard lock(slot.mutex);
      if (slot.process->job_hash() != hash) return false;
    }
    const std::string digest = digest_of_secrets(order);
    if (slot.secrets == digest) return true;
    auto restart = secrets_want_restart(settings_.run_directory, order);
    if (!restart) return std::move(restart).error();
    if (*restart) {
      base::log_info("the worker's secrets changed", {{"product", order.job.product}});
      return false;
    }
    if (auto written = write_worker_files(settings_.run_directory, order); !written)
      return std::move(written).error();
    slot.secrets = digest;
    return true;
  }

  static std::chrono::milliseconds pause(int failures) {
    if (failures <= 1) return 0ms;
    return base::backoff_delay({1s, 30s, 2.0}, failures - 1, base::random_u64());
  }

  base::Status start(const WorkerKey& key, Slot& slot, const WorkerOrder& order) {
    auto directory = write_worker_files(settings_.run_directory, order);
    if (!directory) return std::move(directory).error();
    auto started = WorkerProcess::start(settings_.executable, *directory, worker::job_hash(order.job),
                                        order.control_incarnation);
    if (!started) return std::move(started).error();
    slot.process = *std::move(started);
    slot.counted = false;
    slot.started = std::chrono::steady_clock::now();
    slot.secrets = digest_of_secrets(order);
    base::log_info("started a worker", {{"pid", std::to_string(slot.process->identity().pid)},
                                        {"product", order.job.product},
                                        {"revision", std::to_string(key.revision)}});
    return {};
  }

  ProcessSettings settings_;
  std::mutex mutex_;  // guards the map, not what is in it
  // Set before the slots are looked at, and read under a slot's mutex by who starts something in it: either
  // that is seen by drain_all, or this by the one who starts.
  std::atomic<bool> draining_ = false;
  std::map<WorkerKey, std::shared_ptr<Slot>> slots_;
};

}  // namespace

std::shared_ptr<Runner> make_process_runner(ProcessSettings settings) {
  return std::make_shared<ProcessRunner>(std::move(settings));
}

}  // namespace offtake::runners
