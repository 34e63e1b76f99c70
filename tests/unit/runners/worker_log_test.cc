// A worker's log as a reader follows it, over its rotation.
#include <doctest/doctest.h>

#include "operators/runners/files_of_worker.h"
#include "operators/runners/in_process/log_file.h"

using namespace offtake;
using runners::LogPlace;

namespace {

struct Logs {
  files::TempDir folder = *files::TempDir::make();
  const runners::WorkerKey key{"uid", 1};
  files::Path path = runners::worker_directory(folder.path(), key) / "worker.log";
  Logs() { REQUIRE(files::make_dirs(path.parent_path(), 0700).ok()); }

  std::string rest(LogPlace& place, std::size_t limit = 1000) {
    std::string out;
    for (;;) {
      auto piece = runners::read_worker_log(folder.path(), key, place, limit);
      REQUIRE(piece.ok());
      if (piece->empty()) return out;
      out += *piece;
    }
  }
};

}  // namespace

TEST_CASE("a follower misses no line and sees none twice when the log is rotated") {
  for (const std::size_t limit : {std::size_t{3}, std::size_t{1000}}) {
    Logs logs;
    LogPlace place;
    CHECK(logs.rest(place).empty());  // not there yet
    runners::LogFile log(logs.path, 40, 5);
    std::string written, read;
    for (int line = 0; line < 60; ++line) {
      const std::string text = fmt::format("line {}\n", line);
      log.write(text);
      written += text;
      // Up to two rotations between two looks: all that was written meanwhile is still kept.
      if (line % 11 == 0) read += logs.rest(place, limit);
    }
    read += logs.rest(place, limit);
    CHECK(read == written);
  }
}

TEST_CASE("a follower who comes back after all it knew was rotated away goes on with what is kept") {
  Logs logs;
  runners::LogFile log(logs.path, 10, 3);
  LogPlace place;
  log.write("first line of all\n");
  CHECK(logs.rest(place) == "first line of all\n");
  for (const char* text : {"second line\n", "third line\n", "fourth line\n", "fifth line\n"}) log.write(text);
  CHECK(logs.rest(place) == "third line\nfourth line\nfifth line\n");
  CHECK(logs.rest(place).empty());
}
