// A worker that starts again goes on from its checkpoint; where there is no good one, from the records.
#include <sys/mount.h>

#include <cerrno>
#include <filesystem>

#include "base/sqlite/database.h"
#include "world.h"

namespace offtake::worker_test {
namespace {

namespace fs = std::filesystem;

constexpr const char* kOrderColumns = R"({"name":"id","type":"long"},{"name":"customer","type":"long"},)"
                                      R"({"name":"amount","type":"long"})";
constexpr const char* kCustomerColumns = R"({"name":"id","type":"long"},{"name":"city","type":"string"})";
constexpr const char* kSql =
    "SELECT c.city, count(*) AS n, sum(o.amount) AS total FROM orders o JOIN customers c ON o.customer = "
    "c.id "
    "GROUP BY c.city";
constexpr const char* kAll = "SELECT city, n, total FROM result ORDER BY city";

struct Shop {
  World world{{{"orders", false, kOrderColumns, {}, 2}, {"customers", true, kCustomerColumns, {"id"}}}};
  worker::Job job = world.job(kSql);
  std::map<int, std::string> cities;
  std::vector<std::pair<int, int>> orders;  // customer, amount

  void customer(int id, const std::string& city) {
    world.put("customers", std::to_string(id), fmt::format(R"({{"id":{},"city":"{}"}})", id, city));
    cities[id] = city;
  }
  void order(int customer, int amount) {
    const auto id = static_cast<int>(orders.size());
    world.put("orders", std::to_string(id),
              fmt::format(R"({{"id":{},"customer":{},"amount":{}}})", id, customer, amount), id % 2);
    orders.emplace_back(customer, amount);
  }
  void fill() {
    for (int id = 0; id < 10; ++id) customer(id, id % 2 == 0 ? "Oslo" : "Rome");
    for (int i = 0; i < 200; ++i) order(i % 12, i);
  }
  void change() {
    customer(static_cast<int>(orders.size()) % 10, "Bergen");
    for (int i = 0; i < 30; ++i) order(i % 12, 7 * i);
  }
  std::vector<std::string> expected() const {
    std::map<std::string, std::pair<int, int>> groups;
    for (const auto& [customer, amount] : orders) {
      const auto city = cities.find(customer);
      if (city == cities.end()) continue;
      ++groups[city->second].first;
      groups[city->second].second += amount;
    }
    std::vector<std::string> out;
    for (const auto& [city, group] : groups)
      out.push_back(fmt::format("{}|{}|{}", city, group.first, group.second));
    return out;
  }
  void until_right() {
    eventually([&] { return world.rows(kAll) == expected(); }, "the rows");
  }
  fs::path checkpoints() const { return world.folder() / "state" / "checkpoints"; }
  // Names of whole checkpoints, the oldest first.
  std::vector<std::string> names() const {
    auto all = must(files::list_names(checkpoints()));
    std::erase_if(all, [](const std::string& name) { return name[0] < '0' || name[0] > '9'; });
    return all;
  }
};

void replace(const fs::path& by, const fs::path& what) {
  fs::remove_all(what);
  fs::copy(by, what, fs::copy_options::recursive);
}

void wait_for_checkpoint(const Running& worker) {
  eventually([&] { return worker.progress().checkpoints_written > 0; }, "a checkpoint");
}

}  // namespace

TEST_CASE("the first checkpoint comes with the fill, another when the worker is drained") {
  Shop shop;
  shop.fill();
  std::int64_t epoch = 0;
  {
    Running worker(shop.job, shop.world.environment());
    eventually([&] { return worker.live(); }, "live");
    wait_for_checkpoint(worker);
    const auto first = worker.progress();
    CHECK(first.checkpoint_bytes > 0);
    CHECK(first.checkpoint_at > 0);
    CHECK(shop.names().size() == 1);
    shop.change();
    shop.until_right();
    worker.stop();
    CHECK(worker.progress().checkpoints_written == 2);
    CHECK(worker.progress().checkpoint_epoch > first.checkpoint_epoch);
    epoch = shop.world.control().epoch;
    CHECK(worker.progress().checkpoint_epoch == epoch);
  }
  CHECK(shop.names().size() == 2);
  Running again(shop.job, shop.world.environment());
  eventually([&] { return again.live(); }, "live again");
  CHECK(again.logged("restoring a checkpoint") == 1);
  CHECK(again.logged("rebuilding state by replay") == 0);
  CHECK(again.logged("fill started") == 0);
  CHECK(again.progress().checkpoint_epoch == epoch);
  shop.change();
  shop.until_right();
  again.stop();
  CHECK(shop.names().size() == 2);
  const auto proof = must(shop.world.open_target(shop.job)->prove());
  CHECK(proof.table == proof.control.content);
}

TEST_CASE("nothing new: nothing is written") {
  Shop shop;
  shop.fill();
  {
    Running worker(shop.job, shop.world.environment());
    eventually([&] { return worker.live(); }, "live");
    wait_for_checkpoint(worker);
    worker.stop();
    CHECK(worker.progress().checkpoints_written == 1);
  }
  Running again(shop.job, shop.world.environment());
  eventually([&] { return again.live(); }, "live again");
  again.stop();
  CHECK(again.progress().checkpoints_written == 0);
}

TEST_CASE("a plan without state writes none") {
  World world({{"orders", false, kOrderColumns, {}}});
  world.put("orders", "1", R"({"id":1,"customer":1,"amount":1})");
  Running worker(world.job("SELECT id FROM orders"), world.environment());
  eventually([&] { return worker.live(); }, "live");
  worker.stop();
  CHECK_FALSE(files::exists(world.folder() / "state" / "checkpoints"));
}

TEST_CASE("killed: the checkpoint is rolled forward to what the target holds") {
  Shop shop;
  shop.fill();
  const fs::path at_kill = shop.world.folder() / "at-kill";
  {
    Running worker(shop.job, shop.world.environment());
    eventually([&] { return worker.live(); }, "live");
    wait_for_checkpoint(worker);
    shop.change();
    shop.customer(99, "Paris");
    shop.order(99, 5);
    shop.until_right();
    // What is on disk when a worker is killed now; what it writes when it is drained did not happen.
    replace(shop.checkpoints(), at_kill);
  }
  replace(at_kill, shop.checkpoints());
  REQUIRE(shop.names().size() == 1);
  Running again(shop.job, shop.world.environment());
  eventually([&] { return again.live(); }, "live again");
  CHECK(again.logged("restoring a checkpoint") == 1);
  CHECK(again.logged("rebuilding state by replay") == 0);
  // Its state is further than the checkpoint was: that is written soon.
  wait_for_checkpoint(again);
  shop.change();
  shop.until_right();
  const auto proof = must(shop.world.open_target(shop.job)->prove());
  CHECK(proof.table == proof.control.content);
}

TEST_CASE("a damaged checkpoint is thrown away: the one before it, then the records") {
  Shop shop;
  shop.fill();
  {
    Running worker(shop.job, shop.world.environment());
    eventually([&] { return worker.live(); }, "live");
    wait_for_checkpoint(worker);
    shop.change();
    shop.until_right();
  }
  REQUIRE(shop.names().size() == 2);
  const auto damage = [&](const std::string& name) {
    const fs::path state = shop.checkpoints() / name / "state";
    std::string bytes = must(files::read_file(state));
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    must(files::write_file_atomic(state, bytes));
  };
  damage(shop.names()[1]);
  {
    Running again(shop.job, shop.world.environment());
    eventually([&] { return again.live(); }, "live again");
    CHECK(again.logged("checkpoint thrown away") == 1);
    CHECK(again.logged("restoring a checkpoint") == 2);
    CHECK(again.logged("rebuilding state by replay") == 0);
    shop.change();
    shop.until_right();
  }
  for (const std::string& name : shop.names()) damage(name);
  Running last(shop.job, shop.world.environment());
  eventually([&] { return last.live(); }, "live once more");
  CHECK(last.logged("checkpoint thrown away") == 2);
  CHECK(last.logged("rebuilding state by replay") == 1);
  shop.change();
  shop.until_right();
}

TEST_CASE("a target that was put back: newer checkpoints are dropped") {
  Shop shop;
  shop.fill();
  const fs::path backup = shop.world.folder() / "backup";
  const fs::path product = fs::path(shop.world.product_file()).parent_path();
  {
    Running worker(shop.job, shop.world.environment());
    eventually([&] { return worker.live(); }, "live");
    wait_for_checkpoint(worker);
  }
  replace(product, backup);
  {
    Running worker(shop.job, shop.world.environment());
    eventually([&] { return worker.live(); }, "live");
    shop.change();
    shop.until_right();
  }
  REQUIRE(shop.names().size() == 2);
  replace(backup, product);
  Running again(shop.job, shop.world.environment());
  eventually([&] { return again.live(); }, "live again");
  CHECK(again.logged("checkpoint thrown away") == 1);
  CHECK(again.logged("restoring a checkpoint") == 1);
  shop.until_right();
  const auto proof = must(shop.world.open_target(shop.job)->prove());
  CHECK(proof.table == proof.control.content);
}

TEST_CASE("a control row that goes back beneath a live worker: its state is restored from before") {
  Shop shop;
  shop.fill();
  Running worker(shop.job, shop.world.environment());
  eventually([&] { return worker.live(); }, "live");
  wait_for_checkpoint(worker);
  shop.change();
  shop.until_right();
  const std::int64_t epoch = shop.world.control().epoch;
  REQUIRE(worker.progress().checkpoint_epoch < epoch);
  {
    auto database = must(sqlite::Database::open(shop.world.product_file()));
    must(database.execute("UPDATE _offtake_control SET epoch = epoch - 1"));
  }
  shop.change();
  shop.until_right();
  eventually([&] { return worker.live(); }, "live again");
  CHECK(worker.logged("restoring a checkpoint") == 1);
  CHECK(worker.logged("rebuilding state by replay") == 0);
  CHECK(shop.world.control().epoch >= epoch);
  const auto proof = must(shop.world.open_target(shop.job)->prove());
  CHECK(proof.table == proof.control.content);
}

TEST_CASE("a checkpoint whose target holds something else is not used") {
  Shop shop;
  shop.fill();
  {
    Running worker(shop.job, shop.world.environment());
    eventually([&] { return worker.live(); }, "live");
    wait_for_checkpoint(worker);
    shop.change();
    shop.until_right();
  }
  {
    auto database = must(sqlite::Database::open(shop.world.product_file()));
    must(database.execute("UPDATE _offtake_control SET checksum = checksum + 1"));
  }
  Running again(shop.job, shop.world.environment());
  const auto outcome = again.wait();
  CHECK(outcome.reason == "StateLost");
  // One at the very offsets of the row, one that had to be rolled forward to it.
  CHECK(again.logged("checkpoint thrown away") == 2);
  CHECK(again.logged("restoring a checkpoint") == 1);
}

TEST_CASE("while a row is in error nothing is written: the state holds what is not committed") {
  World world({{"orders", true, kOrderColumns, {"id"}}});
  const auto job = world.job("SELECT id, sum(100 / amount) AS share FROM orders GROUP BY id");
  world.put("orders", "1", R"({"id":1,"customer":1,"amount":10})");
  {
    Running worker(job, world.environment());
    eventually([&] { return worker.live(); }, "live");
    wait_for_checkpoint(worker);
    world.put("orders", "2", R"({"id":2,"customer":1,"amount":0})");
    eventually([&] { return worker.progress().stall.has_value(); }, "the stall");
    worker.stop();
    CHECK(worker.progress().checkpoints_written == 1);
  }
  Running again(job, world.environment());
  eventually([&] { return again.progress().stall.has_value(); }, "the stall again");
  CHECK(again.logged("restoring a checkpoint") == 1);
  world.put("orders", "2", R"({"id":2,"customer":1,"amount":4})");
  eventually(
      [&] {
        return world.rows("SELECT id, share FROM result ORDER BY id") ==
               std::vector<std::string>{"1|10", "2|25"};
      },
      "healed");
}

TEST_CASE("a full disk: counted and said, and the product goes on") {
  Shop shop;
  shop.fill();
  const fs::path disk = shop.world.folder() / "disk";
  fs::create_directories(disk);
  if (::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=1m") != 0) {
    const char* required = std::getenv("OFFTAKE_TEST_REQUIRE");
    if (required != nullptr && std::string_view(required) == "all")
      FAIL("tmpfs cannot be mounted: errno " << errno);
    MESSAGE("skipped: a tmpfs cannot be mounted here");
    return;
  }
  auto environment = shop.world.environment();
  environment.state_directory = disk.string();
  {
    Running worker(shop.job, environment);
    eventually([&] { return worker.live(); }, "live");
    eventually([&] { return worker.progress().checkpoints_failed > 0; }, "a failure");
    CHECK(worker.logged("no checkpoint written") == 1);
    shop.change();
    shop.until_right();
    CHECK_FALSE(worker.progress().stall);
    CHECK(worker.progress().checkpoints_written == 0);
  }
  ::umount2(disk.c_str(), MNT_DETACH);
}

}  // namespace offtake::worker_test
