#include <fcntl.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "base/process/proc_stat.h"
#include "base/process/process.h"

namespace offtake::process {
namespace {

constexpr int kLowestPipe = 10;  // clear of what the child's standard files become

class Pipe {
 public:
  Pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return;
    for (int i = 0; i < 2; ++i) {
      ends_[i] = ::fcntl(ends[i], F_DUPFD_CLOEXEC, kLowestPipe);
      ::close(ends[i]);
    }
  }
  ~Pipe() {
    close_end(0);
    close_end(1);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  bool ok() const { return ends_[0] >= 0 && ends_[1] >= 0; }
  int reading() const { return ends_[0]; }
  int writing() const { return ends_[1]; }
  void close_end(int which) {
    if (ends_[which] >= 0) ::close(ends_[which]);
    ends_[which] = -1;
  }

 private:
  int ends_[2] = {-1, -1};
};

// Everything the child needs, made before the fork: after it, other threads' locks may be held for ever, and
// only system calls are safe.
struct Prepared {
  std::vector<std::string> arguments, environment;
  std::vector<char*> argv, envp;
  std::string directory, input, output, error;
  bool change_user = false, own_session = true, dies_with_parent = false;
  uid_t uid = 0;
  gid_t gid = 0;
  pid_t parent = 0;
};

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

bool redirect(const char* path, int flags, int to) {
  const int fd = ::open(path, flags, 0600);
  if (fd < 0) return false;
  if (fd == to) return true;
  const bool done = ::dup2(fd, to) == to;
  ::close(fd);
  return done;
}

void close_from(int first) {
#ifdef SYS_close_range
  if (::syscall(SYS_close_range, first, ~0U, 0) == 0) return;
#endif
  const long most = ::sysconf(_SC_OPEN_MAX);
  for (int fd = first; fd < (most > 0 ? most : 65'536); ++fd) ::close(fd);
}

// In the child: becomes the program, or gives the error of what failed.
int become(const Prepared& program, int report) {
  for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
  if (program.own_session) ::setsid();
  ::umask(0077);
  const int append = O_WRONLY | O_CREAT | O_APPEND;
  if (!redirect(program.input.c_str(), O_RDONLY, STDIN_FILENO) ||
      !redirect(program.output.c_str(), append, STDOUT_FILENO) ||
      !redirect(program.error.c_str(), append, STDERR_FILENO)) {
    return errno;
  }
  if (!program.directory.empty() && ::chdir(program.directory.c_str()) != 0) return errno;
  if (program.change_user) {
    // The system calls themselves: the library's wait for all threads of a process that are not here.
    if (::syscall(SYS_setgroups, 0, nullptr) != 0 || ::syscall(SYS_setgid, program.gid) != 0 ||
        ::syscall(SYS_setuid, program.uid) != 0) {
      return errno;
    }
  }
  // After the change of user, which would clear it. Who died since the gate opened is seen by his absence.
  if (program.dies_with_parent) {
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return errno;
    if (::getppid() != program.parent) ::_exit(127);
  }
  constexpr int kReport = STDERR_FILENO + 1;
  if (::dup3(report, kReport, O_CLOEXEC) != kReport) return errno;
  close_from(kReport + 1);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execve(program.argv[0], program.argv.data(), program.envp.data());
  const int error = errno;
  // `report` itself is closed by now.
  [[maybe_unused]] const auto written = ::write(kReport, &error, sizeof error);
  ::_exit(127);
}

[[noreturn]] void child(const Prepared& program, Pipe& gate, Pipe& report) {
  gate.close_end(1);
  char go = 0;
  ssize_t got = 0;
  do {
    got = ::read(gate.reading(), &go, 1);
  } while (got < 0 && errno == EINTR);
  if (got != 1) ::_exit(127);  // it was not noted: it must not run
  const int error = become(program, report.writing());
  [[maybe_unused]] const auto written = ::write(report.writing(), &error, sizeof error);
  ::_exit(127);
}

Prepared prepare(const Command& command, const std::optional<User>& user) {
  Prepared out;
  out.arguments = command.argv;
  for (const auto& [name, value] : command.env) out.environment.push_back(name + "=" + value);
  out.argv = pointers_to(out.arguments);
  out.envp = pointers_to(out.environment);
  out.directory = command.directory.string();
  out.output = command.output_file.empty() ? "/dev/null" : command.output_file.string();
  out.error = command.error_file.empty() ? "/dev/null" : command.error_file.string();
  out.own_session = command.own_session;
  out.parent = ::getpid();
  out.dies_with_parent = command.dies_with_parent;
  if (user && (user->uid != ::geteuid() || user->gid != ::getegid())) {
    out.change_user = true;
    out.uid = user->uid;
    out.gid = user->gid;
  }
  return out;
}

template <class Ask>
std::optional<User> user_of(const Ask& ask) {
  passwd entry{};
  passwd* found = nullptr;
  std::string buffer(4096, '\0');
  int error = 0;
  while ((error = ask(&entry, buffer, &found)) == ERANGE) buffer.resize(buffer.size() * 2);
  if (error != 0 || found == nullptr) return std::nullopt;
  return User{entry.pw_name, entry.pw_uid, entry.pw_gid};
}

}  // namespace

std::optional<User> find_user(const std::string& name) {
  return user_of([&](passwd* entry, std::string& buffer, passwd** found) {
    return ::getpwnam_r(name.c_str(), entry, buffer.data(), buffer.size(), found);
  });
}

User own_user() {
  const auto found = user_of([&](passwd* entry, std::string& buffer, passwd** out) {
    return ::getpwuid_r(::geteuid(), entry, buffer.data(), buffer.size(), out);
  });
  return found.value_or(User{std::to_string(::geteuid()), ::geteuid(), ::getegid()});
}

base::Result<Identity> spawn_noted(const Command& command, const std::optional<User>& user,
                                   const std::function<base::Status(const Identity&)>& before,
                                   const std::filesystem::path& input_file) {
  if (command.argv.empty()) return base::terminal("NotStarted", "there is no program to start");
  const auto refused = [&](int error) {
    return base::terminal("NotStarted",
                          fmt::format("cannot start {}: {}", command.argv[0], std::strerror(error)));
  };
  Prepared program = prepare(command, user);
  program.input = input_file.string();
  Pipe gate, report;
  if (!gate.ok() || !report.ok()) return refused(errno);
  // No handler of ours may run in the child.
  sigset_t all, was;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &was);
  const pid_t pid = ::fork();
  const int fork_error = errno;
  if (pid == 0) child(program, gate, report);
  ::pthread_sigmask(SIG_SETMASK, &was, nullptr);
  if (pid < 0) return refused(fork_error);
  gate.close_end(0);
  report.close_end(1);
  const auto stat = read_stat(pid);
  const Identity identity{pid, stat.has_value() ? stat->start : 0, boot_id()};
  const auto give_up = [&] {
    gate.close_end(1);
    ::waitpid(pid, nullptr, 0);
  };
  if (auto noted = before(identity); !noted) {
    give_up();
    return std::move(noted).error();
  }
  const char go = 1;
  if (::write(gate.writing(), &go, 1) != 1) {
    const int error = errno;
    give_up();
    return refused(error);
  }
  // Closed by a successful exec.
  int error = 0;
  ssize_t got = 0;
  do {
    got = ::read(report.reading(), &error, sizeof error);
  } while (got < 0 && errno == EINTR);
  if (got == sizeof error) {
    give_up();
    return refused(error);
  }
  return identity;
}

}  // namespace offtake::process
