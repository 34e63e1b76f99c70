#include "conformance.h"

#include <chrono>
#include <set>
#include <thread>

#include "base/id.h"

namespace offtake::sources::conformance {
namespace {

constexpr std::int64_t kNoon = 1'700'000'000'000;  // an instant in 2023

OffsetVector ends(const std::string& topic) {
  OffsetVector out;
  for (const auto& [partition, bound] : must(store().bounds(topic))) out[partition] = bound.last_stable;
  return out;
}

OffsetVector zeros(const OffsetVector& like) {
  OffsetVector out;
  for (const auto& [partition, offset] : like) out[partition] = 0;
  return out;
}

}  // namespace

TestTopic::TestTopic(int partitions, CleanupPolicy cleanup, std::int64_t retention_ms)
    : name_("conformance-" + base::random_id()) {
  TopicSpec spec;
  spec.topic = name_;
  spec.partitions = partitions;
  spec.cleanup = cleanup;
  spec.retention_ms = retention_ms;
  must(store().create_topic(spec));
}
TestTopic::~TestTopic() {
  CHECK(store().delete_topic(name_).ok());
}

NewRecord record(std::string key, std::string value, int partition, std::int64_t timestamp_ms) {
  NewRecord out;
  out.key = std::move(key);
  out.value = std::move(value);
  if (partition >= 0) out.partition = partition;
  if (timestamp_ms >= 0) out.timestamp_ms = timestamp_ms;
  return out;
}

std::vector<Kept> drain(Reader& reader, std::size_t max_batch) {
  std::vector<Kept> out;
  OffsetVector next = reader.positions();
  while (!reader.finished()) {
    auto batch = must(reader.poll(std::chrono::seconds(20)));
    if (!batch) {
      if (!reader.finished()) FAIL("nothing came for 20 s");
      break;
    }
    REQUIRE(batch->records.size() <= max_batch);
    for (const Record& each : batch->records) {
      REQUIRE(each.offset >= next[batch->partition]);
      next[batch->partition] = each.offset + 1;
      Kept kept{batch->partition, each.offset, each.timestamp_ms, {}, {}};
      if (each.key) kept.key = std::string(*each.key);
      if (each.value) kept.value = std::string(*each.value);
      out.push_back(std::move(kept));
    }
    REQUIRE(batch->position >= next[batch->partition]);
    next[batch->partition] = batch->position;
  }
  return out;
}

std::vector<Kept> read_all(EventStore& from, const std::string& topic) {
  OffsetVector begin, end;
  for (const auto& [partition, bound] : must(from.bounds(topic))) {
    begin[partition] = bound.earliest;
    end[partition] = bound.last_stable;
  }
  return drain(*must(from.read(topic, begin, end, {})));
}

TEST_CASE("a store answers a ping") {
  must(store().ping());
}

TEST_CASE("topics are created, described, listed and deleted") {
  TopicSpec spec;
  spec.topic = "conformance-" + base::random_id();
  spec.partitions = 3;
  spec.retention_ms = 86'400'000;
  auto missing = store().describe(spec.topic);
  REQUIRE(!missing.ok());
  CHECK(missing.error().code == "TopicMissing");
  CHECK(missing.error().retry == base::Retry::kWaiting);

  must(store().create_topic(spec));
  const auto described = must(store().describe(spec.topic));
  CHECK(described.partitions == 3);
  CHECK(described.cleanup == CleanupPolicy::kDelete);
  CHECK(described.retention_ms == 86'400'000);
  CHECK(!described.kept_whole);
  auto again = store().create_topic(spec);
  REQUIRE(!again.ok());
  CHECK(again.error().code == "TopicExists");
  auto names = must(store().list_topics());
  CHECK(std::find(names.begin(), names.end(), spec.topic) != names.end());

  must(store().delete_topic(spec.topic));
  must(store().delete_topic(spec.topic));
  CHECK(store().describe(spec.topic).error().code == "TopicMissing");
  CHECK(store().bounds(spec.topic).error().code == "TopicMissing");
  CHECK(store().append(spec.topic, std::vector{record("k", "v")}).error().code == "TopicMissing");
  CHECK(store().read(spec.topic, {{0, 0}}, {}, {}).error().code == "TopicMissing");
  CHECK(store().offsets_for_time(spec.topic, 0).error().code == "TopicMissing");
  names = must(store().list_topics());
  CHECK(std::find(names.begin(), names.end(), spec.topic) == names.end());
}

TEST_CASE("a topic made again is another one") {
  TopicSpec spec;
  spec.topic = "conformance-" + base::random_id();
  must(store().create_topic(spec));
  const std::string id = must(store().describe(spec.topic)).topic_id;
  must(store().append(spec.topic, std::vector{record("k", "old")}));
  must(store().delete_topic(spec.topic));
  must(store().create_topic(spec));
  const std::string other = must(store().describe(spec.topic)).topic_id;
  CHECK((id.empty() || id != other));
  CHECK(read_all(store(), spec.topic).empty());
  must(store().delete_topic(spec.topic));
}

TEST_CASE("compacted topics are created") {
  const TestTopic topic(1, CleanupPolicy::kCompact);
  const auto described = must(store().describe(topic.name()));
  CHECK(described.cleanup == CleanupPolicy::kCompact);
  CHECK(described.retention_ms == -1);
  CHECK(described.kept_whole == keeps_compacted_whole());
}

TEST_CASE("what was appended is read with key, value, time and offset") {
  const TestTopic topic;
  std::vector<NewRecord> records{record("a", "1", 0, kNoon), record("b", "", 0, kNoon + 1)};
  records.push_back({std::nullopt, "no key", 0, kNoon + 2});
  records.push_back({"gone", std::nullopt, 0, kNoon + 3});
  records.push_back({std::string("\0\xff bytes", 8), std::string("\xfe\0", 2), 0, kNoon + 4});
  const auto written = must(store().append(topic.name(), records));
  REQUIRE(written.size() == 5);
  for (std::size_t i = 0; i < written.size(); ++i) {
    CHECK(written[i].partition == 0);
    CHECK(written[i].offset == static_cast<Offset>(i));
  }
  const auto read = read_all(store(), topic.name());
  REQUIRE(read.size() == 5);
  for (std::size_t i = 0; i < read.size(); ++i) {
    CHECK(read[i].offset == static_cast<Offset>(i));
    CHECK(read[i].timestamp_ms == kNoon + static_cast<std::int64_t>(i));
    CHECK(read[i].key == records[i].key);
    CHECK(read[i].value == records[i].value);
  }
  const auto bounds = must(store().bounds(topic.name()));
  CHECK(bounds.at(0).earliest == 0);
  CHECK(bounds.at(0).last_stable == 5);
  CHECK(bounds.at(0).high_watermark == 5);
}

TEST_CASE("records without a time get the present one, without a key some partition") {
  const TestTopic topic(3);
  const auto before = base::system_clock().now() / 1000;
  std::vector<NewRecord> records(10);
  for (auto& each : records) each.value = "v";
  must(store().append(topic.name(), records));
  const auto after = base::system_clock().now() / 1000;
  const auto read = read_all(store(), topic.name());
  REQUIRE(read.size() == 10);
  for (const auto& each : read) {
    CHECK(each.timestamp_ms >= before);
    CHECK(each.timestamp_ms <= after);
    CHECK(!each.key);
  }
}

TEST_CASE("keys meet in the partition where Kafka's clients put them") {
  const TestTopic topic(6);
  std::vector<NewRecord> records;
  for (const char* key : {"21", "foobar", "a-little-bit-long-string",
                          "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", "abc"}) {
    records.push_back(record(key, "v", -1));
  }
  const auto written = must(store().append(topic.name(), records));
  // murmur2 of these: -973932308, -790332482, -985981536, -58897971, 479470107.
  CHECK(written[0].partition == (-973932308 & 0x7fffffff) % 6);
  CHECK(written[1].partition == (-790332482 & 0x7fffffff) % 6);
  CHECK(written[2].partition == (-985981536 & 0x7fffffff) % 6);
  CHECK(written[3].partition == (-58897971 & 0x7fffffff) % 6);
  CHECK(written[4].partition == 479470107 % 6);
}

TEST_CASE("a reader goes from a vector to a vector and no further") {
  const TestTopic topic(2);
  std::vector<NewRecord> records;
  for (int i = 0; i < 100; ++i) records.push_back(record(std::to_string(i), "v", i % 2));
  must(store().append(topic.name(), records));
  auto reader = must(store().read(topic.name(), {{0, 7}, {1, 49}}, {{0, 31}, {1, 50}}, {}));
  CHECK(!reader->finished());
  CHECK(reader->positions() == OffsetVector{{0, 7}, {1, 49}});
  const auto read = drain(*reader);
  CHECK(read.size() == 25);
  CHECK(reader->finished());
  CHECK(reader->positions() == OffsetVector{{0, 31}, {1, 50}});
  CHECK(!must(reader->poll(std::chrono::milliseconds(0))));
  for (const auto& each : read) CHECK(each.key == std::to_string(each.offset * 2 + each.partition));

  auto nothing = must(store().read(topic.name(), {{0, 31}, {1, 50}}, {{0, 31}, {1, 50}}, {}));
  CHECK(nothing->finished());
}

TEST_CASE("batches keep to the asked number of records") {
  const TestTopic topic(2);
  std::vector<NewRecord> records;
  for (int i = 0; i < 1000; ++i) records.push_back(record("k", "v", i % 2));
  must(store().append(topic.name(), records));
  ReadOptions options;
  options.max_batch_records = 64;
  const auto until = ends(topic.name());
  CHECK(drain(*must(store().read(topic.name(), zeros(until), until, options)), 64).size() == 1000);
}

TEST_CASE("many records over many partitions come once, whole and in order") {
  const TestTopic topic(6);
  constexpr int kRecords = 60'000;
  std::vector<NewRecord> records;
  for (int i = 0; i < kRecords; ++i) {
    records.push_back(record(std::to_string(i), std::string(static_cast<std::size_t>(i % 300), 'x'), i % 6));
    if (records.size() == 5000) {
      must(store().append(topic.name(), records));
      records.clear();
    }
  }
  ReadOptions options;
  options.max_buffered_bytes = 256 << 10;  // far less than there is
  const auto until = ends(topic.name());
  const auto read = drain(*must(store().read(topic.name(), zeros(until), until, options)));
  REQUIRE(read.size() == kRecords);
  for (const auto& each : read) {
    const auto i = each.offset * 6 + each.partition;
    REQUIRE(each.key == std::to_string(i));
    REQUIRE(each.value->size() == static_cast<std::size_t>(i % 300));
  }
}

TEST_CASE("large records pass") {
  const TestTopic topic;
  const std::string large(900'000, 'L');
  must(store().append(topic.name(),
                      std::vector{record("a", large), record("b", "small"), record("c", large)}));
  ReadOptions options;
  options.max_buffered_bytes = 64 << 10;
  const auto read = drain(*must(store().read(topic.name(), {{0, 0}}, {{0, 3}}, options)));
  REQUIRE(read.size() == 3);
  CHECK(read[0].value == large);
  CHECK(read[1].value == "small");
  CHECK(read[2].value == large);
}

TEST_CASE("a waiting reader gets what is appended, at once") {
  const TestTopic topic(2);
  auto reader = must(store().read(topic.name(), {{0, 0}, {1, 0}}, {}, {}));
  CHECK(!reader->finished());
  CHECK(!must(reader->poll(std::chrono::milliseconds(50))));
  std::thread writer([&] { (void)store().append(topic.name(), std::vector{record("k", "late", 1)}); });
  // A poll may come back with a moved position alone.
  std::vector<std::string> values;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (values.empty() && std::chrono::steady_clock::now() < deadline) {
    auto batch = must(reader->poll(std::chrono::seconds(20)));
    if (!batch) continue;
    for (const auto& each : batch->records) values.emplace_back(*each.value);
  }
  writer.join();
  CHECK(values == std::vector<std::string>{"late"});
  CHECK(reader->positions() == OffsetVector{{0, 0}, {1, 1}});
  CHECK(!reader->finished());
}

TEST_CASE("a reader with an end ahead waits for it") {
  const TestTopic topic;
  must(store().append(topic.name(), std::vector{record("a", "1")}));
  auto reader = must(store().read(topic.name(), {{0, 0}}, {{0, 2}}, {}));
  std::thread writer([&] {
    (void)store().append(topic.name(), std::vector{record("b", "2"), record("c", "3")});
  });
  const auto read = drain(*reader);
  writer.join();
  REQUIRE(read.size() == 2);
  CHECK(read[1].value == "2");
}

TEST_CASE("a partition is added to a reader") {
  const TestTopic topic(2);
  must(store().append(topic.name(),
                      std::vector{record("a", "0", 0), record("b", "1", 1), record("c", "2", 1)}));
  auto reader = must(store().read(topic.name(), {{0, 0}}, {}, {}));
  must(reader->add_partition(1, 1));
  std::set<std::string> values;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (values.size() < 2 && std::chrono::steady_clock::now() < deadline) {
    auto batch = must(reader->poll(std::chrono::seconds(1)));
    if (!batch) continue;
    for (const auto& each : batch->records) values.emplace(*each.value);
  }
  CHECK(values == std::set<std::string>{"0", "2"});
  CHECK(reader->positions() == OffsetVector{{0, 1}, {1, 2}});
}

TEST_CASE("times are looked up, out of order ones too") {
  const TestTopic topic(2);
  CHECK(must(store().offsets_for_time(topic.name(), 0)) == OffsetVector{{0, 0}, {1, 0}});
  CHECK(must(store().earliest_timestamps(topic.name())).empty());
  const std::vector<std::int64_t> times{100, 200, 150, 300, 250, 400};
  std::vector<NewRecord> records;
  for (const auto time : times) {
    // One append each: stores that index whole batches must still find the very record.
    must(store().append(topic.name(), std::vector{record("k", "v", 0, kNoon + time)}));
  }
  for (const auto time : times) records.push_back(record("k", "v", 1, kNoon + time));
  must(store().append(topic.name(), records));
  const auto first_at = [&](std::int64_t time) {
    const auto found = must(store().offsets_for_time(topic.name(), (kNoon + time) * 1000));
    CHECK(found.at(0) == found.at(1));
    return found.at(0);
  };
  CHECK(first_at(0) == 0);
  CHECK(first_at(100) == 0);
  CHECK(first_at(101) == 1);
  CHECK(first_at(201) == 3);
  CHECK(first_at(300) == 3);
  CHECK(first_at(301) == 5);
  CHECK(first_at(400) == 5);
  CHECK(first_at(401) == 6);
  // Microseconds count: a record at noon is before noon and a microsecond.
  CHECK(must(store().offsets_for_time(topic.name(), (kNoon + 400) * 1000 + 1)).at(0) == 6);
  CHECK(must(store().earliest_timestamps(topic.name())) ==
        std::map<int, std::int64_t>{{0, kNoon + 100}, {1, kNoon + 100}});
}

TEST_CASE("offsets that are not there are an error, not another place") {
  const TestTopic topic;
  must(store().append(topic.name(), std::vector{record("a", "1")}));
  auto reader = store().read(topic.name(), {{0, 100}}, {}, {});
  if (reader.ok()) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    auto batch = (*reader)->poll(std::chrono::seconds(5));
    while (batch.ok() && std::chrono::steady_clock::now() < deadline)
      batch = (*reader)->poll(std::chrono::seconds(5));
    REQUIRE(!batch.ok());
    CHECK(batch.error().code == "OffsetOutOfRange");
    CHECK(batch.error().retry == base::Retry::kTerminal);
  } else {
    CHECK(reader.error().code == "OffsetOutOfRange");
  }
}

TEST_CASE("appends are refused whole") {
  const TestTopic topic(2);
  const auto now = base::system_clock().now() / 1000;
  auto future = store().append(topic.name(), std::vector{record("a", "1", 0, now + 7'200'000)});
  REQUIRE(!future.ok());
  CHECK(future.error().code == "RecordInFuture");
  auto nowhere = store().append(topic.name(), std::vector{record("a", "1", 0), record("b", "2", 7)});
  REQUIRE(!nowhere.ok());
  CHECK(nowhere.error().code == "PartitionMissing");
  CHECK(read_all(store(), topic.name()).empty());
}

}  // namespace offtake::sources::conformance
