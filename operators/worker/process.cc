#include "operators/worker/process.h"

#include <unistd.h>

#include "base/files/files.h"
#include "base/log.h"
#include "base/process/signals.h"
#include "operators/worker/environment.h"
#include "operators/worker/job_parts.h"
#include "operators/worker/server.h"

namespace offtake::worker {
namespace {

using namespace std::chrono_literals;

// The worker's status as its server and its last words show it.
class Board {
 public:
  Board(const Job& job, std::int64_t incarnation) {
    status_.product_uid = job.product_uid;
    status_.product_namespace = job.product_namespace;
    status_.product = job.product;
    status_.revision = job.revision;
    status_.incarnation = incarnation;
    status_.job_hash = job_hash(job);
    status_.pid = getpid();
    status_.started = base::system_clock().now();
  }
  delivery::Progress& progress() { return progress_; }
  void end(const Outcome& outcome) {
    std::lock_guard lock(mutex_);
    status_.exit = outcome.exit;
    status_.exit_reason = outcome.reason;
    status_.exit_message = outcome.message;
  }
  WorkerStatus read() const {
    WorkerStatus status;
    {
      std::lock_guard lock(mutex_);
      status = status_;
    }
    status.progress = progress_.read();
    status.written = base::system_clock().now();
    if (status.exit != Exit::kRunning) status.progress.state = delivery::State::kEnded;
    return status;
  }

 private:
  mutable std::mutex mutex_;  // guards status_, once it is served
  WorkerStatus status_;
  delivery::Progress progress_;
};

int leave(const std::string& state_directory, const WorkerStatus& status) {
  auto written =
      files::write_file_atomic(files::Path(state_directory) / "status.json", status_text(status), 0600);
  if (!written) base::log_error("cannot write status.json", {{"error", written.error().text()}});
  return static_cast<int>(status.exit);
}

int refuse(const base::Error& error, Exit exit) {
  base::log_error("worker not started", {{"error", error.text()}});
  return static_cast<int>(exit);
}

}  // namespace

int run_process(const ProcessArguments& arguments) {
  auto signal = process::StopSignal::install();
  if (!signal) return refuse(signal.error(), Exit::kTerminal);
  auto text = read_job(arguments.job_file);
  if (!text) return refuse(text.error(), Exit::kNotUnderstood);
  auto job = parse_job(*text);
  if (!job) return refuse(job.error(), Exit::kNotUnderstood);
  base::LogScope scope({{"component", "worker"},
                        {"namespace", job->product_namespace},
                        {"product", job->product},
                        {"revision", std::to_string(job->revision)}});

  Board board(*job, arguments.incarnation);
  std::stop_source stop;
  ServerHooks hooks;
  hooks.status = [&] { return board.read(); };
  hooks.drain = [&] { stop.request_stop(); };
  hooks.ledger = std::make_shared<delivery::LedgerDesk>();
  const auto desk = hooks.ledger;
  hooks.state_directory = arguments.state_directory;
  if (!arguments.token_file.empty()) {
    auto token = files::read_file(arguments.token_file, 4096);
    if (!token) return refuse(token.error(), Exit::kTerminal);
    hooks.token = *std::move(token);
  }
  auto server = serve_status(arguments.status_address, std::move(hooks));
  if (!server) return refuse(server.error(), Exit::kTerminal);

  Outcome outcome;
  std::atomic<bool> ended = false;
  std::jthread runner([&, outer = base::LogScope::current()] {
    const base::LogScope inherited(outer);
    try {
      Environment environment =
          process_environment(arguments.secrets_directory, arguments.state_directory, arguments.incarnation);
      environment.desk = desk;
      outcome = run(*job, environment, board.progress(), stop.get_token());
    } catch (const std::exception& bug) {
      const base::Error error = base::internal(bug.what());
      outcome = {Exit::kTerminal, error.code, error.text()};
    }
    ended = true;
    ended.notify_all();
  });
  // Signals are looked for until the run has ended by itself or by one of them.
  while (!ended) {
    if (signal->wait(200ms) != 0) stop.request_stop();
  }
  runner.join();
  board.end(outcome);
  if (arguments.stay && outcome.exit != Exit::kDrained) {
    base::log_error("the worker ended for good", {{"reason", outcome.reason}, {"error", outcome.message}});
    while (signal->wait(1h) == 0) {
    }
  }
  (*server)->stop();
  return leave(arguments.state_directory, board.read());
}

}  // namespace offtake::worker
