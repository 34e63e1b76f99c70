#include "base/process/process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "base/files/files.h"
#include "base/json/value.h"
#include "base/process/proc_stat.h"

extern char** environ;

namespace offtake::process {
namespace {

// A descriptor that stands for a process and never for a later one with its id. -1: gone, or not known to
// this kernel (errno ENOSYS).
class PidDescriptor {
 public:
  explicit PidDescriptor(pid_t pid)
      : fd_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))), error_(errno) {}
  ~PidDescriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  PidDescriptor(const PidDescriptor&) = delete;
  PidDescriptor& operator=(const PidDescriptor&) = delete;
  int get() const { return fd_; }
  bool unsupported() const { return fd_ < 0 && error_ != ESRCH; }

 private:
  int fd_;
  int error_;
};

struct SpawnFree {
  void operator()(posix_spawn_file_actions_t* actions) const { posix_spawn_file_actions_destroy(actions); }
  void operator()(posix_spawnattr_t* attributes) const { posix_spawnattr_destroy(attributes); }
};

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

std::vector<std::string> environment_of(const Command& command) {
  std::vector<std::string> out;
  const auto replaced = [&](std::string_view name) {
    return std::any_of(command.env.begin(), command.env.end(),
                       [&](const auto& pair) { return pair.first == name; }) ||
           std::find(command.unset_env.begin(), command.unset_env.end(), name) != command.unset_env.end();
  };
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    if (!replaced(text.substr(0, text.find('=')))) out.emplace_back(text);
  }
  for (const auto& [name, value] : command.env) out.push_back(name + "=" + value);
  return out;
}

void set_actions(const Command& command, posix_spawn_file_actions_t* actions) {
  const auto open_output = [&](int fd, const std::filesystem::path& file) {
    const bool none = file.empty();
    posix_spawn_file_actions_addopen(actions, fd, none ? "/dev/null" : file.c_str(),
                                     none ? O_WRONLY : O_WRONLY | O_CREAT | O_APPEND, 0644);
  };
  posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  open_output(STDOUT_FILENO, command.output_file);
  open_output(STDERR_FILENO, command.error_file);
  posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
  if (!command.directory.empty()) {
    posix_spawn_file_actions_addchdir_np(actions, command.directory.c_str());
  }
}

void set_attributes(const Command& command, posix_spawnattr_t* attributes) {
  sigset_t all;
  sigset_t none;
  sigfillset(&all);
  sigemptyset(&none);
  posix_spawnattr_setsigdefault(attributes, &all);
  posix_spawnattr_setsigmask(attributes, &none);
  int flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
  if (command.own_session) flags |= POSIX_SPAWN_SETSID;
  posix_spawnattr_setflags(attributes, static_cast<short>(flags));
}

}  // namespace

base::Result<Identity> spawn(const Command& command) {
  if (command.argv.empty()) return base::terminal("NotStarted", "there is no program to start");
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  const std::unique_ptr<posix_spawn_file_actions_t, SpawnFree> free_actions(&actions);
  posix_spawnattr_init(&attributes);
  const std::unique_ptr<posix_spawnattr_t, SpawnFree> free_attributes(&attributes);
  set_actions(command, &actions);
  set_attributes(command, &attributes);
  std::vector<std::string> arguments = command.argv;
  std::vector<std::string> environment = environment_of(command);
  pid_t pid = 0;
  const int error = posix_spawnp(&pid, arguments[0].c_str(), &actions, &attributes,
                                 pointers_to(arguments).data(), pointers_to(environment).data());
  if (error != 0) {
    return base::terminal("NotStarted",
                          fmt::format("cannot start {}: {}", arguments[0], std::strerror(error)));
  }
  if (command.nice != 0) ::setpriority(PRIO_PROCESS, static_cast<id_t>(pid), command.nice);
  // It may have ended already; until it is reaped the kernel still knows when it started.
  const auto stat = read_stat(pid);
  return Identity{pid, stat.has_value() ? stat->start : 0, boot_id()};
}

std::optional<Identity> identify(pid_t pid) {
  const auto stat = read_stat(pid);
  if (!stat.has_value() || stat->ended()) return std::nullopt;
  return Identity{pid, stat->start, boot_id()};
}

Identity self() {
  return identify(::getpid()).value_or(Identity{::getpid(), 0, boot_id()});
}

bool is_alive(const Identity& process) {
  return process.pid > 0 && identify(process.pid) == std::optional<Identity>(process);
}

bool send_signal(const Identity& process, int signal) {
  const PidDescriptor descriptor(process.pid);
  // First the descriptor, then the look: from here on it can only be this process.
  if (!is_alive(process)) return false;
  if (descriptor.unsupported()) return ::kill(process.pid, signal) == 0;
  return descriptor.get() >= 0 && ::syscall(SYS_pidfd_send_signal, descriptor.get(), signal, nullptr, 0) == 0;
}

std::optional<std::uint64_t> resident_bytes(const Identity& process) {
  const auto stat = read_stat(process.pid);
  if (!stat.has_value() || stat->start != process.start) return std::nullopt;
  return stat->resident_pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::optional<std::chrono::milliseconds> cpu_time(const Identity& process) {
  const auto stat = read_stat(process.pid);
  if (!stat.has_value() || stat->start != process.start) return std::nullopt;
  const auto ticks_per_second = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  return std::chrono::milliseconds(stat->cpu_ticks * 1000 / ticks_per_second);
}

base::Result<std::optional<Exit>> reap(const Identity& child) {
  const auto not_a_child = [&] {
    return base::terminal("NotAChild", fmt::format("process {} is no child of this one", child.pid));
  };
  const auto stat = read_stat(child.pid);
  if (!stat.has_value() || stat->start != child.start) return not_a_child();
  int status = 0;
  const pid_t ended = ::waitpid(child.pid, &status, WNOHANG);
  if (ended < 0) return not_a_child();
  if (ended == 0) return std::optional<Exit>();
  Exit exit;
  if (WIFEXITED(status)) exit.code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) exit.signal = WTERMSIG(status);
  return std::optional<Exit>(exit);
}

bool wait_gone(const Identity& process, std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  const PidDescriptor descriptor(process.pid);
  while (is_alive(process)) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    if (descriptor.get() >= 0) {
      pollfd entry{descriptor.get(), POLLIN, 0};
      ::poll(&entry, 1, static_cast<int>(left.count()));
    } else {
      // A kernel without such descriptors can only be asked again and again.
      ::poll(nullptr, 0, static_cast<int>(std::min<std::int64_t>(left.count(), 10)));
    }
  }
  return true;
}

base::Status terminate(const Identity& process, std::chrono::milliseconds grace) {
  constexpr std::chrono::milliseconds kAfterKill{5000};
  if (!send_signal(process, SIGTERM) || wait_gone(process, grace)) return {};
  if (!send_signal(process, SIGKILL) || wait_gone(process, kAfterKill)) return {};
  return base::transient("StillThere",
                         fmt::format("process {} does not end, though it was killed", process.pid));
}

base::Status write_pid_file(const std::filesystem::path& path, const Identity& process) {
  json::Value value;
  value.set("pid", process.pid);
  value.set("start", process.start);
  value.set("boot", process.boot);
  return files::write_file_atomic(path, json::dump(value) + "\n");
}

base::Result<Identity> read_pid_file(const std::filesystem::path& path) {
  const auto text = files::read_file(path, 4096);
  if (!text.ok()) return text.error();
  const auto value = json::parse(*text);
  if (!value.ok() || !(*value)["pid"].is_int() || !(*value)["start"].is_int()) {
    return base::terminal("BadPidFile", fmt::format("{} is no pid file", path.string()));
  }
  Identity process;
  process.pid = static_cast<pid_t>(value->int_or("pid"));
  process.start = static_cast<std::uint64_t>(value->int_or("start"));
  process.boot = value->string_or("boot");
  return process;
}

base::Result<std::filesystem::path> own_executable() {
  std::error_code error;
  const auto path = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error)
    return base::terminal("FileError", fmt::format("cannot find the own program: {}", error.message()));
  // After an upgrade in place the link names the old file; the new one stands at its path.
  constexpr std::string_view kDeleted = " (deleted)";
  const std::string text = path.string();
  if (text.ends_with(kDeleted)) return std::filesystem::path(text.substr(0, text.size() - kDeleted.size()));
  return path;
}

}  // namespace offtake::process
