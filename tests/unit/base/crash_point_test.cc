#include "base/crash_point.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "base/files/files.h"
#include "base/process/process.h"

using namespace offtake;

// Run by the next test only, in a process of its own.
TEST_CASE("crash victim" * doctest::skip()) {
  base::crash_point("mid-load");
  base::crash_point("mid-read");
  base::crash_point("mid-read");
}

TEST_CASE("a crash point kills when it is reached the n-th time, and says so before") {
  const auto dir = files::TempDir::make();
  const auto run = [&](const std::string& where, const std::string& log) {
    process::Command command;
    command.argv = {process::own_executable()->string(), "--no-skip", "--test-case=crash victim"};
    command.env = {{"OFFTAKE_CRASH_AT", where}};
    command.error_file = dir->path() / log;
    const auto child = process::spawn(command);
    REQUIRE(child.ok());
    REQUIRE(process::wait_gone(*child, std::chrono::milliseconds(10'000)));
    return **process::reap(*child);
  };
  CHECK(run("mid-read", "first").signal == SIGKILL);
  CHECK(run("mid-read:2", "second").signal == SIGKILL);
  CHECK(files::read_file(dir->path() / "second")->find("\"msg\":\"crash point\",\"name\":\"mid-read\"") !=
        std::string::npos);
  CHECK(run("mid-read:3", "never").signal == 0);
  CHECK(run("elsewhere", "never").signal == 0);
  CHECK_FALSE(base::crash_point_names().empty());
}

// Run by the next test only. The thread that reaches the point is not the first one, as in a worker, and
// would leave its mark with its very next instruction if it went on.
TEST_CASE("stop victim" * doctest::skip()) {
  const int file = open(std::getenv("MARK"), O_RDWR);
  REQUIRE(file >= 0);
  auto* mark = static_cast<volatile char*>(mmap(nullptr, 1, PROT_WRITE, MAP_SHARED, file, 0));
  REQUIRE((mark != MAP_FAILED));
  std::jthread other([&] {
    base::crash_point("before-epoch-commit");
    *mark = 'x';
  });
  poll(nullptr, 0, 10'000);
}

TEST_CASE("a crash point that stops lets its own thread do nothing more") {
  const auto dir = files::TempDir::make();
  for (int round = 0; round < 20; ++round) {
    process::Command command;
    command.argv = {process::own_executable()->string(), "--no-skip", "--test-case=stop victim"};
    const auto mark = dir->path() / std::to_string(round);
    REQUIRE(files::write_file_atomic(mark, "-").ok());
    command.env = {{"OFFTAKE_CRASH_AT", "before-epoch-commit:1:stop"}, {"MARK", mark.string()}};
    const auto child = process::spawn(command);
    REQUIRE(child.ok());
    int status = 0;
    REQUIRE(waitpid(child->pid, &status, WUNTRACED) == child->pid);
    CHECK(WIFSTOPPED(status));
    CHECK(*files::read_file(mark) == "-");
    CHECK(process::terminate(*child, std::chrono::milliseconds(0)).ok());
    REQUIRE(process::reap(*child).ok());
  }
}
