// Rows in error and records that do not decode: the product stalls once, in place, and heals in place.
#include "world.h"

namespace offtake::worker_test {
namespace {

using namespace std::chrono_literals;

constexpr const char* kOrderColumns = R"({"name":"id","type":"long"},{"name":"amount","type":"long"})";

Stream orders() {
  return {"orders", true, kOrderColumns, {"id"}};
}

std::string order(int id, int amount) {
  return fmt::format(R"({{"id":{},"amount":{}}})", id, amount);
}

constexpr const char* kShare = "SELECT id, 100 / amount AS share FROM orders";
constexpr const char* kAll = "SELECT id, share FROM result ORDER BY id";

// What is shown over some time: the stall must not flicker.
struct Watch {
  int samples = 0, without = 0;
  std::set<base::Micros> since;
};
Watch watch(const Running& worker, std::chrono::milliseconds time) {
  Watch out;
  const auto end = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < end) {
    const auto progress = worker.progress();
    ++out.samples;
    if (progress.stall) {
      out.since.insert(progress.stall->since);
    } else {
      ++out.without;
    }
    std::this_thread::sleep_for(2ms);
  }
  return out;
}

}  // namespace

TEST_CASE("a row in error stalls a live product in place, and its correction heals it in one epoch") {
  World world({orders()});
  world.put("orders", "1", order(1, 10));
  Running worker(world.job(kShare), world.environment());
  eventually([&] { return worker.live(); }, "live");
  world.put("orders", "2", order(2, 0));
  eventually([&] { return worker.progress().stall.has_value(); }, "the stall is shown");
  CHECK(worker.progress().stall->reason == "RowError");
  CHECK(worker.progress().stall->message.find("division by zero") != std::string::npos);
  const std::int64_t epoch = world.control().epoch;
  // What comes meanwhile joins the open epoch: a new row, a change of a delivered one, one that comes and
  // goes.
  world.put("orders", "3", order(3, 20));
  world.put("orders", "1", order(1, 50));
  world.put("orders", "4", order(4, 4));
  const Watch seen = watch(worker, 1'500ms);
  CHECK(seen.samples > 10);
  CHECK(seen.without == 0);
  CHECK(seen.since.size() == 1);
  CHECK(world.rows(kAll) == std::vector<std::string>{"1|10"});
  CHECK(world.control().epoch == epoch);
  world.put("orders", "4", "");
  world.put("orders", "2", order(2, 4));
  eventually([&] { return world.rows(kAll) == std::vector<std::string>{"1|2", "2|25", "3|5"}; }, "healed");
  eventually([&] { return worker.live() && !worker.progress().stall; }, "live again");
  CHECK(world.control().epoch == epoch + 1);
  CHECK(worker.logged("rebuilding state by replay") == 0);
  CHECK(worker.logged("stalled") == 1);
  // The books are right: what the control row says is what the table holds.
  const auto proof = must(world.open_target(world.job(kShare))->prove());
  CHECK(proof.table == proof.control.content);
}

TEST_CASE("a worker that starts before the row in error heals, too") {
  World world({orders()});
  world.put("orders", "1", order(1, 10));
  {
    Running worker(world.job(kShare), world.environment());
    eventually([&] { return worker.live(); }, "live");
    world.put("orders", "2", order(2, 0));
    eventually([&] { return worker.progress().stall.has_value(); }, "the stall is shown");
  }
  Running again(world.job(kShare), world.environment());
  eventually([&] { return again.progress().stall.has_value(); }, "it is shown again");
  world.put("orders", "2", order(2, 4));
  eventually([&] { return world.rows(kAll) == std::vector<std::string>{"1|10", "2|25"}; }, "healed");
  eventually([&] { return again.live(); }, "live");
}

TEST_CASE("a key that two rows claim stalls in place until one gives way") {
  World world({{"events", false, kOrderColumns, {}}});
  world.put("events", "a", order(1, 10));
  const auto job = world.job("SELECT amount, count(*) AS n, id FROM events GROUP BY amount, id", {"id"});
  REQUIRE(job.plan.identity.kind == plan::Identity::Kind::kWatchedKey);
  Running worker(job, world.environment());
  eventually([&] { return worker.live(); }, "live");
  world.put("events", "b", order(1, 20));
  eventually([&] { return worker.progress().stall.has_value(); }, "the stall is shown");
  CHECK(worker.progress().stall->reason == "KeyNotUnique");
  CHECK(world.rows("SELECT id, amount FROM result") == std::vector<std::string>{"1|10"});
  CHECK(watch(worker, 700ms).without == 0);
}

TEST_CASE(
    "of two that were started as one incarnation the later one goes on, also where a fill begins again") {
  World world({orders()});
  world.put("orders", "1", order(1, 10));
  world.put("orders", "2", order(2, 0));
  const auto job = world.job(kShare);
  const auto environment = world.environment();
  auto elsewhere = environment;
  elsewhere.state_directory += "-elsewhere";
  Running first(job, environment);
  eventually([&] { return first.progress().stall.has_value(); }, "the first one's fill has failed");
  Running second(job, elsewhere);
  eventually([&] { return second.progress().stall.has_value(); }, "the second one's fill has failed");
  world.put("orders", "2", order(2, 5));
  eventually([&] { return first.ended(); }, "the first one gives way");
  CHECK(first.wait().exit == worker::Exit::kFenced);
  eventually([&] { return second.live(); }, "the second one goes on");
}

TEST_CASE("a fill whose rows are in error is not repeated before there are other records") {
  World world({orders()});
  world.put("orders", "1", order(1, 10));
  world.put("orders", "2", order(2, 0));
  Running worker(world.job(kShare), world.environment());
  eventually([&] { return worker.progress().stall.has_value(); }, "the stall is shown");
  const Watch seen = watch(worker, 3'000ms);
  CHECK(seen.without == 0);
  CHECK(seen.since.size() == 1);
  CHECK(worker.logged("fill started") == 1);
  world.put("orders", "2", order(2, 4));
  eventually([&] { return worker.live(); }, "healed");
  CHECK(world.rows(kAll) == std::vector<std::string>{"1|10", "2|25"});
  CHECK(!worker.progress().stall);
  CHECK(worker.logged("fill started") == 2);
}

TEST_CASE("a record that does not decode: the stall is shown without a break, over attempts") {
  World world({{"events", false, kOrderColumns, {}}});
  world.put("events", "1", order(1, 10));
  world.put_raw("events", "2", std::string("\0\0\0\0\1\2", 6));  // cut short after the id
  SUBCASE("in a fill without state") {
    Running worker(world.job("SELECT id, amount FROM events"), world.environment());
    eventually([&] { return worker.progress().stall.has_value(); }, "the stall is shown");
    CHECK(worker.progress().stall->reason == "RecordNotDecoded");
    const Watch seen = watch(worker, 4'000ms);
    CHECK(seen.without == 0);
    CHECK(seen.since.size() == 1);
    CHECK(worker.logged("fill started") > 1);
  }
  SUBCASE("in a fill with state it is waited for in place") {
    Running worker(world.job("SELECT sum(amount) AS total FROM events"), world.environment());
    eventually([&] { return worker.progress().stall.has_value(); }, "the stall is shown");
    CHECK(worker.progress().stall->reason == "RecordNotDecoded");
    CHECK(watch(worker, 2'000ms).without == 0);
    CHECK(worker.logged("fill started") == 1);
  }
}

TEST_CASE("over its memory a product waits for another limit") {
  World world({orders()});
  for (int i = 0; i < 5'000; ++i) world.put("orders", std::to_string(i), order(i, 1));
  auto job = world.job("SELECT amount, count(*) AS n FROM orders GROUP BY amount");
  job.memory_bytes = 64 << 10;
  Running worker(job, world.environment());
  eventually([&] { return worker.progress().stall.has_value(); }, "the stall is shown");
  CHECK(worker.progress().stall->reason == "MemoryExceeded");
  const Watch seen = watch(worker, 3'000ms);
  CHECK(seen.without == 0);
  CHECK(worker.logged("fill started") == 1);
  CHECK(worker.stop().exit == worker::Exit::kDrained);
}

}  // namespace offtake::worker_test
