// A live product rides out what passes by itself, with its state in memory.
#include "world.h"

namespace offtake::worker_test {
namespace {

using namespace std::chrono_literals;

constexpr const char* kOrderColumns = R"({"name":"id","type":"long"},{"name":"amount","type":"long"})";

Stream orders(int partitions = 1) {
  return {"orders", true, kOrderColumns, {"id"}, partitions};
}

std::string order(int id, int amount) {
  return fmt::format(R"({{"id":{},"amount":{}}})", id, amount);
}

// Every call fails; the reader itself does not say that it goes on trying.
std::optional<base::Error> away(const std::string& call) {
  if (call == "away") return std::nullopt;
  return base::transient("Unreachable", "the store does not answer");
}

constexpr const char* kSum = "SELECT sum(amount) AS total FROM orders";
constexpr const char* kTotal = "SELECT total FROM result";

}  // namespace

TEST_CASE("a source that is away is waited for, the state stays in memory") {
  World world({orders()});
  world.put("orders", "1", order(1, 10));
  Running worker(world.job(kSum), world.environment());
  eventually([&] { return worker.live(); }, "live");
  world.trouble().set(away);
  eventually([&] { return worker.progress().stall.has_value(); }, "the outage is shown");
  CHECK(worker.progress().stall->reason == "Unreachable");
  CHECK(worker.progress().state == delivery::State::kStalled);
  world.put("orders", "2", order(2, 5));
  world.trouble().set(nullptr);
  eventually([&] { return world.rows(kTotal) == std::vector<std::string>{"15"}; }, "the new row");
  eventually([&] { return worker.live(); }, "live again");
  CHECK(!worker.progress().stall);
  CHECK(worker.logged("fill started") == 1);
  CHECK(worker.logged("rebuilding state by replay") == 0);
  // Said by the reading thread: its lines are the worker's.
  CHECK(worker.logged("reading stopped") == 1);
  CHECK(worker.logged("reading goes on") == 1);
}

TEST_CASE(
    "a reader that goes on trying by itself: it is shown, and the topic is looked at before reading on") {
  World world({orders()});
  world.put("orders", "1", order(1, 10));
  Running worker(world.job(kSum), world.environment());
  eventually([&] { return worker.live(); }, "live");
  std::atomic<int> looked = 0;
  world.trouble().set([](const std::string& call) -> std::optional<base::Error> {
    if (call == "away") return base::transient("Unreachable", "the store does not answer");
    return std::nullopt;
  });
  eventually([&] { return worker.progress().stall.has_value(); }, "the outage is shown");
  CHECK(worker.progress().stall->reason == "Unreachable");
  CHECK(worker.logged("reading stopped") == 1);
  world.trouble().set([&](const std::string& call) -> std::optional<base::Error> {
    if (call == "read" && looked++ == 0) return base::transient("Unreachable", "not yet");
    return std::nullopt;
  });
  world.put("orders", "2", order(2, 5));
  eventually([&] { return world.rows(kTotal) == std::vector<std::string>{"15"}; }, "the new row");
  CHECK(looked == 2);
  CHECK(worker.logged("reading goes on") == 1);
  eventually([&] { return worker.live() && !worker.progress().stall; }, "live again");
}

TEST_CASE("a topic that was replaced during an outage ends the worker") {
  World world({orders()});
  world.put("orders", "1", order(1, 10));
  Running worker(world.job(kSum), world.environment());
  eventually([&] { return worker.live(); }, "live");
  world.trouble().set(away);
  eventually([&] { return worker.logged("reading stopped") == 1; }, "the outage is seen");
  must(world.store()->delete_topic("orders"));
  world.make_topic("orders");
  world.put("orders", "7", order(7, 70));
  world.trouble().set(nullptr);
  const auto outcome = worker.wait();
  CHECK(outcome.exit == worker::Exit::kTerminal);
  CHECK(outcome.reason == "SourceReplaced");
  CHECK(world.rows(kTotal) == std::vector<std::string>{"10"});
}

TEST_CASE("a fill waits for its source where it is") {
  World world({orders()});
  for (int i = 0; i < 20'000; ++i) world.put("orders", std::to_string(i), order(i, 1));
  std::atomic<int> polls = 0;
  world.trouble().set([&](const std::string& call) -> std::optional<base::Error> {
    if (call == "poll" && ++polls == 2) return base::transient("Unreachable", "gone for a moment");
    return std::nullopt;
  });
  Running worker(world.job(kSum), world.environment());
  eventually([&] { return worker.live(); }, "live");
  CHECK(world.rows(kTotal) == std::vector<std::string>{"20000"});
  CHECK(worker.logged("reading goes on") == 1);
  CHECK(worker.logged("fill started") == 1);
}

TEST_CASE("a schema that is not to be had holds one partition back, the others flow") {
  World world({orders(2)});
  world.put("orders", "1", order(1, 10), 0);
  auto environment = world.environment();
  std::atomic<bool> registry_answers = false;
  environment.fetch_schema = [&](const worker::StoreSpec&, int id) -> base::Result<std::string> {
    CHECK(id == 2);
    if (!registry_answers) return base::transient("RegistryUnreachable", "the registry does not answer");
    return world.schema_of("orders");
  };
  Running worker(world.job("SELECT id, amount FROM orders"), environment);
  eventually([&] { return worker.live(); }, "live");
  world.put("orders", "2", order(2, 20), 0, 2);
  world.put("orders", "3", order(3, 30), 1);
  world.put("orders", "1", order(1, 11), 0);  // behind the one that waits
  const char* all = "SELECT id, amount FROM result ORDER BY id";
  eventually(
      [&] {
        return world.rows(all) == std::vector<std::string>{"1|10", "3|30"};
      },
      "partition 1 flows");
  eventually([&] { return worker.progress().stall.has_value(); }, "it is shown");
  CHECK(worker.progress().stall->reason == "RegistryUnreachable");
  registry_answers = true;
  eventually(
      [&] {
        return world.rows(all) == std::vector<std::string>{"1|11", "2|20", "3|30"};
      },
      "partition 0 goes on");
  eventually([&] { return worker.live(); }, "live again");
  CHECK(worker.logged("rebuilding state by replay") == 0);

  // What was fetched is kept: the next start needs no registry.
  worker.stop();
  registry_answers = false;
  environment.incarnation = 2;
  Running again(world.job("SELECT id, amount FROM orders"), environment);
  eventually([&] { return again.live(); }, "live from the kept schema");
  CHECK(!again.progress().stall);
}

TEST_CASE("an exception in a reading thread is an error, and passes") {
  World world({orders()});
  world.put("orders", "1", order(1, 10));
  std::atomic<bool> broken = true;
  world.trouble().set([&](const std::string& call) -> std::optional<base::Error> {
    if (broken && call == "poll") throw std::runtime_error("a bug");
    return std::nullopt;
  });
  Running worker(world.job(kSum), world.environment());
  eventually([&] { return worker.progress().stall.has_value(); }, "the bug is shown");
  CHECK(worker.progress().stall->reason == "InternalError");
  broken = false;
  eventually([&] { return worker.live(); }, "live");
}

TEST_CASE("an exception in a thread of a fill without state is an error, and passes") {
  World world({{"events", false, kOrderColumns, {}, 2}});
  world.put("events", "1", order(1, 10));
  std::atomic<bool> broken = true;
  world.trouble().set([&](const std::string& call) -> std::optional<base::Error> {
    if (broken && call == "poll") throw std::runtime_error("a bug");
    return std::nullopt;
  });
  Running worker(world.job("SELECT id FROM events"), world.environment());
  eventually([&] { return worker.progress().stall.has_value(); }, "the bug is shown");
  CHECK(worker.progress().stall->reason == "InternalError");
  broken = false;
  eventually([&] { return worker.live(); }, "live");
  CHECK(world.rows("SELECT id FROM result") == std::vector<std::string>{"1"});
}

namespace {

// The machine's clock, wrong by so much.
class WrongClock : public base::Clock {
 public:
  base::Micros now() const override { return base::system_clock().now() + wrong_by; }
  std::chrono::steady_clock::time_point steady() const override { return base::system_clock().steady(); }
  std::atomic<base::Micros> wrong_by = 0;
};

}  // namespace

TEST_CASE("a clock that jumps stalls in place until it is right again; a sleep of the machine is no jump") {
  constexpr base::Micros kTwoHours = 7'200'000'000;
  World world({orders()});
  world.put("orders", "1", order(1, 10));
  WrongClock clock;
  auto environment = world.environment();
  environment.clock = &clock;
  std::atomic<base::Micros> slept = 0;
  environment.since_boot = [&] { return base::since_boot() + slept; };
  Running worker(world.job(kSum), environment);
  eventually([&] { return worker.live(); }, "live");
  clock.wrong_by = kTwoHours;
  eventually([&] { return worker.progress().stall.has_value(); }, "the jump is shown");
  CHECK(worker.progress().stall->reason == "ClockJump");
  world.put("orders", "2", order(2, 5));
  CHECK(!worker.ended());
  clock.wrong_by = 0;
  eventually([&] { return world.rows(kTotal) == std::vector<std::string>{"15"}; }, "it goes on");
  eventually([&] { return worker.live(); }, "live again");
  CHECK(worker.logged("rebuilding state by replay") == 0);

  // Asleep: the wall clock and the time since boot went on together.
  slept = kTwoHours;
  clock.wrong_by = kTwoHours;
  world.put("orders", "3", order(3, 5));
  eventually([&] { return world.rows(kTotal) == std::vector<std::string>{"20"}; },
             "it goes on after a sleep");
  CHECK(!worker.progress().stall);
}

}  // namespace offtake::worker_test
