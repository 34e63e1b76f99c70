// Products that park: what does not decode is left out with what follows of its key, listed, and taken in or
// left out for good on command.
#include <filesystem>

#include "world.h"

namespace offtake::worker_test {
namespace {

using namespace std::chrono_literals;
using targets::LedgerCommand;
using targets::LedgerEntry;
using Strings = std::vector<std::string>;

constexpr const char* kColumns = R"({"name":"id","type":"long"},{"name":"amount","type":"long"})";
constexpr const char* kEach = "SELECT id, amount FROM events";
constexpr const char* kRows = "SELECT id, amount FROM result ORDER BY id, amount";
// Under this one no record of ours decodes: it wants a text before what there is.
constexpr const char* kWrong = R"({"type":"record","name":"value","fields":[{"name":"pad","type":"string"},)"
                               R"({"name":"id","type":"long"},{"name":"amount","type":"long"}]})";

std::string row(int id, int amount) {
  return fmt::format(R"({{"id":{},"amount":{}}})", id, amount);
}

std::string poison() {
  return std::string("\0\0\0\0\1\2", 6);  // cut short after the id
}

worker::Job parking(worker::Job job) {
  job.parks = true;
  return job;
}

worker::Environment with_desk(World& world) {
  worker::Environment environment = world.environment();
  environment.desk = std::make_shared<delivery::LedgerDesk>();
  return environment;
}

// "Parked 3", "Waiting 4": status and offset, in their order.
Strings ledger_of(World& world, int revision = 1) {
  worker::Job job;
  job.table.name = "result";
  auto entries = must(world.open_target(job)->ledger(revision));
  std::sort(entries.begin(), entries.end(), [](const LedgerEntry& a, const LedgerEntry& b) {
    return std::tie(a.dataset, a.offset, a.id) < std::tie(b.dataset, b.offset, b.id);
  });
  Strings out;
  for (const auto& entry : entries)
    out.push_back(fmt::format("{} {}", to_string(entry.status), entry.offset));
  return out;
}

targets::LedgerOutcome command(const worker::Environment& environment, LedgerCommand::Verb verb) {
  delivery::LedgerDesk::Request request;
  request.command.emplace();
  request.command->verb = verb;
  request.command->all = true;
  return must(environment.desk->ask(request, 20s)).outcome;
}

void check_books(World& world, const worker::Job& job) {
  const auto proof = must(world.open_target(job)->prove());
  CHECK(proof.table == proof.control.content);
}

}  // namespace

TEST_CASE("a poison record parks its key, the others flow, and a discard lets those behind it in") {
  for (const char* sql : {kEach, "SELECT id, sum(amount) AS amount FROM events GROUP BY id"}) {
    CAPTURE(sql);
    World world({{"events", false, kColumns, {}}});
    world.put("events", "1", row(1, 10));
    const auto job = parking(world.job(sql));
    const auto environment = with_desk(world);
    Running worker(job, environment);
    eventually([&] { return worker.live(); }, "live");
    world.put_raw("events", "2", poison());
    world.put("events", "2", row(2, 20));
    world.put("events", "2", row(3, 30));
    for (int i = 0; i < 1'000; ++i) world.put("events", std::to_string(100 + i), row(100 + i, i));
    eventually([&] { return world.rows("SELECT count(*) FROM result") == Strings{"1001"}; }, "the others");
    CHECK(ledger_of(world) == Strings{"Parked 1", "Waiting 2", "Waiting 3"});
    CHECK(!worker.progress().stall);
    CHECK(worker.progress().parked == 1);
    CHECK(worker.progress().parked_waiting == 2);
    check_books(world, job);

    // It does not decode now either, and nothing overtakes it.
    auto again = command(environment, LedgerCommand::Verb::kReplay);
    CHECK(again.replayed == 0);
    CHECK(again.still_parked == 1);
    CHECK(ledger_of(world) == Strings{"Parked 1", "Waiting 2", "Waiting 3"});

    auto outcome = command(environment, LedgerCommand::Verb::kDiscard);
    CHECK(outcome.discarded == 1);
    CHECK(outcome.replayed == 2);
    CHECK(world.rows("SELECT id, amount FROM result WHERE id < 100 ORDER BY id") ==
          Strings{"1|10", "2|20", "3|30"});
    CHECK(ledger_of(world) == Strings{"Discarded 1", "Replayed 2", "Replayed 3"});
    world.put("events", "2", row(4, 40));
    eventually([&] { return world.rows("SELECT amount FROM result WHERE id = 4") == Strings{"40"}; },
               "its key goes on");
    check_books(world, job);
  }
}

TEST_CASE("a corrected deployment heals what a wrong schema parked, in fills and live, over restarts") {
  for (const char* sql : {kEach, "SELECT id, sum(amount) AS amount FROM events GROUP BY id"}) {
    CAPTURE(sql);
    World world({{"events", false, kColumns, {}}});
    auto job = parking(world.job(sql));
    job.sources[0].schemas.push_back({7, kWrong});
    world.put("events", "1", row(1, 10));
    world.put("events", "2", row(2, 20), 0, 7);
    world.put("events", "2", row(3, 30));
    {
      Running worker(job, with_desk(world));
      eventually([&] { return worker.live(); }, "live");
      CHECK(ledger_of(world) == Strings{"Parked 1", "Waiting 2"});
      world.put("events", "5", row(5, 50), 0, 7);
      world.put("events", "6", row(6, 60));
      eventually([&] { return world.rows(kRows) == Strings{"1|10", "6|60"}; }, "the others");
    }
    CHECK(ledger_of(world) == Strings{"Parked 1", "Waiting 2", "Parked 3"});
    job.sources[0].schemas.back().text = world.schema_of("events");
    const auto environment = with_desk(world);
    Running worker(job, environment);
    eventually([&] { return worker.live(); }, "live again");
    world.put("events", "2", row(4, 40));
    eventually([&] { return ledger_of(world).size() == 4; }, "it waits, too");
    CHECK(world.rows(kRows) == Strings{"1|10", "6|60"});
    const auto outcome = command(environment, LedgerCommand::Verb::kReplay);
    CHECK(outcome.replayed == 4);
    CHECK(world.rows(kRows) == Strings{"1|10", "2|20", "3|30", "4|40", "5|50", "6|60"});
    check_books(world, job);
    worker.stop();

    // What is rebuilt from nothing is what the target has.
    for (const auto& entry : std::filesystem::directory_iterator(world.folder() / "state")) {
      std::filesystem::remove_all(entry);
    }
    Running rebuilt(job, with_desk(world));
    eventually([&] { return rebuilt.live(); }, "live from the records");
    world.put("events", "1", row(7, 70));
    eventually([&] { return world.rows("SELECT amount FROM result WHERE id = 7") == Strings{"70"}; }, "on");
    check_books(world, job);
  }
}

TEST_CASE("a checkpoint from before a replay takes in what came in since") {
  World world({{"events", false, kColumns, {}}});
  auto job = parking(world.job("SELECT id, sum(amount) AS amount FROM events GROUP BY id"));
  job.sources[0].schemas.push_back({7, kWrong});
  world.put("events", "1", row(1, 10));
  world.put("events", "2", row(2, 20), 0, 7);
  const auto kept = world.folder() / "kept";
  {
    Running worker(job, with_desk(world));
    eventually([&] { return worker.live(); }, "live");
    worker.stop();
    std::filesystem::copy(world.folder() / "state", kept, std::filesystem::copy_options::recursive);
  }
  job.sources[0].schemas.back().text = world.schema_of("events");
  {
    const auto environment = with_desk(world);
    Running worker(job, environment);
    eventually([&] { return worker.live(); }, "live");
    CHECK(command(environment, LedgerCommand::Verb::kReplay).replayed == 1);
    worker.stop();
  }
  for (const auto& entry : std::filesystem::directory_iterator(world.folder() / "state" / "checkpoints")) {
    if (entry.is_directory()) std::filesystem::remove_all(entry);
  }
  for (const auto& entry : std::filesystem::directory_iterator(kept / "checkpoints")) {
    if (!entry.is_directory()) continue;
    std::filesystem::copy(entry, world.folder() / "state" / "checkpoints" / entry.path().filename(),
                          std::filesystem::copy_options::recursive);
  }
  Running worker(job, with_desk(world));
  eventually([&] { return worker.live(); }, "live");
  CHECK(worker.logged("restoring a checkpoint") == 1);
  CHECK(worker.logged("rebuilding state by replay") == 0);
  CHECK(world.rows(kRows) == Strings{"1|10", "2|20"});
  world.put("events", "2", row(2, 5));
  eventually([&] { return world.rows(kRows) == Strings{"1|10", "2|25"}; }, "on");
}

TEST_CASE("a join over a parked customer keeps the last good one") {
  World world(
      {{"events", false, kColumns, {}},
       {"customers", true, R"({"name":"id","type":"long"},{"name":"name","type":"string"})", {"id"}}});
  world.put("customers", "1", R"({"id":1,"name":"Ada"})");
  world.put("events", "a", row(1, 10));
  Running worker(
      parking(world.job("SELECT e.amount, c.name FROM events e JOIN customers c ON c.id = e.id", {"amount"})),
      with_desk(world));
  eventually([&] { return worker.live(); }, "live");
  world.put_raw("customers", "1", poison());
  world.put("customers", "1", R"({"id":1,"name":"Augusta"})");
  eventually([&] { return ledger_of(world) == Strings{"Parked 1", "Waiting 2"}; }, "parked");
  world.put("events", "b", row(1, 20));
  eventually(
      [&] {
        return world.rows("SELECT amount, name FROM result ORDER BY amount") == Strings{"10|Ada", "20|Ada"};
      },
      "joined with the last good one");
}

TEST_CASE("the next revision starts with the discards, not with what is parked") {
  World world({{"events", false, kColumns, {}}});
  world.put("events", "1", row(1, 10));
  world.put_raw("events", "2", poison());
  {
    const auto environment = with_desk(world);
    Running worker(parking(world.job(kEach)), environment);
    eventually([&] { return worker.live(); }, "live");
    CHECK(command(environment, LedgerCommand::Verb::kDiscard).discarded == 1);
    world.put_raw("events", "3", poison());
    eventually([&] { return ledger_of(world) == Strings{"Discarded 1", "Parked 2"}; }, "parked");
  }
  Running next(parking(world.job("SELECT id, amount, 1 AS one FROM events", {}, 2)), with_desk(world));
  eventually([&] { return next.live(); }, "live");
  CHECK(ledger_of(world, 2) == Strings{"Discarded 1", "Parked 2"});
  CHECK(next.progress().discarded == 1);
}

TEST_CASE("errorPolicy Stop stalls at the first and keeps what is parked already") {
  World world({{"events", false, kColumns, {}}});
  world.put("events", "1", row(1, 10));
  world.put_raw("events", "2", poison());
  {
    Running worker(parking(world.job(kEach)), with_desk(world));
    eventually([&] { return worker.live(); }, "live");
  }
  Running worker(world.job(kEach), with_desk(world));
  eventually([&] { return worker.live(); }, "live");
  CHECK(ledger_of(world) == Strings{"Parked 1"});
  world.put_raw("events", "3", poison());
  eventually([&] { return worker.progress().stall.has_value(); }, "the stall is shown");
  CHECK(worker.progress().stall->reason == "RecordNotDecoded");
  CHECK(ledger_of(world) == Strings{"Parked 1"});
}

TEST_CASE("rows in error are left out and listed, and come in when they are corrected") {
  World world({{"orders", true, kColumns, {"id"}}});
  world.put("orders", "1", row(1, 10));
  world.put("orders", "2", row(2, 0));
  const auto job = parking(world.job("SELECT id, 100 / amount AS share FROM orders"));
  constexpr const char* kShares = "SELECT id, share FROM result ORDER BY id";
  {
    Running worker(job, with_desk(world));
    eventually([&] { return worker.live(); }, "live");
    CHECK(world.rows(kShares) == Strings{"1|10"});
    CHECK(worker.progress().error_rows == 1);
    world.put("orders", "3", row(3, 0));
    world.put("orders", "4", row(4, 4));
    eventually([&] { return world.rows(kShares) == Strings{"1|10", "4|25"}; }, "the others");
    eventually([&] { return worker.progress().error_rows == 2; }, "listed");
    CHECK(!worker.progress().stall);
  }
  CHECK(ledger_of(world).size() == 2);
  Running worker(job, with_desk(world));
  eventually([&] { return worker.live(); }, "live again");
  CHECK(worker.progress().error_rows == 2);
  world.put("orders", "2", row(2, 5));
  eventually([&] { return world.rows(kShares) == Strings{"1|10", "2|20", "4|25"}; }, "corrected");
  eventually([&] { return ledger_of(world).size() == 1; }, "gone from the list");
  check_books(world, job);
}

TEST_CASE("nothing is asked of a product that is not delivered") {
  delivery::LedgerDesk desk;
  delivery::LedgerDesk::Request request;
  request.show = "in-0";
  CHECK(desk.ask(request, 1ms).error().code == "LedgerBusy");
  CHECK(must(desk.ask({}, 1ms)).entries.empty());
  const delivery::LedgerDesk::Open open(&desk);
  CHECK(desk.ask(request, 1ms).error().code == "LedgerBusy");
  CHECK(!desk.has_request());
}

}  // namespace offtake::worker_test
