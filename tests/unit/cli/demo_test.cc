#include <doctest/doctest.h>

#include "base/files/files.h"
#include "base/sqlite/database.h"
#include "controlplane/cli/demo/check.h"
#include "controlplane/cli/demo/examples.h"
#include "controlplane/cli/demo/retail.h"
#include "controlplane/resources/document.h"
#include "operators/sources/embedded/store.h"
#include "schemas/avro/encoder.h"
#include "schemas/avro/framing.h"
#include "schemas/avro/schema.h"

using namespace offtake;
using namespace offtake::cli;

namespace {

constexpr base::Micros kNow = 1'790'000'000'000'000;

std::string all_of(demo::Retail retail) {
  std::string out;
  while (auto event = retail.next()) out += event->key + json::dump(event->value) + "\n";
  return out;
}

std::string schema_of(std::string_view dataset) {
  for (const auto& document : resources::read_documents(demo::examples()[0].text, "datasets.yaml")) {
    if (document.name() == dataset) return document.object["spec"]["schema"].string_or("definition");
  }
  return "";
}

}  // namespace

TEST_CASE("the examples are the shipped files, byte for byte, and nothing is wrong with them") {
  REQUIRE(demo::examples().size() == 2);
  for (const demo::Example& example : demo::examples()) {
    CAPTURE(example.file);
    auto file =
        files::read_file(files::Path(OFFTAKE_SOURCE_DIR) / "manifests/examples" / std::string(example.file));
    REQUIRE(file.ok());
    CHECK(*file == example.text);
    for (const auto& document : resources::read_documents(example.text, std::string(example.file))) {
      CHECK(document.ok());
    }
  }
}

TEST_CASE("the same seed gives the same company, in the order of time, within the schemas") {
  const auto sizes = demo::RetailSizes::of(2'100);
  CHECK(sizes.customers == 100);
  CHECK(sizes.orders == 1'000);
  CHECK(all_of({7, sizes, kNow}) == all_of({7, sizes, kNow}));
  CHECK(all_of({7, sizes, kNow}) != all_of({8, sizes, kNow}));

  std::vector<avro::Schema> schemas;
  for (const char* name : {"customers", "orders", "payments"})
    schemas.push_back(*avro::parse(schema_of(name)));
  demo::Retail retail(7, sizes, kNow);
  base::Micros last = 0;
  std::map<demo::Topic, std::set<std::string>> keys;
  std::int64_t counts[3] = {};
  const auto see = [&](const demo::Event& event) {
    std::string bytes;
    const auto topic = static_cast<std::size_t>(event.topic);
    const auto encoded = avro::encode_json(schemas[topic].root(), event.value, bytes);
    CHECK(encoded.ok());
    const bool fresh = keys[event.topic].insert(event.key).second;
    if (event.topic != demo::Topic::kCustomers) CHECK(fresh);
    ++counts[topic];
  };
  while (auto event = retail.next()) {
    CHECK(event->time >= last);
    CHECK(event->time <= kNow);
    last = event->time;
    see(*event);
  }
  CHECK(counts[0] >= 100);
  CHECK(counts[1] == 1'000);
  CHECK(counts[2] == 1'000);
  for (int i = 0; i < 50; ++i) {
    for (const auto& event : retail.moment(kNow + i)) see(event);
  }
}

TEST_CASE("the check takes what counts, and finds one altered row") {
  auto folder = *files::TempDir::make("cli");
  sources::embedded::LogOptions options;
  options.dir = (folder.path() / "events").string();
  auto log = sources::embedded::make_store(
      std::shared_ptr<sources::embedded::Log>(*sources::embedded::Log::open(options)));
  REQUIRE(log->create_topic({"people", 2}).ok());
  const std::string text =
      R"({"type": "record", "name": "P", "fields": [{"name": "id", "type": "long"}, {"name": "name", "type": "string"},
          {"name": "at", "type": {"type": "long", "logicalType": "timestamp-micros"}}]})";
  const auto schema = *avro::parse(text);
  const auto record = [&](int id, const std::string& name, base::Micros at) {
    sources::NewRecord out;
    out.key = std::to_string(id);
    std::string bytes;
    avro::append_frame(3, bytes);
    REQUIRE(
        avro::encode_json(schema.root(), json::Object{{"id", id}, {"name", name}, {"at", at}}, bytes).ok());
    out.value = bytes;
    out.partition = id % 2;
    return out;
  };
  sources::NewRecord gone;
  gone.key = "3";
  gone.partition = 1;
  const std::vector<sources::NewRecord> records = {record(1, "old", kNow - 10),
                                                   record(2, "two", kNow),
                                                   record(1, "one", kNow + 1),
                                                   record(3, "three", kNow),
                                                   gone,
                                                   record(4, "beyond", kNow)};
  REQUIRE(log->append("people", records).ok());

  demo::ProductFacts product{
      "shop/people", "uid", "SELECT id, name FROM people;", folder.path() / "target.db", "people", kNow, {}};
  {
    auto target = *sqlite::Database::open(product.target);
    REQUIRE(target
                .execute(R"(
      CREATE TABLE people__r2 (id INTEGER, name TEXT);
      CREATE VIEW people AS SELECT id, name FROM people__r2;
      INSERT INTO people__r2 VALUES (2, 'two'), (1, 'one');
      CREATE TABLE _offtake_control (product_uid TEXT, revision INTEGER, installation TEXT, fingerprint TEXT,
        incarnation INTEGER, owner TEXT, backend_pid INTEGER, backend_start TEXT, phase TEXT, epoch INTEGER,
        start_offsets TEXT, cut TEXT, offsets TEXT, last_records TEXT, start_instant_us INTEGER, logical_time_us INTEGER,
        rows INTEGER, checksum INTEGER, committed_at_us INTEGER);
      INSERT INTO _offtake_control VALUES ('uid', 2, 'i', 'f', 1, 'o', 1, '1', 'Current', 9, '{}', '{}',
        '{"shop/people":{"0":1,"1":4}}', '{}', 0, 0, 2, 0, 0);)")
                .ok());
  }
  const auto check = [&](bool entity, bool windowed) {
    product.sources = {{"shop/people", "people", "people", entity, windowed, {"id"}, "at", {{3, text}}}};
    static int number = 0;
    auto result = demo::check_product(product, *log, folder.path() / fmt::format("scratch{}.db", ++number));
    REQUIRE(result.ok());
    return *result;
  };
  // The last record of a key counts, the deleted one does not, and 4 lies beyond the offsets.
  const auto entity = check(true, false);
  CHECK(entity.equal());
  CHECK(entity.revision == 2);
  CHECK(entity.epoch == 9);
  CHECK(entity.target_rows == 2);
  CHECK(entity.sources[0].records == 5);
  // As events, all count, or those from the start time on.
  CHECK(check(false, false).expected_rows == 4);
  CHECK(check(false, true).expected_rows == 3);
  CHECK(check(false, true).missing == 1);

  REQUIRE(demo::tamper(product).ok());
  const auto altered = check(true, false);
  CHECK_FALSE(altered.equal());
  CHECK(altered.missing == 1);
  CHECK(altered.surplus == 1);
  CHECK_FALSE(altered.example.empty());
}
