#include "base/process/process.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "base/files/files.h"
#include "base/process/signals.h"

using namespace offtake;
using process::Command;
using process::Identity;
using std::chrono::milliseconds;

namespace {
struct Fixture {
  files::TempDir dir = *files::TempDir::make();
  std::filesystem::path out = dir.path() / "out";

  Identity start(const std::string& script) {
    Command command;
    command.argv = {"sh", "-c", script};
    command.env = {{"GIVEN", "a b"}};
    command.unset_env = {"HOME"};
    command.output_file = out;
    command.error_file = out;
    command.directory = dir.path();
    auto process = process::spawn(command);
    REQUIRE_MESSAGE(process.ok(), process.error().text());
    return *process;
  }
  static process::Exit end_of(const Identity& process) {
    REQUIRE(process::wait_gone(process, milliseconds(10'000)));
    const auto exit = process::reap(process);
    REQUIRE(exit.ok());
    REQUIRE(exit->has_value());
    return **exit;
  }
};
}  // namespace

TEST_CASE_FIXTURE(Fixture, "process: output, environment, directory, exit code") {
  const int leaked = ::open("/dev/null", O_RDONLY);  // without O_CLOEXEC
  const Identity process =
      start("echo \"$GIVEN [$HOME]\"; pwd; echo error >&2; ls /proc/self/fd | wc -l; cat; exit 7");
  CHECK(end_of(process).code == 7);
  ::close(leaked);
  const auto real = std::filesystem::canonical(dir.path()).string();
  // Three, and the one with which ls reads the directory.
  CHECK(*files::read_file(out) == "a b []\n" + real + "\nerror\n4\n");
  CHECK(process::reap(process).error().code == "NotAChild");
  CHECK_FALSE(process::is_alive(process));
}

TEST_CASE_FIXTURE(Fixture, "process: it has a session of its own and default signals") {
  const Identity process = start("kill -TERM $$; sleep 10");
  CHECK(end_of(process).signal == SIGTERM);
  const Identity running = start("exec sleep 100");
  CHECK(::getsid(running.pid) == running.pid);
  CHECK(process::is_alive(running));
  CHECK_FALSE(process::reap(running)->has_value());
  CHECK(process::terminate(running, milliseconds(10'000)).ok());
  CHECK(end_of(running).signal == SIGTERM);
}

TEST_CASE_FIXTURE(Fixture, "process: one that does not listen is killed") {
  const Identity process = start("trap '' TERM; echo ready; while :; do sleep 1; done");
  while (files::read_file(out)->empty()) std::this_thread::yield();
  CHECK(process::terminate(process, milliseconds(50)).ok());
  CHECK(end_of(process).signal == SIGKILL);
}

TEST_CASE_FIXTURE(Fixture, "process: another one with the same id is never taken for it") {
  const Identity process = start("exec sleep 100");
  Identity earlier = process;
  earlier.start -= 1;
  CHECK_FALSE(process::is_alive(earlier));
  CHECK_FALSE(process::send_signal(earlier, SIGKILL));
  CHECK(process::terminate(earlier, milliseconds(0)).ok());
  Identity other_boot = process;
  other_boot.boot = "x";
  CHECK_FALSE(process::is_alive(other_boot));
  CHECK(process::is_alive(process));
  CHECK(process::resident_bytes(process::self()).value_or(0) > (1 << 20));
  CHECK(process::cpu_time(process).has_value());
  CHECK_FALSE(process::resident_bytes(earlier).has_value());
  CHECK_FALSE(process::wait_gone(process, milliseconds(1)));
  CHECK(process::send_signal(process, SIGKILL));
  CHECK(end_of(process).signal == SIGKILL);
}

TEST_CASE_FIXTURE(Fixture, "process: pid files") {
  const auto path = dir.path() / "pid";
  CHECK(process::read_pid_file(path).error().code == "NotFound");
  REQUIRE(process::write_pid_file(path, process::self()).ok());
  const auto read = process::read_pid_file(path);
  REQUIRE(read.ok());
  CHECK(*read == process::self());
  CHECK(process::is_alive(*read));
  REQUIRE(files::write_file_atomic(path, "12\n").ok());
  CHECK(process::read_pid_file(path).error().code == "BadPidFile");
}

TEST_CASE("process: what cannot be started") {
  Command command;
  CHECK(process::spawn(command).error().code == "NotStarted");
  command.argv = {"/no/such/program"};
  const auto process = process::spawn(command);
  REQUIRE_FALSE(process.ok());
  CHECK(process.error().code == "NotStarted");
  CHECK(process.error().message.find("/no/such/program") != std::string::npos);
  CHECK(std::filesystem::equivalent(*process::own_executable(), "/proc/self/exe"));
}

TEST_CASE("signals: a stop can be waited for, a second one ends the process") {
  int ready[2];
  REQUIRE(::pipe(ready) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGINT, SIG_DFL);  // the test program's own handlers are not what is tested
    ::signal(SIGTERM, SIG_DFL);
    auto stop = process::StopSignal::install();
    if (!stop.ok() || stop->wait(milliseconds(1)) != 0) ::_exit(1);
    if (::write(ready[1], "1", 1) != 1) ::_exit(1);
    if (stop->wait() != SIGTERM) ::_exit(2);
    if (::write(ready[1], "2", 1) != 1) ::_exit(1);
    for (;;) ::pause();
  }
  char got = 0;
  REQUIRE(::read(ready[0], &got, 1) == 1);
  ::kill(child, SIGTERM);
  REQUIRE(::read(ready[0], &got, 1) == 1);
  CHECK(got == '2');
  ::kill(child, SIGINT);
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGINT);
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_CASE("process: one whose first thread has ended lives while it has others") {
  const pid_t pid = ::fork();
  REQUIRE(pid >= 0);
  if (pid == 0) {
    std::thread([] { ::pause(); }).detach();
    ::syscall(SYS_exit, 0);
  }
  const auto state = [&] {
    const auto text = files::read_file(fmt::format("/proc/{}/stat", pid));
    return text.ok() ? text->at(text->rfind(')') + 2) : '?';
  };
  const auto deadline = std::chrono::steady_clock::now() + milliseconds(10'000);
  while (state() != 'Z' && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  REQUIRE(state() == 'Z');
  const auto process = process::identify(pid);
  REQUIRE(process.has_value());
  CHECK_FALSE(process::wait_gone(*process, milliseconds(20)));
  CHECK(process::send_signal(*process, SIGKILL));
  CHECK(process::wait_gone(*process, milliseconds(10'000)));
  const auto exit = process::reap(*process);
  REQUIRE(exit.ok());
  REQUIRE(exit->has_value());
  CHECK((*exit)->signal == SIGKILL);
}

TEST_CASE_FIXTURE(Fixture, "process: a noted one waits for its note, and has nothing of ours") {
  Command command;
  command.argv = {"/bin/sh", "-c", "env; ls /proc/self/fd | wc -l; umask; cat pid; pwd; exit 5"};
  command.env = {{"ONLY", "this"}};
  command.directory = dir.path();
  command.output_file = command.error_file = out;
  const int leaked = ::open("/dev/null", O_RDONLY);
  const auto started = process::spawn_noted(command, {}, [&](const Identity& identity) -> base::Status {
    // It is there, and has not begun.
    CHECK(process::is_alive(identity));
    CHECK_FALSE(files::exists(out));
    return files::write_file_atomic(dir.path() / "pid", std::to_string(identity.pid) + "\n");
  });
  ::close(leaked);
  REQUIRE_MESSAGE(started.ok(), started.error().text());
  CHECK(end_of(*started).code == 5);
  const auto real = std::filesystem::canonical(dir.path()).string();
  const std::string text = *files::read_file(out);
  CAPTURE(text);
  CHECK(text.find("ONLY=this\n") != std::string::npos);
  CHECK(text.find("PATH=/") == std::string::npos);
  CHECK(text.ends_with(fmt::format("4\n0077\n{}\n{}\n", started->pid, real)));
}

TEST_CASE_FIXTURE(Fixture, "process: one that could not be noted, or not be started, never ran") {
  Command command;
  command.argv = {"/bin/sh", "-c", "echo ran"};
  command.output_file = command.error_file = out;
  Identity seen;
  const auto refused = process::spawn_noted(command, {}, [&](const Identity& identity) -> base::Status {
    seen = identity;
    return base::transient("DiskFull", "no room for the note");
  });
  CHECK(refused.error().code == "DiskFull");
  CHECK_FALSE(process::is_alive(seen));
  CHECK_FALSE(files::exists(out));
  command.argv = {"/no/such/program"};
  const auto missing = process::spawn_noted(command, {}, [](const Identity&) { return base::Status(); });
  CHECK(missing.error().code == "NotStarted");
  CHECK(missing.error().message.find("No such file") != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "process: as another user, where this is root") {
  const auto nobody = process::find_user("nobody");
  REQUIRE(nobody.has_value());
  CHECK_FALSE(process::find_user("no-such-account").has_value());
  CHECK(process::own_user().uid == ::geteuid());
  Command command;
  command.argv = {"/bin/sh", "-c", "id -u; id -G"};
  command.env = {{"PATH", "/usr/bin:/bin"}};
  command.output_file = command.error_file = out;
  const auto started = process::spawn_noted(command, nobody, [](const Identity&) { return base::Status(); });
  if (::geteuid() != 0) {
    CHECK(started.error().code == "NotStarted");
    return;
  }
  REQUIRE_MESSAGE(started.ok(), started.error().text());
  CHECK(end_of(*started).code == 0);
  CHECK(*files::read_file(out) == fmt::format("{}\n{}\n", nobody->uid, nobody->gid));
}
