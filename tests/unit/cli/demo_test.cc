#include <doctest/doctest.h>

#include "base/files/files.h"
#include "base/sqlite/database.h"
#include "controlplane/cli/demo/check.h"
#include "controlplane/cli/demo/examples.h"
#include "controlplane/cli/demo/finance.h"
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

std::string all_of(demo::Company&& company) {
  std::string out;
  while (auto event = company.next()) out += event->key + json::dump(event->value) + "\n";
  return out;
}

// By dataset, of the company's example.
std::map<std::string, avro::Schema, std::less<>> schemas_of(std::string_view company) {
  std::map<std::string, avro::Schema, std::less<>> out;
  for (const demo::Example& example : demo::examples()) {
    if (example.file != std::string(company) + "/datasets.yaml") continue;
    for (const auto& document : resources::read_documents(example.text, "datasets.yaml"))
      out.emplace(document.name(), *avro::parse(document.object["spec"]["schema"].string_or("definition")));
  }
  return out;
}

void check_encodes(const std::map<std::string, avro::Schema, std::less<>>& schemas,
                   const demo::Event& event) {
  std::string bytes;
  const auto schema = schemas.find(event.dataset);
  REQUIRE(schema != schemas.end());
  CHECK(avro::encode_json(schema->second.root(), event.value, bytes).ok());
}

}  // namespace

TEST_CASE("the examples are the shipped files, byte for byte, and nothing is wrong with them") {
  REQUIRE(demo::examples().size() == 4);
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
  CHECK(all_of(demo::Retail(7, sizes, kNow)) == all_of(demo::Retail(7, sizes, kNow)));
  CHECK(all_of(demo::Retail(7, sizes, kNow)) != all_of(demo::Retail(8, sizes, kNow)));

  const auto schemas = schemas_of("retail");
  demo::Retail retail(7, sizes, kNow);
  base::Micros last = 0;
  std::map<std::string_view, std::set<std::string>> keys;
  std::map<std::string_view, std::int64_t> counts;
  const auto see = [&](const demo::Event& event) {
    check_encodes(schemas, event);
    const bool fresh = keys[event.dataset].insert(event.key).second;
    if (event.dataset != "customers") CHECK(fresh);
    ++counts[event.dataset];
  };
  while (auto event = retail.next()) {
    CHECK(event->time >= last);
    CHECK(event->time <= kNow);
    last = event->time;
    see(*event);
  }
  CHECK(counts["customers"] >= 100);
  CHECK(counts["orders"] == 1'000);
  CHECK(counts["payments"] == 1'000);
  for (int i = 0; i < 50; ++i) {
    for (const auto& event : retail.moment(kNow + i)) see(event);
  }
}

TEST_CASE("a trading floor: the same seed, the same trades, valued none to three times, in bursts") {
  const auto sizes = demo::FinanceSizes::of(12'000);
  CHECK(sizes.books == 200);
  CHECK(demo::FinanceSizes::of(demo::FinanceSizes{}.total()).trades == 300'000);
  CHECK(all_of(demo::Finance(7, sizes, kNow)) == all_of(demo::Finance(7, sizes, kNow)));
  CHECK(all_of(demo::Finance(7, sizes, kNow)) != all_of(demo::Finance(8, sizes, kNow)));

  const auto schemas = schemas_of("finance");
  demo::Finance finance(7, sizes, kNow);
  std::map<std::string, int> valued;  // trade id -> how often
  std::set<std::string> books;
  std::set<std::int64_t> bursts;  // minutes
  base::Micros last = 0, first_trade = 0, last_trade = 0;
  while (auto event = finance.next()) {
    check_encodes(schemas, *event);
    CHECK(event->time >= last);
    CHECK(event->time <= kNow);
    last = event->time;
    if (event->dataset == "books") CHECK(books.insert(event->key).second);
    if (event->dataset == "trades") {
      CHECK(valued.emplace(event->key, 0).second);
      if (first_trade == 0) first_trade = last;
      last_trade = last;
    }
    if (event->dataset == "risk") {
      REQUIRE(valued.count(event->key) == 1);  // after its trade
      ++valued[event->key];
      bursts.insert(event->time / demo::kMinute);
    }
  }
  CHECK(books.size() == 200);
  CHECK(static_cast<std::int64_t>(valued.size()) == sizes.trades);
  CHECK(last_trade - first_trade > 89 * demo::kDay);
  std::map<int, int> trades;  // by how often they were valued
  for (const auto& [trade, times] : valued) ++trades[times];
  CHECK(trades.size() == 4);
  for (int times = 0; times <= 3; ++times) CHECK(trades[times] > 500);
  CHECK(bursts.size() <= 90);
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
