// What only the embedded log promises: durability, damage, disk space, retention, concurrency.
#include <rocksdb/db.h>
#include <rocksdb/options.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "conformance.h"
#include "operators/sources/embedded/keys.h"
#include "operators/sources/embedded/store.h"
#include "scratch.h"

namespace offtake::sources::embedded {
namespace {

using conformance::must;

std::shared_ptr<Log> open_log(const std::string& dir, const base::Clock* clock = nullptr) {
  LogOptions options;
  options.dir = dir;
  options.clock = clock;
  return must(Log::open(options));
}

void create(Log& log, const std::string& name, int partitions = 1, std::int64_t retention_ms = -1) {
  TopicSpec spec;
  spec.topic = name;
  spec.partitions = partitions;
  spec.retention_ms = retention_ms;
  must(log.create_topic(spec));
}

Appended append(Log& log, const std::string& topic, std::string_view value, int partition = 0,
                std::int64_t timestamp_ms = -1) {
  NewRecordView record;
  record.value = value;
  record.partition = partition;
  record.timestamp_ms = timestamp_ms;
  return must(log.append(topic, std::span(&record, 1)));
}

}  // namespace

TEST_CASE("the log is there again after it was closed") {
  const Scratch scratch;
  const std::string dir = scratch.path("a/new/folder");
  std::string uid;
  {
    auto log = open_log(dir);
    create(*log, "orders", 3, 86'400'000);
    create(*log, "empty");
    for (int i = 0; i < 50; ++i) append(*log, "orders", std::to_string(i), i % 3, 1'700'000'000'000 + i);
    uid = must(log->find("orders"))->uid;
  }
  auto store = make_store(open_log(dir));
  CHECK(must(store->list_topics()) == std::vector<std::string>{"empty", "orders"});
  const auto described = must(store->describe("orders"));
  CHECK(described.partitions == 3);
  CHECK(described.retention_ms == 86'400'000);
  CHECK(described.topic_id == uid);
  CHECK(must(store->bounds("orders")).at(1).last_stable == 17);
}

TEST_CASE("records go on after the last one when the log is opened again") {
  const Scratch scratch;
  for (int round = 0; round < 5; ++round) {
    auto log = open_log(scratch.path("events"));
    if (round == 0) create(*log, "t");
    const auto appended = append(*log, "t", std::to_string(round), 0, 1000 - round);
    CHECK(appended.ranges.front().first == round);
  }
  auto store = make_store(open_log(scratch.path("events")));
  const auto read = conformance::read_all(*store, "t");
  REQUIRE(read.size() == 5);
  CHECK(read[4].value == "4");
  CHECK(must(store->offsets_for_time("t", 1'000'000)).at(0) == 0);
  CHECK(must(store->offsets_for_time("t", 1'001'000)).at(0) == 5);
}

TEST_CASE("only one process has the log") {
  const Scratch scratch;
  auto log = open_log(scratch.path("events"));
  LogOptions options;
  options.dir = scratch.path("events");
  auto second = Log::open(options);
  REQUIRE(!second.ok());
  CHECK(second.error().code == "LogLocked");
}

TEST_CASE("names that Kafka would not take are refused") {
  const Scratch scratch;
  auto log = open_log(scratch.path("events"));
  for (const std::string name : {"", ".", "..", "a/b", "a b", "ä"}) {
    TopicSpec spec;
    spec.topic = name;
    auto created = log->create_topic(spec);
    REQUIRE(!created.ok());
    CHECK(created.error().code == "BadTopic");
  }
  TopicSpec spec;
  spec.topic = "t";
  spec.partitions = 0;
  CHECK(log->create_topic(spec).error().code == "BadTopic");
}

TEST_CASE("a damaged block is named, and other partitions are read") {
  const Scratch scratch;
  std::uint64_t id = 0;
  {
    auto log = open_log(scratch.path("events"));
    create(*log, "t", 2);
    for (int i = 0; i < 3; ++i) append(*log, "t", "some text of a record", 0);
    append(*log, "t", "fine", 1);
    id = must(log->find("t"))->id;
  }
  {
    rocksdb::DB* opened = nullptr;
    REQUIRE(rocksdb::DB::Open({}, scratch.path("events"), &opened).ok());
    const std::unique_ptr<rocksdb::DB> db(opened);
    std::string block;
    REQUIRE(db->Get({}, block_key(id, 0, 1), &block).ok());
    block.back() = static_cast<char>(block.back() ^ 1);
    REQUIRE(db->Put({}, block_key(id, 0, 1), block).ok());
  }
  auto store = make_store(open_log(scratch.path("events")));
  auto reader = must(store->read("t", {{0, 0}}, {{0, 3}}, {}));
  auto batch = reader->poll(std::chrono::seconds(1));
  REQUIRE(!batch.ok());
  CHECK(batch.error().code == "LogDamaged");
  CHECK(batch.error().message ==
        "the block at offset 1 of topic 't', partition 0 is damaged: its checksum does not match");
  CHECK(conformance::drain(*must(store->read("t", {{1, 0}}, {{1, 1}}, {}))).size() == 1);
  CHECK(conformance::drain(*must(store->read("t", {{0, 2}}, {{0, 3}}, {}))).size() == 1);
}

TEST_CASE("a missing block is damage, not a gap") {
  const Scratch scratch;
  std::uint64_t id = 0;
  {
    auto log = open_log(scratch.path("events"));
    create(*log, "t");
    for (int i = 0; i < 3; ++i) append(*log, "t", "v");
    id = must(log->find("t"))->id;
  }
  {
    rocksdb::DB* opened = nullptr;
    REQUIRE(rocksdb::DB::Open({}, scratch.path("events"), &opened).ok());
    const std::unique_ptr<rocksdb::DB> db(opened);
    REQUIRE(db->Delete({}, block_key(id, 0, 1)).ok());
  }
  auto store = make_store(open_log(scratch.path("events")));
  auto batch = must(store->read("t", {{0, 0}}, {{0, 3}}, {}))->poll(std::chrono::seconds(1));
  REQUIRE(!batch.ok());
  CHECK(batch.error().code == "LogDamaged");
}

TEST_CASE("little space left: appends are refused, reads go on, appends come back") {
  const Scratch scratch;
  {
    auto log = open_log(scratch.path("events"));
    create(*log, "t");
    append(*log, "t", "kept");
  }
  {
    LogOptions options;
    options.dir = scratch.path("events");
    options.reserved_bytes = std::uint64_t{1} << 60;
    std::shared_ptr<Log> log = must(Log::open(options));
    auto store = make_store(log);
    auto refused = store->append("t", std::vector{conformance::record("k", "v")});
    REQUIRE(!refused.ok());
    CHECK(refused.error().code == "DiskFull");
    CHECK(refused.error().retry == base::Retry::kTransient);
    CHECK(conformance::read_all(*store, "t").size() == 1);
  }
  auto log = open_log(scratch.path("events"));
  CHECK(append(*log, "t", "again").ranges.front().first == 1);
}

TEST_CASE("retention drops whole blocks from the front, and offsets go on") {
  const Scratch scratch;
  base::ManualClock clock(1'000'000'000'000);  // 1,000,000 s
  {
    auto log = open_log(scratch.path("events"), &clock);
    create(*log, "t", 1, /*retention_ms=*/60'000);
    const std::int64_t now_ms = clock.now() / 1000;
    append(*log, "t", "old", 0, now_ms - 90'000);
    append(*log, "t", "older", 0, now_ms - 95'000);
    append(*log, "t", "young", 0, now_ms - 30'000);
    append(*log, "t", "late", 0, now_ms - 80'000);
    must(log->apply_retention());
    auto store = make_store(log);
    CHECK(must(store->bounds("t")).at(0).earliest == 2);
    CHECK(conformance::read_all(*store, "t").size() == 2);
    CHECK(must(store->earliest_timestamps("t")).at(0) == now_ms - 30'000);
    CHECK(must(store->offsets_for_time("t", 0)).at(0) == 2);
    auto gone = store->read("t", {{0, 1}}, {}, {});
    REQUIRE(!gone.ok());
    CHECK(gone.error().code == "OffsetOutOfRange");
    auto reader = must(store->read("t", {{0, 2}}, {}, {}));
    clock.advance(base::Micros{3'600'000'000});
    must(log->apply_retention());
    auto batch = reader->poll(std::chrono::seconds(1));
    REQUIRE(!batch.ok());
    CHECK(batch.error().code == "OffsetOutOfRange");
    CHECK(must(store->bounds("t")).at(0).earliest == 4);
  }
  auto log = open_log(scratch.path("events"), &clock);
  CHECK(must(make_store(log)->bounds("t")).at(0).earliest == 4);
  CHECK(append(*log, "t", "new").ranges.front().first == 4);
}

TEST_CASE("many appenders and readers at once: every record once, in order, appends whole") {
  const Scratch scratch;
  auto log = open_log(scratch.path("events"));
  create(*log, "t", 3);
  constexpr int kAppenders = 4, kAppends = 200, kRecordsEach = 9;
  std::atomic<int> failures = 0;
  std::vector<std::thread> threads;
  threads.reserve(kAppenders + 2);
  for (int appender = 0; appender < kAppenders; ++appender) {
    threads.emplace_back([&, appender] {
      for (int i = 0; i < kAppends; ++i) {
        const std::string value = fmt::format("{}/{}", appender, i);
        std::vector<NewRecordView> records(kRecordsEach);
        for (int r = 0; r < kRecordsEach; ++r) {
          records[static_cast<std::size_t>(r)].value = value;
          records[static_cast<std::size_t>(r)].partition = r % 3;
        }
        auto appended = log->append("t", records);
        if (!appended || appended->ranges.size() != 3) ++failures;
      }
    });
  }
  for (int reading = 0; reading < 2; ++reading) {
    threads.emplace_back([&] {
      auto store = make_store(log);
      const Offset end = kAppenders * kAppends * kRecordsEach / 3;
      auto reader = store->read("t", {{0, 0}, {1, 0}, {2, 0}}, {{0, end}, {1, end}, {2, end}}, {});
      std::map<int, Offset> next;
      std::map<std::pair<int, std::string>, int> seen;
      while (!(*reader)->finished()) {
        auto batch = (*reader)->poll(std::chrono::seconds(20));
        if (!batch || !*batch) {
          ++failures;
          return;
        }
        for (const auto& each : (*batch)->records) {
          if (each.offset != next[(*batch)->partition]++) ++failures;
          ++seen[{(*batch)->partition, std::string(*each.value)}];
        }
      }
      for (const auto& [what, count] : seen) {
        if (count != 3) ++failures;
      }
      if (seen.size() != 3 * kAppenders * kAppends) ++failures;
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(failures == 0);
}

TEST_CASE("deleting a topic wakes its readers") {
  const Scratch scratch;
  auto log = open_log(scratch.path("events"));
  create(*log, "t");
  auto reader = must(make_store(log)->read("t", {{0, 0}}, {}, {}));
  std::thread deleting([&] { (void)log->delete_topic("t"); });
  auto batch = reader->poll(std::chrono::seconds(20));
  deleting.join();
  REQUIRE(!batch.ok());
  CHECK(batch.error().code == "TopicMissing");
}

}  // namespace offtake::sources::embedded
