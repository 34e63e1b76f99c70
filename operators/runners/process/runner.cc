#include "operators/runners/process/runner.h"

#include <csignal>

#include "base/log.h"
#include "base/process/process.h"
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
      slots_[key].process = std::move(adopted);
    }
  }

  base::Status ensure(const WorkerOrder& order) override {
    const WorkerKey key{order.job.product_uid, order.job.revision};
    std::lock_guard lock(mutex_);
    Slot& slot = slots_[key];
    const std::string hash = worker::job_hash(order.job);
    if (slot.process && slot.process->running()) {
      auto follows = follow(slot, order, hash);
      if (!follows) return std::move(follows).error();
      if (*follows) return {};
      if (auto stopped = slot.process->stop(10s); !stopped) return stopped;
      slot.failures = 0;
    } else if (slot.process) {
      const bool same_job = slot.process->job_hash() == hash;
      if (same_job && slot.process->ended_for_good()) return {};
      if (!slot.counted) {
        slot.counted = true;
        ++slot.restarts;
        ++slot.failures;
        slot.next_start = std::chrono::steady_clock::now() + pause(slot.failures);
      }
      if (std::chrono::steady_clock::now() < slot.next_start) return {};
    }
    return start(key, slot, order);
  }

  base::Result<Observation> observe(const WorkerKey& key) override {
    std::lock_guard lock(mutex_);
    Observation out;
    const auto found = slots_.find(key);
    if (found == slots_.end() || !found->second.process) return out;
    Slot& slot = found->second;
    out.running = slot.process->running();
    out.pid = slot.process->identity().pid;
    out.incarnation = slot.process->incarnation();
    out.restarts = slot.restarts;
    out.job_hash = slot.process->job_hash();
    if (out.running) {
      out.status = slot.process->ask();
      // Such a one starts afresh when it fails next.
      const bool lasting = std::chrono::steady_clock::now() - slot.started >= kLasting;
      if (lasting || (out.status && out.status->progress.epochs_committed > 0)) slot.failures = 0;
    } else {
      out.status = slot.process->last_words();
    }
    out.failures = slot.failures;
    return out;
  }

  base::Status stop(const WorkerKey& key, std::chrono::milliseconds patience) override {
    std::lock_guard lock(mutex_);
    const auto found = slots_.find(key);
    if (found == slots_.end() || !found->second.process) return {};
    if (auto stopped = found->second.process->stop(patience); !stopped) return stopped;
    found->second.process.reset();
    found->second.failures = 0;
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
      if (slot.process) process::send_signal(slot.process->identity(), SIGTERM);
    }
    const auto deadline = std::chrono::steady_clock::now() + patience;
    for (auto& [key, slot] : slots_) {
      if (!slot.process) continue;
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
      process::wait_gone(slot.process->identity(), std::max(left, 0ms));
    }
  }

 private:
  struct Slot {
    std::unique_ptr<WorkerProcess> process;
    int restarts = 0;
    int failures = 0;      // in a row: what the pause before the next start grows with
    bool counted = false;  // the present end was counted
    std::chrono::steady_clock::time_point started{}, next_start{};
    std::string secrets;  // digest of those that the process goes by; empty: not compared yet
  };

  // Whether the running process does what the order says. What it reads at each use is renewed under it.
  base::Result<bool> follow(Slot& slot, const WorkerOrder& order, const std::string& hash) {
    if (slot.process->job_hash() != hash) return false;
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
    return std::min<std::chrono::milliseconds>(250ms * (1 << std::min(failures, 8)), 30s);
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
  std::mutex mutex_;
  std::map<WorkerKey, Slot> slots_;
};

}  // namespace

std::shared_ptr<Runner> make_process_runner(ProcessSettings settings) {
  return std::make_shared<ProcessRunner>(std::move(settings));
}

}  // namespace offtake::runners
