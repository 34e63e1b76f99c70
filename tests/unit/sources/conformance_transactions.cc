// What every store's transactions must do.
#include <map>
#include <set>

#include "base/id.h"
#include "conformance.h"

namespace offtake::sources::conformance {
namespace {

std::string an_id() {
  return "conformance-" + base::random_id();
}

std::vector<std::string> values_in(const TestTopic& topic) {
  // The end of a transaction may reach a partition a moment after it is answered.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  for (;;) {
    const auto bounds = must(store().bounds(topic.name()));
    bool open = false;
    for (const auto& [partition, bound] : bounds) open = open || bound.last_stable != bound.high_watermark;
    if (!open || std::chrono::steady_clock::now() > deadline) break;
  }
  std::vector<std::string> out;
  for (const auto& kept : read_all(store(), topic.name())) out.push_back(kept.value.value_or("(none)"));
  return out;
}

std::vector<NewRecord> records(const std::string& value, int count = 1) {
  std::vector<NewRecord> out;
  for (int i = 0; i < count; ++i) out.push_back(record("k" + std::to_string(i), value));
  return out;
}

}  // namespace

TEST_CASE("a transaction over two topics is seen whole, and not before") {
  const TestTopic a, b;
  auto producer = must(store().open_producer(an_id()));
  must(producer->append(a.name(), records("one", 3)));
  must(producer->append(b.name(), records("two")));
  CHECK(read_all(store(), a.name()).empty());
  must(producer->commit());
  CHECK(values_in(a) == std::vector<std::string>(3, "one"));
  CHECK(values_in(b) == std::vector<std::string>{"two"});
  // The next one of the same producer, with a tombstone.
  NewRecord gone = record("k0", "");
  gone.value.reset();
  must(producer->append(a.name(), std::vector{gone}));
  must(producer->commit());
  CHECK(values_in(a) == std::vector<std::string>{"one", "one", "one", "(none)"});
  CHECK(producer->usable());
}

TEST_CASE("an aborted transaction is never seen, and the next one is") {
  const TestTopic topic;
  auto producer = must(store().open_producer(an_id()));
  must(producer->append(topic.name(), records("given up", 5)));
  producer->abort();
  must(producer->append(topic.name(), records("kept")));
  must(producer->commit());
  must(producer->commit());  // none is open
  CHECK(values_in(topic) == std::vector<std::string>{"kept"});
}

TEST_CASE("a producer that goes takes its open transaction with it") {
  const TestTopic topic;
  {
    auto producer = must(store().open_producer(an_id()));
    must(producer->append(topic.name(), records("open")));
  }
  CHECK(values_in(topic).empty());
}

TEST_CASE("opening a producer fences the one before it") {
  const TestTopic topic;
  const std::string id = an_id();
  auto first = must(store().open_producer(id));
  must(first->append(topic.name(), records("committed")));
  must(first->commit());
  must(first->append(topic.name(), records("open")));

  auto second = must(store().open_producer(id));
  // From here on nothing of the first is to come.
  CHECK(values_in(topic) == std::vector<std::string>{"committed"});
  const auto refused = first->commit();
  REQUIRE(!refused.ok());
  CHECK(refused.error().retry == base::Retry::kFenced);
  CHECK(!first->usable());
  must(second->append(topic.name(), records("second")));
  must(second->commit());
  CHECK(values_in(topic) == std::vector<std::string>{"committed", "second"});
  // Another id is another matter.
  auto other = must(store().open_producer(an_id()));
  must(second->append(topic.name(), records("third")));
  must(second->commit());
  CHECK(second->usable());
}

TEST_CASE("a record that is refused leaves nothing of its transaction") {
  const TestTopic topic;
  const std::string id = an_id();
  auto producer = must(store().open_producer(id));
  must(producer->append(topic.name(), records("before")));
  NewRecord late = record("k", "ahead");
  late.timestamp_ms = base::system_clock().now() / 1000 + 2 * 3'600'000;
  auto appended = producer->append(topic.name(), std::vector{late});
  if (appended) appended = producer->commit();  // Kafka's brokers say so when they get it
  REQUIRE(!appended.ok());
  CHECK(appended.error().code == "RecordInFuture");
  CHECK(values_in(topic).empty());
  if (!producer->usable()) producer = must(store().open_producer(id));
  must(producer->append(topic.name(), records("after")));
  must(producer->commit());
  CHECK(values_in(topic) == std::vector<std::string>{"after"});
}

TEST_CASE("a transaction into a topic that is not there") {
  auto producer = must(store().open_producer(an_id()));
  const auto refused = producer->append("conformance-none", records("lost"));
  REQUIRE(!refused.ok());
  CHECK(refused.error().code == "TopicMissing");
  const TestTopic topic;
  must(producer->append(topic.name(), records("kept")));
  must(producer->commit());
  CHECK(values_in(topic) == std::vector<std::string>{"kept"});
}

TEST_CASE("keys meet in the partition where a plain append puts them") {
  const TestTopic topic(4);
  std::vector<NewRecord> keyed;
  for (int i = 0; i < 40; ++i) keyed.push_back(record("key " + std::to_string(i), "plain", -1));
  must(store().append(topic.name(), keyed));
  for (auto& each : keyed) each.value = "transaction";
  auto producer = must(store().open_producer(an_id()));
  must(producer->append(topic.name(), keyed));
  must(producer->commit());
  std::map<std::string, std::set<int>> places;
  CHECK(values_in(topic).size() == 80);
  for (const auto& kept : read_all(store(), topic.name())) places[*kept.key].insert(kept.partition);
  CHECK(places.size() == 40);
  for (const auto& [key, partitions] : places) CHECK_MESSAGE(partitions.size() == 1, key);
}

}  // namespace offtake::sources::conformance
