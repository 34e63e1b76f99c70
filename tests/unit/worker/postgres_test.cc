// What only a server does: it goes away and comes back, and others hold locks in it.
#include "world.h"

namespace offtake::worker_test {
namespace {

constexpr const char* kOrderColumns = R"({"name":"id","type":"long"},{"name":"amount","type":"long"})";

Stream orders() {
  return {"orders", true, kOrderColumns, {"id"}};
}

std::string order(int id, int amount) {
  return fmt::format(R"({{"id":{},"amount":{}}})", id, amount);
}

}  // namespace

TEST_CASE("a target that is away is waited for with the state in memory; nothing is lost or doubled") {
  targets_test::PostgresServer server;
  World world({orders()}, &server);
  world.put("orders", "1", order(1, 10));
  Running worker(world.job("SELECT sum(amount) AS total, count(*) AS n FROM orders"), world.environment());
  eventually([&] { return worker.live(); }, "live");
  server.stop();
  world.put("orders", "2", order(2, 5));
  eventually([&] { return worker.progress().stall.has_value(); }, "the outage is shown");
  CHECK(worker.progress().stall->reason == "TargetUnreachable");
  world.put("orders", "1", order(1, 20));
  world.put("orders", "3", order(3, 1));
  server.start();
  eventually([&] { return world.rows("SELECT total, n FROM result") == std::vector<std::string>{"26|3"}; },
             "what came meanwhile");
  eventually([&] { return worker.live(); }, "live again");
  CHECK(!worker.progress().stall);
  CHECK(worker.logged("fill started") == 1);
  CHECK(worker.logged("rebuilding state by replay") == 0);
  // A stop while the target is away ends the worker, too.
  server.stop();
  world.put("orders", "4", order(4, 1));
  eventually([&] { return worker.progress().stall.has_value(); }, "the outage is shown");
  CHECK(worker.stop().exit == worker::Exit::kDrained);
}

TEST_CASE("who keeps the swap from its lock for a minute is named, and then it is published") {
  targets_test::PostgresServer server;
  World world({orders()}, &server);
  world.put("orders", "1", order(1, 10));
  Running first(world.job("SELECT id, amount FROM orders"), world.environment());
  eventually([&] { return first.live(); }, "live");
  // A session of the product's own role: of others the server shows it no query.
  auto settings = server.admin();
  settings.user = world.connection().user;
  settings.password = world.connection().password;
  auto reader = must(targets::postgres::Connection::open(settings));
  must(reader->execute("BEGIN"));
  must(reader->query(fmt::format(R"(SELECT count(*) FROM "{}"."result")", world.connection().schema)));

  auto environment = world.environment();
  std::atomic<base::Micros> later = 0;
  environment.since_boot = [&] { return base::since_boot() + later; };
  environment.clock = &base::system_clock();
  Running second(world.job("SELECT id, amount * 2 AS amount FROM orders", {}, 2), environment);
  eventually([&] { return second.logged("the swap waits for a lock") == 1; }, "the swap is blocked");
  CHECK(second.progress().swap_blocked_by.empty());  // not yet worth a word
  // Meanwhile the first revision serves, and both are fed.
  world.put("orders", "2", order(2, 20));
  later = 61'000'000;
  eventually([&] { return !second.progress().swap_blocked_by.empty(); }, "it is named");
  const std::string by = second.progress().swap_blocked_by;
  CHECK(by.find(fmt::format("pid {} ", reader->backend_pid())) != std::string::npos);
  CHECK(by.find("SELECT count(*) FROM") != std::string::npos);
  CHECK(first.logged("published") == 1);
  CHECK(second.logged("published") == 0);
  must(reader->execute("COMMIT"));
  eventually([&] { return second.logged("published") == 1; }, "published");
  CHECK(second.progress().swap_blocked_by.empty());
  world.put("orders", "3", order(3, 30));
  eventually([&] { return first.ended(); }, "the first one is fenced");
  CHECK(first.wait().exit == worker::Exit::kFenced);
  eventually(
      [&] {
        return world.rows("SELECT id, amount FROM result ORDER BY id") ==
               std::vector<std::string>{"1|20", "2|40", "3|60"};
      },
      "the second one's rows");
}

}  // namespace offtake::worker_test
