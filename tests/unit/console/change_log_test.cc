#include "controlplane/console/change_log.h"

#include <doctest/doctest.h>

#include <random>

using namespace offtake;
using namespace offtake::console;

namespace {

constexpr base::Micros kSecond = 1'000'000;

// What a reader at `cursor` gets, as "topic/id=data" by the frames' data lines.
std::string read(const ChangeLog& log, std::uint64_t& cursor) {
  std::string out;
  while (const Change* change = log.after(cursor)) {
    cursor = change->number;
    const std::string& frame = *change->frame;
    const std::size_t data = frame.find("data: ") + 6;
    out += fmt::format("{}/{}={} ", change->topic, change->id, frame.substr(data, frame.size() - data - 2));
  }
  return out;
}

}  // namespace

TEST_CASE("two changes of a subject are half a second apart, and the last of those in between is told") {
  ChangeLog log("e", {});
  std::uint64_t cursor = 0;
  log.offer("datasets", "a", "changed", "1", 0);
  log.offer("datasets", "a", "changed", "2", 1000);
  log.offer("datasets", "b", "changed", "1", 1000);
  log.offer("datasets", "a", "removed", "3", 2000);
  CHECK(read(log, cursor) == "datasets/a=1 datasets/b=1 ");
  CHECK(log.next_due() == kSecond / 2);
  log.advance(kSecond / 2 - 1);
  CHECK(read(log, cursor).empty());
  log.advance(kSecond / 2);
  CHECK(log.after(cursor)->frame->find("event: removed\n") != std::string::npos);
  CHECK(read(log, cursor) == "datasets/a=3 ");
  CHECK_FALSE(log.next_due().has_value());
  // Half a second after that one, at once again.
  log.offer("datasets", "a", "changed", "4", kSecond);
  CHECK(read(log, cursor) == "datasets/a=4 ");
}

TEST_CASE("who comes back gets each subject once, as it is now") {
  ChangeLog log("e", {});
  base::Micros now = 0;
  for (int i = 1; i <= 5; ++i, now += kSecond) {
    log.offer("datasets", "a", "changed", std::to_string(i), now);
    log.offer("datasets", "b", "changed", std::to_string(10 * i), now);
  }
  std::uint64_t cursor = *log.number_of("e-1");
  CHECK(log.knows(cursor));
  CHECK(read(log, cursor) == "datasets/a=5 datasets/b=50 ");
  CHECK(log.id_of(cursor) == "e-10");
  CHECK_FALSE(log.number_of("f-1").has_value());
  CHECK_FALSE(log.number_of("e-").has_value());
  CHECK_FALSE(log.number_of("e-1x").has_value());
  CHECK_FALSE(log.number_of("").has_value());
  CHECK_FALSE(log.knows(11));
}

TEST_CASE("what is too old or too much is dropped, and who would have needed it is told") {
  ChangeLog log("e", {});
  log.offer("datasets", "a", "changed", "1", 0);
  log.offer("datasets", "b", "changed", "1", 100 * kSecond);
  log.advance(599 * kSecond);
  CHECK(log.knows(0));
  log.advance(600 * kSecond);
  CHECK_FALSE(log.knows(0));
  CHECK(log.knows(1));
  log.advance(700 * kSecond);
  CHECK_FALSE(log.knows(1));
  CHECK(log.knows(2));
  CHECK(log.bytes() == 0);

  ChangeLog small("e", {.most_bytes = 10'000});
  for (int i = 0; i < 100; ++i)
    small.offer("datasets", std::to_string(i), "changed", std::string(1000, 'x'), 0);
  CHECK(small.bytes() <= 10'000);
  CHECK(small.after(0)->number > 90);
  CHECK_FALSE(small.knows(small.after(0)->number - 2));
  CHECK(small.knows(small.after(0)->number - 1));
}

TEST_CASE("a topic that is forgotten leaves nothing") {
  ChangeLog log("e", {});
  log.offer("dataproduct/r/x", "r/x", "changed", "1", 0);
  log.offer("dataproduct/r/x", "r/x", "changed", "2", 1);
  log.forget("dataproduct/r/x", "r/x");
  log.advance(kSecond);
  CHECK(log.after(0) == nullptr);
  CHECK(log.bytes() == 0);
  CHECK(log.knows(0));
}

TEST_CASE("whatever is changed and whenever it is read: the last state of each subject is always had") {
  for (std::uint32_t seed = 1; seed <= 200; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    ChangeLog log("e", {.kept = 60 * kSecond, .most_bytes = 4000});
    std::map<std::string, std::string> truth, seen;
    std::uint64_t cursor = 0;
    base::Micros now = 0;
    const auto look = [&] {
      if (!log.knows(cursor)) {
        // A reset: all is fetched, and what waits comes on top.
        cursor = log.newest();
        seen = truth;
      }
      while (const Change* change = log.after(cursor)) {
        cursor = change->number;
        const std::string& frame = *change->frame;
        seen[change->id] = frame.substr(frame.find("data: ") + 6);
      }
    };
    for (int step = 0; step < 300; ++step) {
      now += random() % (kSecond / 2);
      log.advance(now);
      const std::string id = std::to_string(random() % 8);
      const std::string data = std::to_string(step);
      log.offer("datasets", id, "changed", data, now);
      truth[id] = data + "\n\n";
      if (random() % 10 == 0) look();
    }
    now += kSecond;
    log.advance(now);
    look();
    CHECK(seen == truth);
    CHECK_FALSE(log.next_due().has_value());
  }
}
