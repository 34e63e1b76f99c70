#include "base/crash_point.h"

#include <doctest/doctest.h>

#include <csignal>

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
