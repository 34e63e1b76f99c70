#include "base/process/session.h"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "base/files/files.h"
#include "base/process/ports.h"

using namespace offtake;
using process::Command;
using process::Identity;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

struct Place {
  files::TempDir dir = *files::TempDir::make();

  Command shell(const std::string& script) const {
    Command command;
    command.argv = {"/bin/sh", "-c", script};
    command.env = {{"PATH", "/usr/bin:/bin"}, {"MARK_OF_TEST", dir.path()}};
    command.directory = dir.path();
    return command;
  }
  Identity start(const Command& command) const {
    auto started =
        process::spawn_noted(command, std::nullopt, [](const Identity&) { return base::Status(); });
    REQUIRE_MESSAGE(started.ok(), started.error().text());
    return *started;
  }
  std::vector<Identity> marked() const { return process::started_with("MARK_OF_TEST", dir.path()); }
  void wait_for(std::size_t count) const {
    const auto deadline = std::chrono::steady_clock::now() + seconds(30);
    while (marked().size() != count) {
      REQUIRE(std::chrono::steady_clock::now() < deadline);
      ::usleep(5'000);
    }
  }
};

}  // namespace

TEST_CASE("a program and what it started are found: in its session, and by a mark where they left it") {
  const Place place;
  const auto leader = place.start(place.shell("sleep 3600 & setsid sleep 3600 & wait"));
  place.wait_for(3);
  // The third is in the session until it has called setsid; one that is between fork and exec has no memory
  // of its own for a moment.
  const auto two_with_memory = [&] {
    const auto now = process::members_of_session(leader.pid);
    return now.size() == 2 &&
           std::all_of(now.begin(), now.end(), [](const auto& member) { return member.resident_bytes > 0; });
  };
  const auto deadline = std::chrono::steady_clock::now() + seconds(30);
  while (!two_with_memory() && std::chrono::steady_clock::now() < deadline) ::usleep(5'000);
  CHECK(two_with_memory());
  CHECK(process::started_with("MARK_OF_TEST", place.dir.path().string() + "x").empty());
  REQUIRE(process::end_all([&] { return place.marked(); }, seconds(10)).ok());
  CHECK(place.marked().empty());
  CHECK(process::members_of_session(leader.pid).empty());
  CHECK((*process::reap(leader))->signal == SIGTERM);
}

TEST_CASE("what does not mind SIGTERM is killed") {
  const Place place;
  const auto leader =
      place.start(place.shell("trap '' TERM; echo ready > ready; while :; do sleep 0.05; done"));
  while (!files::exists(place.dir.path() / "ready")) ::usleep(5'000);
  REQUIRE(process::end_all([&] { return place.marked(); }, milliseconds(100)).ok());
  CHECK(place.marked().empty());
  CHECK((*process::reap(leader))->signal == SIGKILL);
}

TEST_CASE("a child that dies with its parent does, and no other") {
  const Place place;
  const pid_t parent = ::fork();
  REQUIRE(parent >= 0);
  if (parent == 0) {
    auto dying = place.shell("exec sleep 3600");
    dying.dies_with_parent = true;
    const auto none = [](const Identity&) { return base::Status(); };
    const auto first = process::spawn_noted(dying, std::nullopt, none);
    const auto second = process::spawn_noted(place.shell("exec sleep 3600"), std::nullopt, none);
    if (!first.ok() || !second.ok() || !process::write_pid_file(place.dir.path() / "second", *second).ok()) {
      ::_exit(1);
    }
    ::pause();
  }
  place.wait_for(2);
  while (!files::exists(place.dir.path() / "second")) ::usleep(5'000);
  ::kill(parent, SIGKILL);
  ::waitpid(parent, nullptr, 0);
  place.wait_for(1);
  CHECK(place.marked().front() == *process::read_pid_file(place.dir.path() / "second"));
  CHECK(process::end_all([&] { return place.marked(); }, milliseconds(0)).ok());
}

TEST_CASE("free ports are free, and different") {
  const auto ports = process::free_ports(3);
  REQUIRE(ports.ok());
  CHECK(ports->size() == 3);
  for (const int port : *ports) CHECK(process::is_port_free(port));
}
