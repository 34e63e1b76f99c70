#include "operators/targets/function/function_process.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/id.h"
#include "base/log.h"
#include "base/process/output_log.h"
#include "base/process/ports.h"
#include "base/process/session.h"
#include "base/retry.h"
#include "operators/targets/function/environment.h"

namespace offtake::targets::function {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using State = FunctionView::State;

constexpr auto kLasting = 60s;     // one that has run for so long does not fail in a row
constexpr auto kMeasure = 250ms;   // memory
constexpr auto kAskAgain = 10ms;   // while it starts
constexpr auto kLookAgain = 50ms;  // while it runs
constexpr auto kSecretPause = 1s;

bool listens(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  // On loopback it is answered at once, either way.
  const bool connected = ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  ::close(fd);
  return connected;
}

std::string in_mib(std::uint64_t bytes) {
  return fmt::format("{} MiB", bytes >> 20);
}

}  // namespace

class FunctionProcess::Impl {
 public:
  explicit Impl(FunctionOptions options) : options_(std::move(options)), mark_(mark_of(options_)) {}
  ~Impl() {
    if (!thread_.joinable()) return;
    thread_.request_stop();
    thread_.join();
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  base::Status begin() {
    if (auto made = files::make_dirs(options_.directory, 0700); !made) return made;
    // What an earlier worker left: its children may have outlived it.
    leader_ = 0;
    if (auto earlier = process::read_pid_file(pid_file()); earlier && process::is_alive(*earlier)) {
      leader_ = earlier->pid;
    }
    if (const auto left = find_all(); !left.empty()) {
      base::log_warn("ended what an earlier worker left of the function",
                     {{"function", options_.name}, {"processes", std::to_string(left.size())}});
      if (auto ended = process::end_all([this] { return find_all(); }, 0ms); !ended) return ended;
    }
    leader_ = 0;
    if (auto gone = files::remove_file(pid_file()); !gone) return gone;
    thread_ = std::jthread([this](std::stop_token stop) { run(stop); });
    return {};
  }

  base::Result<int> enter(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (true) {
      const int failures = failures_seen_;
      ++waiting_;
      changed_.notify_all();
      changed_.wait(lock, stop, [&] {
        return view_.state == State::kReady || view_.state == State::kFailed || failures_seen_ != failures;
      });
      const bool failed = view_.state == State::kFailed || failures_seen_ != failures;
      // A failure has counted off all who waited for it.
      if (failures_seen_ == failures) --waiting_;
      if (view_.state == State::kReady) {
        ++uses_;
        return view_.port;
      }
      if (failed && !view_.last_end.ok()) return view_.last_end.error();
      if (stop.stop_requested()) {
        return base::transient("Cancelled", "the call of the function was cancelled");
      }
    }
  }

  void leave() {
    const std::lock_guard lock(mutex_);
    if (--uses_ == 0) idle_since_ = Clock::now();
  }

  void restart(const std::string& why) {
    const std::lock_guard lock(mutex_);
    if (view_.state != State::kReady) return;
    restart_why_ = why;
    changed_.notify_all();
  }

  FunctionView view() const {
    const std::lock_guard lock(mutex_);
    return view_;
  }

 private:
  void run(const std::stop_token& stop) {
    const base::LogScope scope({{"component", "function"}, {"function", options_.name}});
    while (!stop.stop_requested()) {
      if (process_) {
        watch();
      } else {
        rest(stop);
      }
    }
    if (process_) end(options_.stop_grace);
  }

  // Without a process: waits for a call, or for the end of the pause after a failure.
  void rest(const std::stop_token& stop) {
    {
      std::unique_lock lock(mutex_);
      if (Clock::now() < next_start_) {
        changed_.wait_until(lock, stop, next_start_, [] { return false; });
        return;
      }
      if (view_.state == State::kFailed) view_.state = State::kStopped;
      changed_.wait(lock, stop, [&] { return waiting_ > 0; });
      if (stop.stop_requested() || waiting_ == 0) return;
      view_.state = State::kStarting;
    }
    if (auto started = start(); !started) {
      base::Error error = std::move(started).error();
      const bool later = error.retry == base::Retry::kWaiting;
      fail(std::move(error), later ? std::optional<Clock::duration>(kSecretPause) : std::nullopt);
    }
  }

  base::Status start() {
    if (port_ == 0 || !process::is_port_free(port_)) {
      auto ports = process::free_ports(1);
      if (!ports) return std::move(ports).error();
      port_ = ports->front();
    }
    auto environment = make_environment(options_, port_);
    if (!environment) return std::move(environment).error();
    secrets_ = std::move(environment->secrets);
    process::Command command;
    command.argv = options_.command;
    auto program = find_program(command.argv[0], *environment);
    if (!program) return std::move(program).error();
    command.argv[0] = *std::move(program);
    command.env = std::move(environment->variables);
    command.directory = options_.directory;
    command.output_file = command.error_file = log_file();
    command.dies_with_parent = true;
    log_start_ = process::log_size(log_file());
    auto started = process::spawn_noted(command, std::nullopt, [this](const process::Identity& identity) {
      return process::write_pid_file(pid_file(), identity);
    });
    if (!started) {
      base::Error error = std::move(started).error();
      if (error.code == "NotStarted") error.code = "FunctionNotStarted";
      return error;
    }
    process_ = *started;
    leader_ = started->pid;
    started_ = Clock::now();
    measured_ = {};
    const std::lock_guard lock(mutex_);
    restart_why_.clear();
    view_.pid = started->pid;
    view_.port = port_;
    ++view_.starts;
    base::log_info("started the function",
                   {{"pid", std::to_string(started->pid)}, {"port", std::to_string(port_)}});
    return {};
  }

  void watch() {
    if (!process::is_alive(*process_)) return note_end();
    const auto now = Clock::now();
    if (now - measured_ >= kMeasure) {
      measured_ = now;
      if (auto within = measure(); !within) return kill_for(std::move(within).error());
      if (auto rotated = process::rotate_log(log_file()); !rotated) {
        base::log_warn("the function's log is not rotated", {{"error", rotated.error().text()}});
      } else if (*rotated) {
        log_start_ = 0;
      }
      if (now - started_ > kLasting) failures_ = 0;
    }
    bool starting = false, idle = false;
    std::string why;
    {
      const std::lock_guard lock(mutex_);
      starting = view_.state == State::kStarting;
      idle = !starting && uses_ == 0 && waiting_ == 0 && now - idle_since_ >= options_.idle_timeout;
      // Nobody can come in from here on.
      if (idle) view_.state = State::kStopped;
      why = std::exchange(restart_why_, "");
    }
    if (idle) return end(options_.stop_grace);
    if (!why.empty()) {
      return kill_for(
          base::transient("FunctionHangs", fmt::format("{} is started again: {}", options_.name, why)));
    }
    if (starting && !become_ready(now)) return;
    process::wait_gone(*process_, kLookAgain);
  }

  bool become_ready(Clock::time_point now) {
    if (listens(port_) && process::is_alive(*process_)) {
      const std::lock_guard lock(mutex_);
      view_.state = State::kReady;
      view_.last_end = {};
      idle_since_ = now;
      changed_.notify_all();
      return true;
    }
    if (now - started_ < options_.start_deadline) {
      process::wait_gone(*process_, kAskAgain);
    } else {
      kill_for(base::transient(
                   "FunctionNotListening",
                   fmt::format("{} does not listen on 127.0.0.1:{} ($PORT) after {:.1f} s", options_.name,
                               port_, std::chrono::duration<double>(options_.start_deadline).count()))
                   .with_hint("a function answers HTTP on the port that the variable PORT names"));
    }
    return false;
  }

  base::Status measure() {
    std::uint64_t resident = 0;
    for (const auto& member : process::members_of_session(leader_)) resident += member.resident_bytes;
    {
      const std::lock_guard lock(mutex_);
      view_.resident_bytes = resident;
    }
    if (resident <= options_.memory_bytes) return {};
    return base::transient("FunctionMemory",
                           fmt::format("{} was killed: it held {} of memory, more than its {}", options_.name,
                                       in_mib(resident), in_mib(options_.memory_bytes)))
        .with_hint("give it more by target.function.memory");
  }

  void note_end() {
    std::string how = "ended";
    if (auto exit = process::reap(*process_); exit && exit->has_value()) {
      how = (*exit)->signal != 0 ? fmt::format("was ended by signal {}", (*exit)->signal)
                                 : fmt::format("ended with code {}", (*exit)->code);
    }
    bool starting = false;
    {
      const std::lock_guard lock(mutex_);
      starting = view_.state == State::kStarting;
    }
    kill_for(base::transient("FunctionFailed", fmt::format("{} {}{}", options_.name, how,
                                                           starting ? " before it listened on $PORT" : "")));
  }

  void kill_for(base::Error error) {
    const std::string tail = without(secrets_, process::last_lines(log_file(), log_start_));
    error.message += tail.empty() ? "; it wrote nothing to its log" : "; its last lines: " + tail;
    {
      const std::lock_guard lock(mutex_);
      view_.state = State::kStarting;  // no call comes in while it is ended
    }
    end(0ms);
    fail(std::move(error));
  }

  // All of it: the command and whatever it started.
  void end(std::chrono::milliseconds grace) {
    if (auto ended = process::end_all([this] { return find_all(); }, grace); !ended) {
      base::log_error("the function does not end", {{"error", ended.error().text()}});
    }
    (void)process::reap(*process_);  // not there where it was collected already
    process_.reset();
    leader_ = 0;
    if (auto gone = files::remove_file(pid_file()); !gone) {
      base::log_warn("the function's pid file stays", {{"error", gone.error().text()}});
    }
    const std::lock_guard lock(mutex_);
    view_.pid = 0;
    view_.resident_bytes = 0;
  }

  void fail(base::Error error, std::optional<Clock::duration> pause = std::nullopt) {
    ++failures_;
    if (!pause)
      pause = failures_ > 1 ? base::backoff_delay({1s, 30s, 2.0}, failures_ - 1, base::random_u64()) : 0ms;
    base::log_warn("the function failed", {{"reason", error.code}, {"error", error.message}});
    const std::lock_guard lock(mutex_);
    next_start_ = Clock::now() + *pause;
    view_.state = State::kFailed;
    view_.last_end = std::move(error);
    ++failures_seen_;
    waiting_ = 0;  // they are told; it is started for the next ones
    changed_.notify_all();
  }

  std::vector<process::Identity> find_all() const {
    auto out = process::started_with(kMark, mark_);
    if (leader_ == 0) return out;
    for (const auto& member : process::members_of_session(leader_)) {
      if (std::find(out.begin(), out.end(), member.process) == out.end()) out.push_back(member.process);
    }
    return out;
  }

  files::Path pid_file() const { return options_.directory / "function.pid"; }
  files::Path log_file() const { return options_.directory / "function.log"; }

  const FunctionOptions options_;
  const std::string mark_;

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable_any changed_;
  FunctionView view_;
  int waiting_ = 0, uses_ = 0;
  int failures_seen_ = 0;
  std::string restart_why_;
  Clock::time_point idle_since_{}, next_start_{};

  // The thread's, which also is the parent of the process.
  std::optional<process::Identity> process_;
  pid_t leader_ = 0;
  int port_ = 0;
  int failures_ = 0;  // in a row
  std::vector<std::string> secrets_;
  std::uint64_t log_start_ = 0;
  Clock::time_point started_{}, measured_{};
  std::jthread thread_;
};

FunctionProcess::FunctionProcess(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
FunctionProcess::~FunctionProcess() = default;

base::Result<std::unique_ptr<FunctionProcess>> FunctionProcess::open(FunctionOptions options) {
  if (options.command.empty() || options.command[0].empty()) {
    return base::terminal("NoCommand", fmt::format("the function {} has no command", options.name));
  }
  if (auto good = check_environment(options); !good) return std::move(good).error();
  auto impl = std::make_unique<Impl>(std::move(options));
  if (auto begun = impl->begin(); !begun) return std::move(begun).error();
  return std::unique_ptr<FunctionProcess>(new FunctionProcess(std::move(impl)));
}

base::Result<FunctionProcess::Use> FunctionProcess::use(std::stop_token stop) {
  auto port = impl_->enter(stop);
  if (!port) return std::move(port).error();
  return Use(this, *port);
}

FunctionProcess::Use::~Use() {
  if (of_ != nullptr) of_->impl_->leave();
}

void FunctionProcess::restart(const std::string& why) {
  impl_->restart(why);
}

FunctionView FunctionProcess::view() const {
  return impl_->view();
}

}  // namespace offtake::targets::function
