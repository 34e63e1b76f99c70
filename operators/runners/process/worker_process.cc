#include "operators/runners/process/worker_process.h"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <csignal>

#include "base/crypto/crypto.h"
#include "base/log.h"
#include "operators/runners/runner.h"
#include "operators/worker/ledger_messages.h"

namespace offtake::runners {
namespace {

using namespace std::chrono_literals;
using worker::Exit;

constexpr auto kAskTimeout = 1s;
constexpr auto kLedgerTimeout = 30s;

// A worker's socket as a client reaches it. A path may have 107 bytes at most; by way of the directory's
// descriptor any will do.
class Socket {
 public:
  Socket(const files::Path& directory, std::chrono::milliseconds timeout)
      : folder_(open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)), timeout_(timeout) {}
  ~Socket() {
    if (folder_ >= 0) close(folder_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  http::ClientOptions options() const {
    http::ClientOptions options;
    options.base_url = "http://worker";
    options.unix_socket = fmt::format("/proc/self/fd/{}/worker.sock", folder_);
    options.connect_timeout = kAskTimeout;
    options.timeout = timeout_;
    return options;
  }

 private:
  const int folder_;
  const std::chrono::milliseconds timeout_;
};

// The last incarnation issued here: numbers only grow, also over restarts of the server.
std::int64_t read_incarnation(const files::Path& directory) {
  auto text = files::read_file(directory / "incarnation");
  std::int64_t number = 0;
  if (text) std::from_chars(text->data(), text->data() + text->size(), number);
  return number;
}

}  // namespace

base::Result<std::unique_ptr<WorkerProcess>> WorkerProcess::start(const files::Path& executable,
                                                                  const files::Path& directory,
                                                                  const std::string& job_hash,
                                                                  std::int64_t control_incarnation) {
  std::unique_ptr<WorkerProcess> self(new WorkerProcess(directory));
  self->job_hash_ = job_hash;
  self->incarnation_ = 1 + std::max(read_incarnation(directory), control_incarnation);
  self->child_ = true;
  auto noted = files::write_file_atomic(directory / "incarnation", std::to_string(self->incarnation_), 0600);
  if (!noted) return std::move(noted).error();
  // What an earlier one left is not this one's.
  if (auto gone = files::remove_file(directory / "status.json"); !gone) return std::move(gone).error();
  process::Command command;
  command.argv = {
      executable.string(), "worker",           "--job",         "job.json",
      "--secrets",         "secrets",          "--state",       ".",
      "--status",          "unix:worker.sock", "--incarnation", std::to_string(self->incarnation_)};
  command.directory = directory;
  command.output_file = command.error_file = directory / "worker.out";
  // A crash point armed for the server is not meant for its workers; theirs has its own name.
  command.unset_env = {"OFFTAKE_CRASH_AT", "OFFTAKE_TOKEN"};
  if (const char* armed = std::getenv("OFFTAKE_WORKER_CRASH_AT"); armed != nullptr) {
    command.env.emplace_back("OFFTAKE_CRASH_AT", armed);
  }
  auto started = process::spawn(command);
  if (!started) return std::move(started).error();
  self->identity_ = *started;
  if (auto written = process::write_pid_file(directory / "pid", *started); !written) {
    // Without its pid file it could not be found again.
    if (auto ended = process::terminate(*started, 0ms); !ended) base::log_error(ended.error().text());
    return std::move(written).error();
  }
  return self;
}

std::unique_ptr<WorkerProcess> WorkerProcess::adopt(const files::Path& directory) {
  auto identity = process::read_pid_file(directory / "pid");
  if (!identity || !process::is_alive(*identity)) return nullptr;
  std::unique_ptr<WorkerProcess> self(new WorkerProcess(directory));
  self->identity_ = *identity;
  self->incarnation_ = read_incarnation(directory);
  if (auto status = self->ask()) {
    self->job_hash_ = status->job_hash;
    self->incarnation_ = status->incarnation;
  } else if (auto job = files::read_file(directory / "job.json")) {
    // It does not answer just now (still starting, or stopped): the file it was started with says what it
    // runs.
    self->job_hash_ = crypto::sha256_hex(*job);
  }
  return self;
}

base::Result<delivery::LedgerDesk::Answer> ask_worker_ledger(const files::Path& directory, int revision,
                                                             const delivery::LedgerDesk::Request& request) {
  const Socket socket(directory, kLedgerTimeout);
  http::ClientRequest post;
  post.method = "POST";
  post.path = "/ledger";
  post.body = worker::request_text(request);
  auto answer = http::Client(socket.options()).send(post);
  if (!answer) return not_running(revision);
  return worker::parse_ledger_answer(answer->body);
}

bool WorkerProcess::running() {
  if (gone_) return false;
  if (child_) {
    auto ended = process::reap(identity_);
    if (ended && !ended->has_value()) return true;
    if (ended) exit_ = **ended;
    gone_ = true;
    return false;
  }
  gone_ = !process::is_alive(identity_);
  return !gone_;
}

std::optional<worker::WorkerStatus> WorkerProcess::ask() {
  const Socket socket(directory_, kAskTimeout);
  auto answer = http::Client(socket.options()).get("/status");
  if (!answer || answer->status != 200) return last_;
  auto status = worker::parse_status(answer->body);
  if (!status) {
    base::log_warn("a worker's status is not understood", {{"error", status.error().text()}});
    return last_;
  }
  // A socket that an earlier process left open elsewhere is not this one's.
  if (status->pid != identity_.pid) return last_;
  last_ = *std::move(status);
  return last_;
}

std::optional<worker::WorkerStatus> WorkerProcess::last_words() {
  if (last_ && last_->exit != Exit::kRunning) return last_;
  if (auto text = files::read_file(directory_ / "status.json")) {
    if (auto status = worker::parse_status(*text); status && status->pid == identity_.pid) {
      last_ = *std::move(status);
      return last_;
    }
  }
  if (exit_ && exit_->signal == 0 && exit_->code == static_cast<int>(Exit::kNotUnderstood)) {
    worker::WorkerStatus status;
    status.pid = identity_.pid;
    status.job_hash = job_hash_;
    status.exit = Exit::kNotUnderstood;
    status.exit_reason = "JobNotUnderstood";
    status.exit_message = "the worker did not understand its job file; worker.log says why";
    last_ = status;
  }
  return last_;
}

bool WorkerProcess::ended_for_good() {
  const auto words = last_words();
  return words && (words->exit == Exit::kFenced || words->exit == Exit::kTerminal ||
                   words->exit == Exit::kNotUnderstood);
}

}  // namespace offtake::runners
