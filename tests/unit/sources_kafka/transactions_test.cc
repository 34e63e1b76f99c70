// Transactions of others: what is open, aborted or committed, and where reading ends because of it.
#include <librdkafka/rdkafka.h>

#include "base/id.h"
#include "broker.h"
#include "conformance.h"
#include "operators/sources/kafka/store.h"

namespace offtake::sources {
namespace {

using conformance::must;
using conformance::store;
using conformance::TestTopic;

// Another application that writes in transactions.
class Transactions {
 public:
  Transactions() {
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    const std::string servers = test_connection().bootstrap_servers.front();
    const std::string id = "tests-" + base::random_id();
    char why[256];
    rd_kafka_conf_set(conf, "bootstrap.servers", servers.c_str(), why, sizeof why);
    rd_kafka_conf_set(conf, "transactional.id", id.c_str(), why, sizeof why);
    rd_kafka_conf_set(conf, "linger.ms", "0", why, sizeof why);
    handle_ = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
    REQUIRE(handle_ != nullptr);
    ok(rd_kafka_init_transactions(handle_, 30'000));
  }
  ~Transactions() { rd_kafka_destroy(handle_); }
  Transactions(const Transactions&) = delete;
  Transactions& operator=(const Transactions&) = delete;

  void begin() { ok(rd_kafka_begin_transaction(handle_)); }
  // Returns when they are in the log, not yet committed.
  void write(const std::string& topic, int partition, int count, const std::string& value) {
    for (int i = 0; i < count; ++i) {
      const auto code =
          rd_kafka_producev(handle_, RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_PARTITION(partition),
                            RD_KAFKA_V_VALUE(const_cast<char*>(value.data()), value.size()), RD_KAFKA_V_END);
      REQUIRE(code == RD_KAFKA_RESP_ERR_NO_ERROR);
    }
    REQUIRE(rd_kafka_flush(handle_, 30'000) == RD_KAFKA_RESP_ERR_NO_ERROR);
  }
  void commit() { ok(rd_kafka_commit_transaction(handle_, 30'000)); }
  void abort() { ok(rd_kafka_abort_transaction(handle_, 30'000)); }

 private:
  static void ok(rd_kafka_error_t* error) {
    if (error == nullptr) return;
    const std::string text = rd_kafka_error_string(error);
    rd_kafka_error_destroy(error);
    FAIL(text);
  }
  rd_kafka_t* handle_ = nullptr;
};

OffsetVector stable(const std::string& topic) {
  OffsetVector out;
  for (const auto& [partition, bound] : must(store().bounds(topic))) out[partition] = bound.last_stable;
  return out;
}

// The end of a transaction reaches the partitions a moment after it is answered.
void wait_for_stable(const std::string& topic, int partition, Offset at_least) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (stable(topic).at(partition) < at_least) REQUIRE(std::chrono::steady_clock::now() < deadline);
}

}  // namespace

TEST_CASE("an open transaction holds the end of its partition and no other") {
  const TestTopic topic(2);
  must(store().append(topic.name(), std::vector{conformance::record("a", "before", 0),
                                                conformance::record("b", "before", 1)}));
  Transactions other;
  other.begin();
  other.write(topic.name(), 0, 5, "open");
  must(store().append(topic.name(), std::vector{conformance::record("a", "behind", 0)}));

  const auto bounds = must(store().bounds(topic.name()));
  CHECK(bounds.at(0).last_stable == 1);
  CHECK(bounds.at(0).high_watermark == 7);
  CHECK(bounds.at(1).last_stable == 1);
  CHECK(bounds.at(1).high_watermark == 1);
  // A time after all that is stable is the cut, not somewhere in the open transaction.
  CHECK(must(store().offsets_for_time(topic.name(), base::system_clock().now() + 1'000'000)) ==
        stable(topic.name()));
  CHECK(must(store().offsets_for_time(topic.name(), 1)) == OffsetVector{{0, 0}, {1, 0}});

  // A fill ends at the cut while the transaction is open.
  const auto cut = stable(topic.name());
  CHECK(conformance::drain(*must(store().read(topic.name(), {{0, 0}, {1, 0}}, cut, {}))).size() == 2);

  auto live = must(store().read(topic.name(), cut, {}, {}));
  for (int i = 0; i < 3; ++i) {
    const auto batch = must(live->poll(std::chrono::milliseconds(100)));
    CHECK((!batch || batch->records.empty()));
  }
  other.commit();
  std::vector<std::string> values;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (values.size() < 6 && std::chrono::steady_clock::now() < deadline) {
    const auto batch = must(live->poll(std::chrono::seconds(1)));
    if (!batch) continue;
    for (const auto& each : batch->records) values.emplace_back(*each.value);
  }
  CHECK(values == std::vector<std::string>{"open", "open", "open", "open", "open", "behind"});
}

TEST_CASE("aborted and control records are passed over, and the end is reached over them") {
  const TestTopic topic;
  Transactions other;
  for (int round = 0; round < 3; ++round) {
    other.begin();
    other.write(topic.name(), 0, 1000, round == 1 ? "aborted" : "committed");
    if (round == 1) {
      other.abort();
    } else {
      other.commit();
    }
  }
  wait_for_stable(topic.name(), 0, 3003);
  const auto bounds = must(store().bounds(topic.name()));
  CHECK(bounds.at(0).last_stable == 3003);
  CHECK(bounds.at(0).high_watermark == 3003);
  auto reader = must(store().read(topic.name(), {{0, 0}}, {{0, 3003}}, {}));
  const auto read = conformance::drain(*reader);
  CHECK(read.size() == 2000);
  for (const auto& each : read) REQUIRE(each.value == "committed");
  CHECK(reader->positions() == OffsetVector{{0, 3003}});

  // A stretch that holds nothing but aborted records ends, too.
  auto nothing = must(store().read(topic.name(), {{0, 1001}}, {{0, 2002}}, {}));
  CHECK(conformance::drain(*nothing).empty());
  CHECK(nothing->finished());

  // The last thing in the log is aborted.
  other.begin();
  other.write(topic.name(), 0, 10, "aborted");
  other.abort();
  wait_for_stable(topic.name(), 0, 3014);
  auto tail = must(store().read(topic.name(), {{0, 3003}}, {{0, 3014}}, {}));
  CHECK(conformance::drain(*tail).empty());
  CHECK(tail->positions() == OffsetVector{{0, 3014}});
}

TEST_CASE("a partition with nothing but aborted records has no first time") {
  const TestTopic topic(2);
  Transactions other;
  other.begin();
  other.write(topic.name(), 0, 3, "aborted");
  other.abort();
  wait_for_stable(topic.name(), 0, 4);
  must(store().append(topic.name(), std::vector{conformance::record("k", "v", 1, 1'700'000'000'000)}));
  CHECK(must(store().earliest_timestamps(topic.name())) ==
        std::map<int, std::int64_t>{{1, 1'700'000'000'000}});
}

TEST_CASE("finished partitions are let go while others are read on, without a loss") {
  const TestTopic topic(4);
  std::vector<NewRecord> records;
  for (int i = 0; i < 40'000; ++i)
    records.push_back(conformance::record(std::to_string(i), std::string(100, 'x'), i % 4));
  must(store().append(topic.name(), records));
  ReadOptions options;
  options.max_buffered_bytes = 256 << 10;
  options.max_batch_records = 100;
  auto reader = must(store().read(topic.name(), {{0, 0}, {1, 0}, {2, 9'000}, {3, 0}},
                                  {{0, 1}, {1, 10'000}, {2, 9'500}, {3, 5'000}}, options));
  CHECK(conformance::drain(*reader, 100).size() == 1 + 10'000 + 500 + 5'000);
  CHECK(reader->positions() == OffsetVector{{0, 1}, {1, 10'000}, {2, 9'500}, {3, 5'000}});
}

TEST_CASE("batches outlive their reader") {
  const TestTopic topic;
  must(store().append(topic.name(), std::vector{conformance::record("key", "value")}));
  std::optional<RecordBatch> kept;
  {
    auto reader = must(store().read(topic.name(), {{0, 0}}, {{0, 1}}, {}));
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!kept && std::chrono::steady_clock::now() < deadline)
      kept = must(reader->poll(std::chrono::seconds(1)));
  }
  REQUIRE(kept);
  CHECK(kept->records.at(0).value == "value");
}

}  // namespace offtake::sources
