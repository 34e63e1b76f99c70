// Targets without transactions: an epoch that was cut short, and one revision handing over to the next.
#include "base/json/value.h"
#include "base/sqlite/database.h"
#include "world.h"

namespace offtake::worker_test {
namespace {

using namespace std::chrono_literals;
using targets::ControlRow;
using targets::Phase;

constexpr const char* kOrderColumns = R"({"name":"id","type":"long"},{"name":"amount","type":"long"})";
constexpr const char* kOrders = "SELECT id, amount FROM orders";
constexpr const char* kTotals = "SELECT amount % 3 AS part, count(*) AS n FROM orders GROUP BY amount % 3";

std::string order(int id, int amount) {
  return fmt::format(R"({{"id":{},"amount":{}}})", id, amount);
}

World world_of_orders() {
  return World({{"orders", true, kOrderColumns, {"id"}, 2}}, nullptr, true);
}

void put(World& world, int id, int amount) {
  world.put("orders", std::to_string(id), order(id, amount), id % 2);
}

// Notes what is written, and fails what it is told to.
class Watched {
 public:
  using Rule = std::function<base::Status(std::string_view what, const ControlRow* row)>;
  explicit Watched(Rule rule = nullptr) : rule_(std::move(rule)) {
    targets_test::set_fault([this](std::string_view what, const ControlRow* row) -> base::Status {
      if (rule_) {
        if (auto fine = rule_(what, row); !fine) return fine;
      }
      if (row != nullptr) controls_.push_back(*row);
      return {};
    });
  }
  ~Watched() { targets_test::set_fault(nullptr); }
  Watched(const Watched&) = delete;
  Watched& operator=(const Watched&) = delete;

  // Those that ended an epoch, in order. REQUIRES: nobody writes any more.
  std::vector<ControlRow> epochs(int revision) const {
    std::vector<ControlRow> out;
    std::int64_t last = -1;
    for (const auto& row : controls_) {
      if (row.revision != revision) continue;
      if (last >= 0 && row.epoch > last) out.push_back(row);
      last = row.epoch;
    }
    return out;
  }

 private:
  Rule rule_;
  std::vector<ControlRow> controls_;
};

base::Error broken() {
  return base::terminal("Broken", "the target is out of order");
}

// Runs a worker until it stands with an intent open and some of its rows written.
targets::Intent cut_short(World& world, const worker::Job& job) {
  std::atomic<int> rows = -1000'000;
  Watched watched([&](std::string_view what, const ControlRow*) -> base::Status {
    if (what == "row" && ++rows > 1) return broken();
    return {};
  });
  Running worker(job, world.environment());
  eventually([&] { return worker.live(); }, "live");
  rows = 0;
  for (int id = 1; id <= 9; ++id) put(world, id, 100 + id);
  eventually([&] { return worker.progress().stall.has_value(); }, "it is shown");
  CHECK(worker.progress().stall->reason == "Broken");
  worker.stop();
  const auto control = world.control();
  REQUIRE(control.intent.has_value());
  CHECK(control.intent->epoch == control.epoch + 1);
  CHECK(control.intent->offsets != control.offsets);
  return *control.intent;
}

std::vector<std::string> expected(const std::map<int, int>& amounts) {
  std::vector<std::string> out;
  for (const auto& [id, amount] : amounts) out.push_back(fmt::format("{}|{}", id, amount));
  std::sort(out.begin(), out.end());
  return out;
}

void check_proof(World& world, const worker::Job& job) {
  const auto proof = must(world.open_target(job)->prove());
  CHECK(proof.table == proof.control.content);
}

}  // namespace

TEST_CASE("an epoch cut short is committed as it was begun, before anything else") {
  for (const char* sql : {kOrders, kTotals}) {
    CAPTURE(sql);
    World world = world_of_orders();
    for (int id = 1; id <= 5; ++id) put(world, id, id);
    const auto job = world.job(sql);
    const targets::Intent intent = cut_short(world, job);
    // What came since belongs to later epochs.
    put(world, 1, 500);
    put(world, 20, 600);
    Watched watched;
    Running worker(job, world.environment());
    eventually([&] { return worker.live() && worker.progress().epochs_committed > 1; }, "it goes on");
    worker.stop();
    CHECK(worker.logged("committing an epoch that was begun") == 1);
    CHECK(worker.logged("fill started") == 0);
    const auto epochs = watched.epochs(1);
    REQUIRE(epochs.size() > 1);
    CHECK(epochs[0].epoch == intent.epoch);
    CHECK(epochs[0].offsets == intent.offsets);
    CHECK(epochs[0].last_records == intent.last_records);
    CHECK(epochs[0].logical_time == intent.logical_time);
    CHECK(epochs[0].content == intent.content);
    check_proof(world, job);
    if (sql == kOrders) {
      std::map<int, int> amounts = {{1, 500}, {20, 600}};
      for (int id = 2; id <= 9; ++id) amounts[id] = 100 + id;
      eventually([&] { return world.documents() == expected(amounts); }, "the rows");
    }
  }
}

TEST_CASE("a plan without state goes on from an intent, too") {
  World world({{"events", false, kOrderColumns, {}, 2}}, nullptr, true);
  world.put("events", "1", order(1, 1), 0);
  const auto job = world.job("SELECT id, amount FROM events");
  targets::Intent intent;
  {
    std::atomic<int> rows = -1000'000;
    Watched watched([&](std::string_view what, const ControlRow*) -> base::Status {
      if (what == "row" && ++rows > 2) return broken();
      return {};
    });
    Running worker(job, world.environment());
    eventually([&] { return worker.live(); }, "live");
    rows = 0;
    for (int id = 2; id <= 7; ++id) world.put("events", std::to_string(id), order(id, id), id % 2);
    eventually([&] { return worker.progress().stall.has_value(); }, "it is shown");
    worker.stop();
    REQUIRE(world.control().intent.has_value());
    intent = *world.control().intent;
  }
  world.put("events", "8", order(8, 8), 0);
  Watched watched;
  Running worker(job, world.environment());
  eventually([&] { return world.documents().size() == 8; }, "all rows");
  worker.stop();
  const auto epochs = watched.epochs(1);
  REQUIRE(!epochs.empty());
  CHECK(epochs[0].epoch == intent.epoch);
  CHECK(epochs[0].offsets == intent.offsets);
  check_proof(world, job);
}

TEST_CASE("an epoch whose records changed since is not passed off as the one that was begun") {
  World world = world_of_orders();
  for (int id = 1; id <= 5; ++id) put(world, id, id);
  const auto job = world.job(kOrders);
  cut_short(world, job);
  // As if a record of it had been compacted away: the totals that were planned cannot come out.
  auto file = must(sqlite::Database::open(world.product_file()));
  auto found = must(file.prepare("SELECT document FROM control"));
  REQUIRE(must(found.step()));
  std::string document = found.string(0);
  found.reset();
  const std::string rows = R"("content":{"rows":)";
  const auto intent = document.find(R"("intent")");
  REQUIRE(intent != std::string::npos);
  const auto at = document.find(rows, intent);
  REQUIRE(at != std::string::npos);
  document.insert(at + rows.size(), "1");
  must(file.run("UPDATE control SET version = version + 1, document = ?1", std::string_view(document)));
  Running worker(job, world.environment());
  const auto outcome = worker.wait();
  CHECK(outcome.exit == worker::Exit::kTerminal);
  CHECK(outcome.reason == "StateLost");
  CHECK(world.control().intent.has_value());
}

TEST_CASE("a revision hands over to the next while records come") {
  World world = world_of_orders();
  std::map<int, int> amounts;
  const auto add = [&](int id, int amount) {
    put(world, id, amount);
    amounts[id] = amount;
  };
  for (int id = 1; id <= 50; ++id) add(id, id);
  Running first(world.job(kOrders), world.environment());
  eventually([&] { return first.live(); }, "live");
  Watched watched;
  Running second(world.job(kOrders, {}, 2), world.environment());
  int id = 100;
  eventually(
      [&] {
        ++id;
        add(id, id);
        return second.progress().published && second.live();
      },
      "published");
  const auto fenced = first.wait();
  CHECK(fenced.exit == worker::Exit::kFenced);
  CHECK(world.phase(1) == Phase::kFenced);
  CHECK(world.phase(2) == Phase::kCurrent);
  CHECK(world.control(2).epoch > world.control(1).epoch);
  add(1, 7000);
  eventually([&] { return world.documents() == expected(amounts); }, "the rows");
  second.stop();
  check_proof(world, world.job(kOrders, {}, 2));
}

TEST_CASE("a revision that is behind reads to exactly where the other one stands, and holds there") {
  World world = world_of_orders();
  for (int id = 1; id <= 5; ++id) put(world, id, id);
  const auto next = world.job(kOrders, {}, 2);
  Running first(world.job(kOrders), world.environment());
  eventually([&] { return first.live(); }, "live");
  {
    Watched watched([](std::string_view what, const ControlRow* row) -> base::Status {
      if (what == "control" && row->phase == Phase::kHandingOver) return broken();
      return {};
    });
    Running second(next, world.environment());
    eventually([&] { return world.phase(2) == Phase::kCatchingUp; }, "filled");
    second.stop();
  }
  const auto before = world.control(2).offsets;
  for (int id = 6; id <= 9; ++id) put(world, id, id);
  eventually([&] { return world.documents().size() == 9; }, "the first one goes on");
  std::atomic<bool> name_moves = false;
  Watched watched([&](std::string_view what, const ControlRow*) -> base::Status {
    if (what == "publish" && !name_moves) return broken();
    return {};
  });
  {
    Running second(next, world.environment());
    eventually([&] { return world.phase(1) == Phase::kHandingOver; }, "it stands still");
    // Neither goes on before the public name has moved: what is there is what readers see.
    put(world, 10, 10);
    CHECK(first.wait().exit == worker::Exit::kFenced);
    eventually([&] { return world.control(2).offsets == world.control(1).offsets; }, "there");
    CHECK(second.logged("reading to where the previous revision stands") == 1);
    std::this_thread::sleep_for(1'200ms);
    CHECK(world.control(2).offsets == world.control(1).offsets);
    CHECK(world.control(2).offsets != before);
    CHECK(world.documents().size() == 9);
    second.stop();
  }
  // Another one goes on from there.
  name_moves = true;
  Running second(next, world.environment());
  eventually([&] { return second.progress().published; }, "published");
  eventually([&] { return world.documents().size() == 10; }, "it goes on");
  eventually([&] { return world.phase(1) == Phase::kFenced; }, "fenced for good");
  second.stop();
  check_proof(world, next);
}

TEST_CASE("a revision with an epoch cut short is not replaced before that is ended") {
  World world = world_of_orders();
  for (int id = 1; id <= 5; ++id) put(world, id, id);
  const auto job = world.job(kOrders);
  const auto intent = cut_short(world, job);
  Watched watched;
  Running second(world.job(kOrders, {}, 2), world.environment());
  eventually([&] { return second.logged("the swap waits for a lock") == 1; }, "blocked");
  CHECK(world.phase(1) == Phase::kCurrent);
  CHECK(world.control(1).intent == intent);
  CHECK(!second.progress().published);
  Running first(job, world.environment());
  eventually([&] { return second.progress().published; }, "published");
  put(world, 20, 20);  // idle, it would look half a minute later
  CHECK(first.wait().exit == worker::Exit::kFenced);
  // What came after that epoch was begun may have had one of its own before the swap.
  const auto epochs = watched.epochs(1);
  REQUIRE(!epochs.empty());
  CHECK(epochs[0].epoch == intent.epoch);
  CHECK(epochs[0].offsets == intent.offsets);
  CHECK(!world.control(1).intent);
  second.stop();
  check_proof(world, world.job(kOrders, {}, 2));
}

}  // namespace offtake::worker_test
