// kill -9 in the middle of appends: a child process acknowledges offsets on a pipe, dies, and all it
// acknowledged is there.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <thread>

#include "base/id.h"
#include "conformance.h"
#include "operators/sources/embedded/store.h"
#include "scratch.h"

namespace offtake::sources::embedded {
namespace {

using conformance::must;

struct Acknowledged {
  std::int32_t partition = 0;
  std::int32_t thread = 0;
  std::int64_t offset = 0;
  std::int64_t number = 0;
};

// Runs in the child: four threads append and report each acknowledged record. Ends only by being killed.
[[noreturn]] void append_for_ever(const std::string& dir, int pipe) {
  LogOptions options;
  options.dir = dir;
  options.memtable_bytes = 256 << 10;  // many flushes, so that kills meet them too
  auto log = Log::open(options);
  if (!log) _exit(3);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (std::int64_t number = 0;; ++number) {
        const std::string value =
            fmt::format("{}/{}/{}", ::getpid(), thread, number) + std::string(3000, 'x');
        NewRecordView record;
        record.value = value;
        record.partition = thread % 3;
        auto appended = (*log)->append("t", std::span(&record, 1));
        if (!appended) _exit(4);
        const auto& range = appended->ranges.front();
        const Acknowledged report{range.partition, thread, range.first, number};
        if (::write(pipe, &report, sizeof report) != sizeof report) _exit(5);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  _exit(6);
}

}  // namespace

TEST_CASE("the child that appends for ever" * doctest::skip()) {
  const char* dir = std::getenv("OFFTAKE_TEST_APPEND_TO");
  const char* pipe = std::getenv("OFFTAKE_TEST_APPEND_PIPE");
  if (dir == nullptr || pipe == nullptr) return;  // part of the next case
  append_for_ever(dir, std::atoi(pipe));
}

TEST_CASE("nothing acknowledged is lost to kill -9") {
  const Scratch scratch;
  const std::string dir = scratch.path("events");
  {
    LogOptions options;
    options.dir = dir;
    auto log = must(Log::open(options));
    TopicSpec spec;
    spec.topic = "t";
    spec.partitions = 3;
    must(log->create_topic(spec));
  }
  std::map<std::pair<int, Offset>, std::string> expected;
  for (int round = 0; round < 6; ++round) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
      // This program again, in a process without anybody's threads: only the case above runs.
      ::close(ends[0]);
      ::setenv("OFFTAKE_TEST_APPEND_TO", dir.c_str(), 1);
      ::setenv("OFFTAKE_TEST_APPEND_PIPE", std::to_string(ends[1]).c_str(), 1);
      ::execl("/proc/self/exe", "sources_test", "--no-skip", "--test-case=the child that appends for ever",
              nullptr);
      _exit(7);
    }
    ::close(ends[1]);
    const std::size_t reports = 50 + base::random_u64() % 1500;
    Acknowledged report;
    std::size_t got = 0;
    while (::read(ends[0], &report, sizeof report) == sizeof report) {
      const std::string value =
          fmt::format("{}/{}/{}", child, report.thread, report.number) + std::string(3000, 'x');
      REQUIRE(expected.emplace(std::pair(report.partition, report.offset), value).second);
      if (++got == reports) ::kill(child, SIGKILL);
    }
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    REQUIRE(WIFSIGNALED(status));
    REQUIRE(got >= reports);

    LogOptions options;
    options.dir = dir;
    auto store = make_store(std::shared_ptr<Log>(must(Log::open(options))));
    std::map<int, Offset> next;
    std::size_t found = 0;
    for (const auto& each : conformance::read_all(*store, "t")) {
      REQUIRE(each.offset == next[each.partition]++);
      const auto place = expected.find({each.partition, each.offset});
      if (place == expected.end()) continue;  // written, but killed before it could say so
      REQUIRE(each.value == place->second);
      ++found;
    }
    CHECK(found == expected.size());
  }
}

}  // namespace offtake::sources::embedded
