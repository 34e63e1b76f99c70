#include "operators/provision/servers/supervisor.h"

#include <csignal>

#include "base/crypto/crypto.h"
#include "base/id.h"
#include "base/log.h"
#include "base/process/output_log.h"
#include "base/process/ports.h"
#include "base/retry.h"

namespace offtake::provision::servers {
namespace {

using namespace std::chrono_literals;

constexpr auto kLasting = 60s;      // a server that is up for so long does not fail
constexpr auto kAskAgain = 100ms;   // while it starts
constexpr auto kLookAgain = 250ms;  // while it runs
constexpr auto kLookForCause = 2s;  // what is missing may be there by then
constexpr std::uint64_t kLeastFreeBytes = 64 << 20;

std::string form_of(const ServerOrder& order) {
  std::string out = order.engine;
  for (const auto& [name, value] : order.parameters) out += fmt::format(" {}={}", name, value);
  // A changed password is one that the server has to be told of.
  return out + " password=" + crypto::sha256_hex(order.uid + order.password).substr(0, 16);
}

base::Error disk_full(std::string_view title, const files::Path& directory) {
  return base::transient("DiskFull",
                         fmt::format("{} cannot run: the disk of {} is full", title, directory.string()))
      .with_hint("free some space there; it goes on by itself");
}

}  // namespace

Supervisor::Supervisor(files::Path directory, MakeKind make_kind, ServerOrder order)
    : directory_(std::move(directory)), make_kind_(std::move(make_kind)), wanted_(std::move(order)) {
  view_.usable = base::waiting("ServerStarting", "the server is being started");
}

Supervisor::~Supervisor() = default;

void Supervisor::start_watching() {
  thread_ = std::jthread([this](std::stop_token stop) { run(std::move(stop)); });
}

void Supervisor::follow(const ServerOrder& order) {
  std::lock_guard lock(mutex_);
  if (order.generation < wanted_.generation) return;
  order_is_new_ = order_is_new_ || form_of(order) != form_of(wanted_);
  wanted_ = order;
  if (order_is_new_) changed_.notify_all();
}

ServerOrder Supervisor::wanted() const {
  std::lock_guard lock(mutex_);
  return wanted_;
}

ServerView Supervisor::view() const {
  std::lock_guard lock(mutex_);
  return view_;
}

base::Status Supervisor::stop() {
  std::lock_guard lock(stopping_);
  if (thread_.joinable()) {
    thread_.request_stop();
    thread_.join();
  } else if (auto opened = open(wanted()); !opened) {
    return opened;
  }
  return end_server();
}

void Supervisor::run(std::stop_token stop) {
  const base::LogScope scope({{"component", "servers"}, {"target_class", wanted().name}});
  while (!stop.stop_requested()) wait(step(wanted(), stop), stop);
}

void Supervisor::wait(Pause pause, std::stop_token stop) {
  std::unique_lock lock(mutex_);
  if (pause.count() > 0) changed_.wait_for(lock, stop, pause, [&] { return order_is_new_; });
  order_is_new_ = false;
}

void Supervisor::say(base::Status usable) {
  std::lock_guard lock(mutex_);
  if (!usable && (view_.usable.ok() || view_.usable.error().message != usable.error().message)) {
    const bool waiting = usable.error().retry == base::Retry::kWaiting;
    base::log(waiting ? base::LogLevel::kDebug : base::LogLevel::kWarn, "the server is not ready",
              {{"reason", usable.error().code}, {"error", usable.error().text()}});
  }
  view_.usable = std::move(usable);
  view_.port = site_.port();
  view_.pid = process_ ? process_->pid : 0;
}

Supervisor::Pause Supervisor::step(const ServerOrder& order, std::stop_token stop) {
  if (!kind_ || form_ != form_of(order)) {
    if (auto opened = open(order); !opened) {
      say(std::move(opened));
      return kLookForCause;
    }
  }
  site_.username = order.username;
  site_.password = order.password;
  if (process_ && !process::is_alive(*process_)) note_end();
  if (process_ && running_form_ != form_) {
    base::log_info("the server's parameters changed: it is started again");
    if (auto ended = end_server(); !ended) say(std::move(ended));
  }
  if (process_) return watch(stop);
  if (const auto now = Clock::now(); now < next_start_)
    return std::chrono::ceil<std::chrono::milliseconds>(next_start_ - now);
  if (auto started = start(order, stop); !started) {
    say(std::move(started));
    return kLookForCause;
  }
  return 0ms;
}

Supervisor::Pause Supervisor::watch(std::stop_token) {
  if (!answered_) {
    if (auto asked = kind_->ask(site_); !asked) {
      // Not killed, however long it takes: a database that recovers must be let do so.
      base::Error error = base::waiting(
          "ServerStarting", fmt::format("{} is starting: {}", kind_->title(), asked.error().message));
      say(std::move(error));
      return kAskAgain;
    }
    answered_ = true;
    say({});
    base::log_info("the server answers",
                   {{"pid", std::to_string(process_->pid)}, {"port", std::to_string(site_.port())}});
  }
  if (Clock::now() - started_ > kLasting) failures_ = 0;
  if (auto rotated = process::rotate_log(log_file()); !rotated) {
    base::log_warn("the server's log is not rotated", {{"error", rotated.error().text()}});
  } else if (*rotated) {
    log_start_ = 0;
  }
  process::wait_gone(*process_, kLookAgain);
  return 0ms;
}

void Supervisor::note_end() {
  std::string how = "ended";
  if (auto exit = process::reap(*process_); exit && exit->has_value()) {
    how = (*exit)->signal != 0 ? fmt::format("was ended by signal {}", (*exit)->signal)
                               : fmt::format("ended with code {}", (*exit)->code);
  }
  const std::string tail = process::last_lines(log_file(), log_start_);
  process_.reset();
  ++failures_;
  next_start_ = Clock::now();
  if (failures_ > 1) next_start_ += base::backoff_delay({1s, 30s, 2.0}, failures_ - 1, base::random_u64());
  {
    std::lock_guard lock(mutex_);
    ++view_.restarts;
  }
  const std::string when = answered_ ? "" : " while it was starting";
  answered_ = false;
  if (tail.find("No space left on device") != std::string::npos)
    return say(disk_full(kind_->title(), directory_));
  base::Error error = base::transient(
      "ServerFailed", fmt::format("{} {}{}; the last lines of {}: {}", kind_->title(), how, when,
                                  log_file().string(), tail.empty() ? "(nothing)" : tail));
  error.hint = "it is started again by itself";
  say(std::move(error));
}

base::Status Supervisor::open(const ServerOrder& order) {
  auto kind = make_kind_(order.engine, order.parameters);
  if (!kind) return std::move(kind).error();
  const bool first = !kind_;
  if (first) {
    site_.name = order.name;
    site_.uid = order.uid;
    site_.directory = directory_;
    auto record = read_record(directory_);
    if (!record) return std::move(record).error();
    if (*record && (*record)->uid != order.uid) {
      return base::terminal("DirectoryTaken",
                            fmt::format("{} holds the server of another class of that name, "
                                        "which is no more (uid {})",
                                        directory_.string(), (*record)->uid))
          .with_hint("move the folder away, or remove it if its data is not needed");
    }
    if (*record) {
      site_.ports = (*record)->ports;
      running_form_ = (*record)->form;
    }
  }
  kind_ = *std::move(kind);
  form_ = form_of(order);
  failures_ = 0;
  next_start_ = {};
  if (!first) return {};
  // A user that is not to be had is said when it is started.
  if (auto user = choose_user(*kind_, parameter(order.parameters, "runAs"))) site_.run_as = *std::move(user);
  auto identity = process::read_pid_file(pid_file());
  if (!identity || !process::is_alive(*identity)) return {};
  process_ = *identity;
  started_ = Clock::now();
  log_start_ = process::log_size(log_file());
  base::log_info("adopted a server", {{"pid", std::to_string(identity->pid)}});
  return {};
}

base::Status Supervisor::choose_ports(SiteRecord& record) {
  const auto taken = std::find_if_not(record.ports.begin(), record.ports.end(), process::is_port_free);
  if (record.ports.size() == kind_->ports() && taken == record.ports.end()) return {};
  auto ports = process::free_ports(kind_->ports());
  if (!ports) return std::move(ports).error();
  if (taken != record.ports.end()) {
    base::log_warn("the server moves to another port", {{"taken", std::to_string(*taken)},
                                                        {"by", process::holder_of_port(*taken)},
                                                        {"port", std::to_string(ports->front())}});
  }
  record.ports = *std::move(ports);
  return {};
}

base::Status Supervisor::start(const ServerOrder& order, std::stop_token stop) {
  auto user = choose_user(*kind_, parameter(order.parameters, "runAs"));
  if (!user) return std::move(user).error();
  site_.run_as = *std::move(user);
  if (auto found = kind_->find(site_); !found) return found;
  if (auto opened = open_directory(site_); !opened) return opened;
  auto bytes = files::free_disk_bytes(directory_);
  if (bytes && *bytes < kLeastFreeBytes) return disk_full(kind_->title(), directory_);
  SiteRecord record{order.uid, form_, site_.ports};
  if (auto chosen = choose_ports(record); !chosen) return chosen;
  site_.ports = record.ports;
  if (auto written = write_record(directory_, record); !written) return written;
  // What an earlier process was preparing when it died is ended, and begun again.
  if (auto earlier = process::read_pid_file(directory_ / "prepare.pid"); earlier) {
    if (auto ended = process::terminate(*earlier, 2s); !ended) return ended;
  }
  auto prepared = kind_->prepare(site_, [&](const process::Command& command, const files::Path& input) {
    return run_to_end(command, input, stop);
  });
  if (!prepared) return prepared;
  return launch();
}

base::Status Supervisor::launch() {
  process::Command command = kind_->command(site_);
  command.output_file = command.error_file = log_file();
  if (command.directory.empty()) command.directory = "/";
  log_start_ = process::log_size(log_file());
  auto started = process::spawn_noted(command, site_.run_as, [&](const process::Identity& identity) {
    return process::write_pid_file(pid_file(), identity);
  });
  if (!started) return std::move(started).error();
  process_ = *started;
  running_form_ = form_;
  answered_ = false;
  started_ = Clock::now();
  say(base::waiting("ServerStarting", fmt::format("{} is starting", kind_->title())));
  base::log_info("started a server",
                 {{"pid", std::to_string(started->pid)},
                  {"port", std::to_string(site_.port())},
                  {"user", site_.run_as ? site_.run_as->name : process::own_user().name}});
  return {};
}

base::Status Supervisor::run_to_end(const process::Command& given, const files::Path& input,
                                    std::stop_token stop) {
  const files::Path log = directory_ / "prepare.log", pid = directory_ / "prepare.pid";
  if (auto gone = files::remove_file(log); !gone) return gone;
  process::Command command = given;
  command.output_file = command.error_file = log;
  if (command.directory.empty()) command.directory = "/";
  auto started = process::spawn_noted(
      command, site_.run_as,
      [&](const process::Identity& identity) { return process::write_pid_file(pid, identity); },
      input.empty() ? files::Path("/dev/null") : input);
  if (!started) return std::move(started).error();
  while (!process::wait_gone(*started, 100ms)) {
    if (!stop.stop_requested()) continue;
    if (auto ended = process::terminate(*started, 2s); !ended) return ended;
  }
  auto exit = process::reap(*started);
  if (auto gone = files::remove_file(pid); !gone) return gone;
  if (stop.stop_requested()) return base::transient("Draining", "the server is stopping");
  if (exit && exit->has_value() && (*exit)->signal == 0 && (*exit)->code == 0) return {};
  const std::string tail = process::last_lines(log, 0);
  if (tail.find("No space left on device") != std::string::npos) return disk_full(kind_->title(), directory_);
  return base::transient("ServerFailed", fmt::format("{} failed; the last lines of {}: {}", command.argv[0],
                                                     log.string(), tail));
}

base::Status Supervisor::end_server() {
  if (!process_) return {};
  const process::Identity identity = *process_;
  if (process::send_signal(identity, kind_->stop_signal()) &&
      !process::wait_gone(identity, kind_->stop_patience())) {
    base::log_warn("the server does not end in time: it is killed", {{"pid", std::to_string(identity.pid)}});
    if (process::send_signal(identity, SIGKILL) && !process::wait_gone(identity, 5s)) {
      return base::transient("StillThere",
                             fmt::format("process {} does not end, though it was killed", identity.pid));
    }
  }
  // Collected where it is a child; an adopted one is not.
  if (auto exit = process::reap(identity); !exit && exit.error().code != "NotAChild") return exit.error();
  process_.reset();
  answered_ = false;
  base::log_info("stopped a server", {{"pid", std::to_string(identity.pid)}});
  return files::remove_file(pid_file());
}

}  // namespace offtake::provision::servers
