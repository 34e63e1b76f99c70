// The journal and its control rows, over the embedded log; with OFFTAKE_TEST_KAFKA=host:port over that
// broker.
#include <doctest/doctest.h>

#include <cstdlib>

#include "base/files/files.h"
#include "base/id.h"
#include "operators/sources/embedded/store.h"
#include "operators/sources/kafka/store.h"
#include "operators/targets/intent/intent_target.h"
#include "operators/targets/journal/journal_controls.h"

namespace offtake::targets::journal {
namespace {

template <class T>
T must(base::Result<T> result) {
  if (!result) FAIL("unexpected error " << result.error().code << ": " << result.error().text());
  return std::move(result).value();
}
void must(const base::Status& status) {
  if (!status) FAIL("unexpected error " << status.error().code << ": " << status.error().text());
}

std::shared_ptr<sources::EventStore> store() {
  static const auto made = []() -> std::shared_ptr<sources::EventStore> {
    if (const char* address = std::getenv("OFFTAKE_TEST_KAFKA")) {
      sources::KafkaConnection connection;
      connection.bootstrap_servers = {address};
      return must(sources::kafka::make_store(connection));
    }
    static const auto directory = must(files::TempDir::make("offtake-journal"));
    sources::embedded::LogOptions options;
    options.dir = (directory.path() / "events").string();
    return sources::embedded::make_store(
        std::shared_ptr<sources::embedded::Log>(must(sources::embedded::Log::open(options))));
  }();
  return made;
}

// A product of its own for a case; its topic is deleted at the end.
struct Product {
  std::string uid = base::random_id();
  std::string topic = topic_of(uid);
  ~Product() { CHECK(store()->delete_topic(topic).ok()); }
};

using Change = journal::Change;
using Entries = std::map<std::string, std::string>;

Entries entries_of(const std::string& topic) {
  Journal journal(store(), topic);
  must(journal.refresh());
  return journal.entries();
}

ControlRow row_of(int revision, std::string owner, std::int64_t epoch = 0) {
  ControlRow row;
  row.product_uid = "product";
  row.revision = revision;
  row.owner = std::move(owner);
  row.epoch = epoch;
  row.phase = Phase::kCurrent;
  row.incarnation = 1;
  row.offsets = {{"shop/orders", {{0, 12}, {1, 9}}}};
  return row;
}

base::Error error_of(const base::Result<std::string>& result) {
  if (result) FAIL("it was written, as version " << *result);
  return result.error();
}

}  // namespace

TEST_CASE("a plan names the topic of a product that has no uid yet") {
  CHECK(shown_topic_of("7c") == "_offtake.state.7c");
  CHECK(shown_topic_of("") == "_offtake.state.<uid of the product>");
}

TEST_CASE("the latest of a key is its value, a tombstone deletes it") {
  const Product product;
  Journal journal(store(), product.topic);
  must(journal.refresh());  // not there yet
  CHECK(journal.entries().empty());
  must(create(*store(), product.topic));
  must(create(*store(), product.topic));
  const auto made = must(store()->describe(product.topic));
  CHECK(made.partitions == 1);
  CHECK(made.cleanup == sources::CleanupPolicy::kCompact);

  auto producer = must(store()->open_producer(product.uid));
  must(journal.refresh());
  must(journal.commit(*producer, std::vector<Change>{{"a", "1"}, {"b", "2"}, {"c", "3"}}));
  must(journal.commit(*producer, std::vector<Change>{{"a", "4"}, {"b", std::nullopt}}));
  const Entries wanted = {{"a", "4"}, {"c", "3"}};
  CHECK(journal.entries() == wanted);
  CHECK(entries_of(product.topic) == wanted);
  CHECK(*journal.find("c") == "3");
  CHECK(journal.find("b") == nullptr);
  // Read once more from where it had come to: the same.
  must(journal.refresh());
  CHECK(journal.entries() == wanted);
}

TEST_CASE("a journal that was deleted and made again begins anew") {
  const Product product;
  must(create(*store(), product.topic));
  auto producer = must(store()->open_producer(product.uid));
  Journal journal(store(), product.topic);
  must(journal.commit(*producer, std::vector<Change>{{"a", "1"}}));
  must(store()->delete_topic(product.topic));
  must(journal.refresh());
  CHECK(journal.entries().empty());
  must(create(*store(), product.topic));
  must(journal.refresh());
  CHECK(journal.entries().empty());
}

TEST_CASE("a journal does not grow with its writers' epochs where the store keeps everything") {
  const Product product;
  JournalControls controls(store(), product.uid);
  JournalControls reader(store(), product.uid);
  must(controls.write(row_of(2, "gone"), ""));
  REQUIRE(must(reader.read_all()).size() == 1);  // it has read as far as that
  must(controls.forget(2));
  if (!must(store()->describe(product.topic)).kept_whole) return;  // the broker's cleaner does it
  constexpr int kEpochs = 2'500;
  std::string version = must(controls.write(row_of(1, "a"), ""));
  for (int epoch = 1; epoch <= kEpochs; ++epoch)
    version = must(controls.write(row_of(1, "a", epoch), version));
  const auto bound = must(store()->bounds(product.topic)).at(0);
  CHECK(bound.earliest > kEpochs / 2);
  CHECK(bound.high_watermark - bound.earliest < kEpochs / 2);
  // Also for who had read before: nothing that was deleted comes back.
  const auto seen = must(reader.read_all());
  REQUIRE(seen.size() == 1);
  CHECK(seen[0].row.revision == 1);
  CHECK(seen[0].row.epoch == kEpochs);
  CHECK(seen[0].version == version);
  CHECK(must(JournalControls(store(), product.uid).read_all()).size() == 1);
}

TEST_CASE("what a fenced writer had under way is not in what the next one reads") {
  const Product product;
  must(create(*store(), product.topic));
  auto first = must(store()->open_producer(product.uid));
  Journal before(store(), product.topic);
  must(before.commit(*first, std::vector<Change>{{"kept", "1"}}));
  sources::NewRecord open;
  open.key = "open";
  open.value = "2";
  must(first->append(product.topic, std::vector{open}));

  auto second = must(store()->open_producer(product.uid));
  Journal after(store(), product.topic);
  must(after.refresh());
  CHECK(after.entries() == Entries{{"kept", "1"}});
  const auto late = before.commit(*first, std::vector<Change>{{"late", "3"}});
  REQUIRE(!late.ok());
  CHECK(late.error().retry == base::Retry::kFenced);
  must(after.commit(*second, std::vector<Change>{{"next", "4"}}));
  CHECK(entries_of(product.topic) == Entries{{"kept", "1"}, {"next", "4"}});
}

TEST_CASE("a control row is written only over the version that was read") {
  const Product product;
  JournalControls controls(store(), product.uid);
  CHECK(must(controls.read_all()).empty());
  CHECK(!must(controls.read(1)).has_value());
  const std::string first = must(controls.write(row_of(1, "a"), ""));
  CHECK(error_of(controls.write(row_of(1, "b"), "")).code == intent::kConflict);
  const std::string second = must(controls.write(row_of(1, "a", 1), first));
  CHECK(error_of(controls.write(row_of(1, "b"), first)).code == intent::kConflict);
  must(controls.write(row_of(2, "c"), ""));

  JournalControls other(store(), product.uid);
  const auto all = must(other.read_all());
  REQUIRE(all.size() == 2);
  CHECK(all[0].row.revision == 1);
  CHECK(all[0].row.epoch == 1);
  CHECK(all[0].row.owner == "a");
  CHECK(all[0].row.offsets == row_of(1, "a").offsets);
  CHECK(all[0].version == second);
  CHECK(all[1].row.revision == 2);
}

TEST_CASE("two writers of one control row: each sees what the other did") {
  const Product product;
  JournalControls a(store(), product.uid), b(store(), product.uid);
  const std::string first = must(a.write(row_of(1, "a"), ""));
  // The other one takes over, as a later incarnation would.
  const auto seen = must(b.read(1));
  REQUIRE(seen.has_value());
  CHECK(seen->version == first);
  const std::string second = must(b.write(row_of(1, "b"), first));
  CHECK(error_of(a.write(row_of(1, "a", 1), first)).code == intent::kConflict);
  CHECK(must(a.read(1))->row.owner == "b");
  must(b.write(row_of(1, "b", 1), second));
  // Documents of different revisions are in nobody's way: no producer is lost.
  must(a.write(row_of(2, "a"), ""));
  const auto now = must(b.read(1));
  must(b.write(row_of(1, "b", 2), now->version));
}

TEST_CASE("records and control row are committed together") {
  const Product product;
  sources::TopicSpec spec;
  spec.topic = "journal-rows-" + product.uid;
  must(store()->create_topic(spec));
  sources::NewRecord record;
  record.key = "k";
  record.value = "v";
  const auto write_row = [&](sources::TransactionalProducer& producer) -> base::Result<std::vector<Change>> {
    if (auto appended = producer.append(spec.topic, std::vector{record}); !appended) return appended.error();
    return std::vector<Change>{{"settled/k", "1"}};
  };
  JournalControls controls(store(), product.uid);
  const std::string first = must(controls.write_with(row_of(1, "a"), "", write_row));
  CHECK(error_of(controls.write_with(row_of(1, "a"), "", write_row)).code == intent::kConflict);
  // What fails in between leaves nothing.
  const auto fails = [&](sources::TransactionalProducer& producer) -> base::Result<std::vector<Change>> {
    if (auto appended = producer.append(spec.topic, std::vector{record}); !appended) return appended.error();
    return base::terminal("Told", "not this one");
  };
  CHECK(error_of(controls.write_with(row_of(1, "a", 1), first, fails)).code == "Told");
  must(controls.append_with(1, first, write_row));
  const auto second = must(controls.write_with(row_of(1, "a", 1), first, write_row));
  // Committed are three: counted by a reader of the topic.
  const auto bound = must(store()->bounds(spec.topic)).at(0);
  auto reader = must(store()->read(spec.topic, {{0, 0}}, {{0, bound.high_watermark}}, {}));
  std::size_t count = 0;
  while (!reader->finished()) {
    const auto batch = must(reader->poll(std::chrono::seconds(20)));
    if (batch) count += batch->records.size();
  }
  CHECK(count == 3);
  const Entries entries = entries_of(product.topic);
  CHECK(entries.size() == 2);
  CHECK(entries.at("settled/k") == "1");
  must(store()->delete_topic(spec.topic));
}

TEST_CASE("progress of a fill, and what is forgotten of a revision") {
  const Product product;
  JournalControls controls(store(), product.uid);
  must(controls.write(row_of(1, "a"), ""));
  must(controls.write(row_of(2, "a"), ""));
  FillProgress progress;
  progress.stream = "0";
  progress.reached = {{"shop/orders", {{0, 5}}}};
  progress.content = {3, 7};
  must(controls.write_fill_progress(1, progress));
  progress.stream = "1";
  must(controls.write_fill_progress(1, progress));
  must(controls.write_fill_progress(12, progress));
  auto found = must(controls.fill_progress(1));
  REQUIRE(found.size() == 2);
  CHECK(found[1].stream == "1");
  CHECK(found[1].reached == progress.reached);
  CHECK(found[1].content == progress.content);
  must(controls.forget(1));
  must(controls.forget(1));
  CHECK(must(controls.fill_progress(1)).empty());
  CHECK(must(controls.fill_progress(12)).size() == 1);
  CHECK(!must(controls.read(1)).has_value());
  CHECK(must(controls.read(2)).has_value());
  // Gone, it can be made anew.
  must(controls.write(row_of(1, "b"), ""));
}

TEST_CASE("fencing a revision ends its writer") {
  const Product product;
  JournalControls worker(store(), product.uid);
  const std::string version = must(worker.write(row_of(1, "a"), ""));
  JournalControls control_plane(store(), product.uid);
  must(intent::fence_revision(control_plane, product.uid, "installation", 1));
  CHECK(error_of(worker.write(row_of(1, "a", 1), version)).code == intent::kConflict);
  CHECK(must(worker.read(1))->row.phase == Phase::kFenced);
}

}  // namespace offtake::targets::journal
