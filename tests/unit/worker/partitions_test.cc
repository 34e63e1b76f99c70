// Topics that grow, and what makes sure that a topic is still the same.
#include "base/sqlite/database.h"
#include "operators/delivery/inputs.h"
#include "operators/delivery/same_source.h"
#include "operators/targets/control_json.h"
#include "world.h"

namespace offtake::worker_test {
namespace {

constexpr const char* kColumns = R"({"name":"id","type":"long"},{"name":"amount","type":"long"})";

std::string event(int id, int amount) {
  return fmt::format(R"({{"id":{},"amount":{}}})", id, amount);
}

}  // namespace

TEST_CASE(
    "the state over a topic that grew after the fill is rebuilt from the new partition's first record") {
  World world({{"events", false, kColumns, {}, 2}});
  const auto job = world.job("SELECT count(*) AS n, sum(amount) AS total FROM events");
  world.put("events", "a", event(1, 10), 0);
  {
    Running worker(job, world.environment());
    eventually([&] { return worker.live(); }, "live");
    world.put("events", "b", event(2, 5), 1);
    eventually([&] { return world.rows("SELECT total FROM result") == std::vector<std::string>{"15"}; },
               "both");
  }
  // As it is when partition 1 was found by live delivery: an offset, and no start offset.
  {
    auto database = must(sqlite::Database::open(world.product_file()));
    must(database.execute(R"(UPDATE _offtake_control SET start_offsets = '{"shop/events":{"0":0}}')"));
  }
  REQUIRE(world.control().start_offsets.at("shop/events") == sources::OffsetVector{{0, 0}});
  must(files::remove_tree(world.folder() / "state" / "checkpoints"));
  Running worker(job, world.environment());
  eventually([&] { return worker.live(); }, "live again");
  CHECK(worker.logged("rebuilding state by replay") == 1);
  world.put("events", "c", event(3, 1), 1);
  eventually([&] { return world.rows("SELECT n, total FROM result") == std::vector<std::string>{"3|16"}; },
             "goes on");
}

TEST_CASE("a partition that is found later is read from the first record that it still has") {
  World world({{"events", false, kColumns, {}, 2, 3'600'000}});
  const auto job = world.job("SELECT id FROM events");
  world.put("events", "old", event(1, 1), 1, 1, 1'000);
  world.put("events", "new", event(2, 2), 1);
  must(world.log().apply_retention());
  REQUIRE(must(world.store()->bounds("events")).at(1).earliest == 1);

  const auto source = world.source("events", job);
  auto input = must(delivery::SourceInput::open(source, 0, {{0, 0}}, {}, 1 << 20, {}));
  delivery::Progress progress;
  must(input->look_for_partitions(progress));
  const auto batch = must(input->next(std::chrono::seconds(5)));
  REQUIRE(batch);
  CHECK(batch->partition == 1);
  CHECK(batch->last->offset == 1);
  REQUIRE(progress.read().warnings.size() == 1);
  CHECK(progress.read().warnings[0].starts_with("HistoryTruncated: shop/events partition 1"));
  must(input->look_for_partitions(progress));  // known by now
}

TEST_CASE("whether a topic is the same is asked by one reader for all partitions") {
  World world({{"events", false, kColumns, {}, 3, 3'600'000}});
  const auto job = world.job("SELECT id FROM events");
  std::map<int, targets::RecordStamp> stamps;
  for (int partition = 0; partition < 3; ++partition) {
    const auto old = partition == 2 ? std::optional<std::int64_t>(1'000) : std::nullopt;
    world.put("events", "a", event(1, 1), partition, 1, old);
    world.put("events", "b", event(2, 2), partition);
  }
  const auto source = world.source("events", job);
  auto input = must(delivery::SourceInput::open(source, 0, {{0, 0}, {1, 0}, {2, 0}}, {{0, 1}, {1, 1}, {2, 1}},
                                                1 << 20, {}));
  while (!input->finished()) {
    if (auto batch = must(input->next(std::chrono::seconds(1)))) stamps[batch->partition] = *batch->last;
  }
  REQUIRE(stamps.size() == 3);
  std::atomic<int> readers = 0;
  world.trouble().set([&](const std::string& call) -> std::optional<base::Error> {
    if (call == "read") ++readers;
    return std::nullopt;
  });
  must(delivery::check_same_source(source, stamps, {}));
  CHECK(readers == 1);
  // What retention removed is not compared.
  must(world.log().apply_retention());
  REQUIRE(must(world.store()->bounds("events")).at(2).earliest == 1);
  must(delivery::check_same_source(source, stamps, {}));
  stamps[1].crc ^= 1;
  const auto other = delivery::check_same_source(source, stamps, {});
  REQUIRE(!other.ok());
  CHECK(other.error().code == "SourceReplaced");
  CHECK(other.error().message.find("partition 1") != std::string::npos);
  stamps = {{0, {17, 0, 0}}};
  CHECK(delivery::check_same_source(source, stamps, {}).error().code == "SourceReplaced");
}

}  // namespace offtake::worker_test
