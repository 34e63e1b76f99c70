// What is particular to documents: ids, refused items, blocks, deletes as writes, the public alias.
#include "opensearch_fixture.h"
#include "operators/targets/opensearch/document.h"
#include "operators/targets/opensearch/document_rows.h"
#include "operators/targets/opensearch/names.h"
#include "operators/targets/opensearch/rest.h"
#include "operators/targets/protocol/raw_json.h"
#include "session.h"
#include "workload.h"

namespace offtake::targets_test {
namespace {

namespace search = targets::opensearch;

std::vector<Fixture*> search_fixtures() {
  std::vector<Fixture*> out;
  for (Fixture* fixture : fixtures()) {
    if (dynamic_cast<OpenSearchFixture*>(fixture) != nullptr) out.push_back(fixture);
  }
  return out;
}

TableSpec people() {
  TableSpec table;
  table.name = "orders";
  table.columns = {{"id", types::TypeId::kInt8, false}, {"name", types::TypeId::kText, true}};
  table.identity = {plan::Identity::Kind::kProvedKey, {0}};
  return table;
}

std::string id_of(const std::vector<types::Field>& columns, const TextRow& row) {
  std::vector<int> all;
  for (std::size_t i = 0; i < columns.size(); ++i) all.push_back(static_cast<int>(i));
  return search::document_id(batch_of(columns, {row}), all, 0);
}

std::string place_of(Product& product, int revision = 1) {
  auto rows = product.provisioner().controls(product.target());
  REQUIRE_OK(rows);
  for (const auto& row : *rows) {
    if (row.revision == revision) return row.place;
  }
  return "";
}

std::string answer(const search::Rest& rest, std::string_view method, const std::string& path,
                   const std::string& body = "") {
  auto answered = rest.send(method, path, body, 404);
  REQUIRE_OK(answered);
  return answered->body;
}

std::string count(const search::Rest& rest, const std::string& index, const std::string& query) {
  answer(rest, "POST", "/" + index + "/_refresh");
  return std::string(
      targets::protocol::member(answer(rest, "POST", "/" + index + "/_count", query), "count").value_or(""));
}

}  // namespace

TEST_CASE("ids are readable, apart where keys are, and short") {
  const std::vector<types::Field> two = {{"a", types::TypeId::kText, true},
                                         {"b", types::TypeId::kText, true}};
  CHECK(id_of(two, {"a", "b"}) == "a|b");
  CHECK(id_of(two, {"a|b", ""}) == "a\\|b|\\e");
  CHECK(id_of(two, {"a", kNull}) == "a|\\N");
  CHECK(id_of(two, {"a", "\\e"}) == "a|\\\\e");
  CHECK(id_of({{"n", types::TypeId::kNumeric, true}}, {"1.500"}) == "1.5");
  CHECK(id_of({{"n", types::TypeId::kNumeric, true}}, {"100"}) == "100");
  CHECK(id_of({{"n", types::TypeId::kNumeric, true}}, {"-0.00"}) == "0");
  CHECK(id_of({{"t", types::TypeId::kUuid, true}}, {"6FA459EA-ee8a-3ca4-894e-db77e160355e"}) ==
        "6fa459ea-ee8a-3ca4-894e-db77e160355e");
  CHECK(id_of({{"f", types::TypeId::kFloat8, true}}, {"-0"}) ==
        id_of({{"f", types::TypeId::kFloat8, true}}, {"0"}));
  CHECK(id_of({}, {}) == "\\t");
  const std::string longest(512, 'x');
  CHECK(id_of({two[0]}, {longest}) == longest);
  const std::string hashed = id_of({two[0]}, {longest + "y"});
  CHECK(hashed.starts_with("\\h"));
  CHECK(hashed.size() == 66);
  CHECK(hashed != id_of({two[0]}, {longest + "z"}));
}

TEST_CASE("members are slices, whatever stands in them") {
  const std::string text = R"( { "a" : 1.50 , "b{" : "x\"}" , "c":[1,{"d":"]"}] ,"e":{}, "n":null } )";
  CHECK(targets::protocol::member(text, "a") == "1.50");
  CHECK(targets::protocol::member(text, "b{") == R"("x\"}")");
  CHECK(targets::protocol::string_member(text, "b{") == "x\"}");
  CHECK(targets::protocol::member(text, "c") == R"([1,{"d":"]"}])");
  CHECK(targets::protocol::member(text, "e") == "{}");
  CHECK(targets::protocol::member(text, "n") == "null");
  CHECK_FALSE(targets::protocol::member(text, "d").has_value());
  for (const char* bad : {"", "[", "{\"a\"", "{\"a\":}", "{\"a\":1", "{\"a\":\"x}", "{\"a\":[1}", "{1:2"}) {
    CAPTURE(bad);
    CHECK_FALSE(targets::protocol::each_member(bad, [](auto, auto) { return base::Status(); }).ok());
  }
}

TEST_CASE("texts, names and tables that an index cannot hold are refused") {
  const TargetEngine* engine = find_engine("opensearch");
  std::vector<engine::Image::Refusal> refused;
  const types::Batch rows = batch_of(
      people().columns, {{"1", std::string(32'766, 'x')}, {"2", std::string(32'767, 'x')}, {"3", kNull}});
  auto image = engine->table_image(people())->apply(rows, refused);
  REQUIRE_OK(image);
  REQUIRE(refused.size() == 1);
  CHECK(refused[0].row == 1);
  CHECK(refused[0].message == "column name: a text of 32767 bytes; a keyword takes up to 32766");
  for (const char* name : {"_id", "_offtake_deleted", "a.b", " "}) {
    CAPTURE(name);
    CHECK(engine->check_name(name).error().code == "NameReserved");
  }
  CHECK(engine->check_name("order id").ok());
  TableSpec table = people();
  CHECK(engine->check_table(table).ok());
  for (int i = 0; i < 495; ++i) table.columns.push_back({fmt::format("c{}", i), types::TypeId::kText, true});
  CHECK(engine->check_table(table).error().code == "TooManyColumns");
  table.columns.resize(494);
  CHECK(engine->check_table(table).ok());
  table.columns.push_back(table.columns.back());
  CHECK(engine->check_table(table).error().code == "NameTaken");
}

TEST_CASE("the longest text, and as many fields as are let in, are taken by the server") {
  for (Fixture* fixture : search_fixtures()) {
    CAPTURE(fixture->name());
    Product product(*fixture);
    TableSpec table = people();
    while (fixture->engine().check_table(table).ok())
      table.columns.push_back({fmt::format("c{}", table.columns.size()), types::TypeId::kText, true});
    table.columns.pop_back();
    Session session(product, table);
    TextRow row(table.columns.size(), kNull);
    row[0] = "1";
    row[1] = std::string(32'766, 'x');
    session.fill(changes_of(table, {.upserts = {row}}));
    session.check_proof();
  }
}

TEST_CASE(
    "indices have the shards, copies and refresh interval that the class says, and else the cluster's") {
  class Said : public OpenSearchFixture {
   public:
    Said(std::string engine, std::map<std::string, std::string> parameters)
        : OpenSearchFixture(std::move(engine)), parameters_(std::move(parameters)) {}
    std::unique_ptr<provision::Provisioner> make_provisioner(const std::string& class_name) override {
      return provisioner_with(class_name, parameters_);
    }

   private:
    const std::map<std::string, std::string> parameters_;
  };
  for (Fixture* fixture : search_fixtures()) {
    CAPTURE(fixture->name());
    const auto settings_of = [&](const std::map<std::string, std::string>& parameters) {
      Said said(fixture->name(), parameters);
      Product product(said);
      Session session(product, people());
      session.fill(changes_of(session.table(), {.upserts = {{"1", "one"}, {"2", "two"}}}));
      session.check_proof();
      const search::Rest rest(product.connection());
      const std::string all = answer(rest, "GET", "/" + place_of(product) + "/_settings?flat_settings=true");
      std::map<std::string, std::string> out;
      for (const char* name :
           {"number_of_shards", "number_of_replicas", "refresh_interval", "auto_expand_replicas"}) {
        const std::string key = fmt::format(R"("index.{}":")", name);
        const auto at = all.find(key);
        if (at != std::string::npos)
          out[name] = all.substr(at + key.size(), all.find('"', at + key.size()) - at - key.size());
      }
      return out;
    };
    CHECK(settings_of({{"shards", "3"}, {"replicas", "0"}, {"refreshInterval", "1m30s"}}) ==
          std::map<std::string, std::string>{{"number_of_shards", "3"},
                                             {"number_of_replicas", "0"},
                                             {"refresh_interval", "90s"},
                                             {"auto_expand_replicas", "false"}});
    CHECK(settings_of({}) == std::map<std::string, std::string>{{"number_of_shards", "1"},
                                                                {"number_of_replicas", "0"},
                                                                {"auto_expand_replicas", "0-1"}});
  }
}

TEST_CASE("an item that the mapping refuses is the row's error, and names no classified value") {
  for (Fixture* fixture : search_fixtures()) {
    CAPTURE(fixture->name());
    Product product(*fixture);
    TableSpec table = people();
    table.classified = {"name"};
    Session session(product, table);
    session.fill(changes_of(table, {.upserts = {{"1", "one"}}}));
    // Past the image, which refuses it before: as a mapping does that somebody changed.
    const std::string secret(32'767, 's');
    const auto refused = session.commit(changes_of(table, {.upserts = {{"2", secret}}}));
    REQUIRE_FALSE(refused.ok());
    CAPTURE(refused.error().text());
    CHECK(refused.error().code == "RowRefused");
    CHECK(refused.error().retry == base::Retry::kRow);
    CHECK((refused.error().text() + refused.error().detail).find("ssss") == std::string::npos);
  }
}

TEST_CASE("where rows may be left out: one that is refused while it is loaded is listed") {
  for (Fixture* fixture : search_fixtures()) {
    CAPTURE(fixture->name());
    Product product(*fixture);
    TableSpec table = people();
    table.columns[1] = {"amount", types::TypeId::kInt8, true};
    table.parks = true;
    Session session(product, table);
    session.begin();
    fixture->refuse_large_amounts(product.connection(), table, place_of(product), true);
    session.load(
        changes_of(table, {.upserts = {{"1", "10"}, {"2", "20"}, {"9", "3000000000"}}, .new_rows = 3}));
    REQUIRE_OK(session.finish());
    session.publish();
    REQUIRE(session.target().outputs().size() == 1);
    CHECK(session.target().outputs().begin()->second.key == "9");
    session.check_proof();
  }
}

TEST_CASE("a mapping that somebody changed conflicts, and says where") {
  for (Fixture* fixture : search_fixtures()) {
    CAPTURE(fixture->name());
    Product product(*fixture);
    const TableSpec table = people();
    Session session(product, table);
    session.begin();
    const search::Rest rest(product.connection());
    const std::string place = place_of(product);
    REQUIRE_OK(rest.send("DELETE", "/" + place));
    REQUIRE_OK(
        rest.send("PUT", "/" + place,
                  fmt::format(R"({{"mappings":{{"dynamic":"strict","properties":{{"id":{{"type":"long"}},)"
                              R"("name":{{"type":"long"}}}}}},"aliases":{{"{}":{{}}}}}})",
                              search::write_alias(place))));
    const auto refused = session.load_and_finish(changes_of(table, {.upserts = {{"1", "one"}}}));
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().code == "RowRefused");
    CHECK(refused.error().message.find("[name]") != std::string::npos);
  }
}

TEST_CASE("a read-only index is waited for, by name") {
  for (Fixture* fixture : search_fixtures()) {
    CAPTURE(fixture->name());
    Product product(*fixture);
    const TableSpec table = people();
    Session session(product, table);
    session.fill(changes_of(table, {.upserts = {{"1", "one"}}}));
    const search::Rest rest(product.connection());
    const std::string settings = "/" + place_of(product) + "/_settings";
    REQUIRE_OK(rest.send("PUT", settings, R"({"index.blocks.read_only_allow_delete":true})"));
    const auto changes = changes_of(table, {.upserts = {{"2", "two"}}});
    const auto refused = session.commit(changes);
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().code == "TargetReadOnly");
    CHECK(refused.error().retry == base::Retry::kTransient);
    CHECK(refused.error().text().find("index.blocks.read_only_allow_delete") != std::string::npos);
    REQUIRE_OK(rest.send("PUT", settings, R"({"index.blocks.read_only_allow_delete":null})"));
    REQUIRE_OK(session.commit(changes));
    session.check_proof();
    CHECK(product.read({"name"}, "id") == std::vector<TextRow>{{"one"}, {"two"}});
  }
}

TEST_CASE("a delete hides its row, outlives a late write, and is purged when it is old") {
  for (Fixture* fixture : search_fixtures()) {
    CAPTURE(fixture->name());
    Product product(*fixture);
    const TableSpec table = people();
    Session session(product, table);
    session.fill(changes_of(table, {.upserts = {{"1", "one"}, {"2", "two"}, {"3", "three"}}}));
    const std::string place = place_of(product);
    const auto rest = std::make_shared<const search::Rest>(product.connection());
    search::DocumentRows rows(rest, table, product.connection().schema);
    const std::int64_t before = session.control.epoch;
    REQUIRE_OK(session.commit(
        changes_of(table, {.old_rows = {{"1", "one"}, {"2", "two"}}, .deletes = {{"1"}, {"2"}}})));
    CHECK(product.read({"name"}) == std::vector<TextRow>{{"three"}});
    // Whoever was taken over before that.
    const auto late = rows.write(place, changes_of(table, {.upserts = {{"1", "late"}}}), before);
    REQUIRE_FALSE(late.ok());
    CHECK(late.error().code == targets::intent::kSuperseded);
    CHECK(product.read({"name"}) == std::vector<TextRow>{{"three"}});
    const std::string deleted = R"({"query":{"term":{"_offtake_deleted":true}}})";
    rows.tidy(place);
    CHECK(count(*rest, place, deleted) == "2");
    // A day later, for one of them.
    const std::int64_t day_ago = (base::system_clock().now() - 25LL * 3600 * 1'000'000) / 1000;
    REQUIRE_OK(rest->send(
        "PUT", fmt::format("/{}/_doc/1?version={}&version_type=external_gte", place, session.control.epoch),
        fmt::format(R"({{"_offtake_deleted":true,"_offtake_deleted_at":{}}})", day_ago)));
    answer(*rest, "POST", "/" + place + "/_refresh");
    search::DocumentRows again(rest, table, product.connection().schema);
    again.tidy(place);
    CHECK(count(*rest, place, deleted) == "1");
    CHECK(count(*rest, place, R"({"query":{"match_all":{}}})") == "2");
    REQUIRE_OK(session.commit(changes_of(table, {.upserts = {{"1", "uno"}, {"2", "dos"}}})));
    session.check_proof();
    CHECK(product.read({"name"}, "id") == std::vector<TextRow>{{"uno"}, {"dos"}, {"three"}});
  }
}

TEST_CASE("an index that is gone is not made again by who writes late") {
  for (Fixture* fixture : search_fixtures()) {
    CAPTURE(fixture->name());
    Product product(*fixture);
    const TableSpec table = people();
    Session session(product, table);
    session.fill(changes_of(table, {.upserts = {{"1", "one"}}}));
    const search::Rest rest(product.connection());
    const std::string place = place_of(product);
    REQUIRE_OK(rest.send("DELETE", "/" + place));
    const auto refused = session.commit(changes_of(table, {.upserts = {{"2", "two"}}}));
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().code == targets::intent::kPlaceGone);
    CHECK(refused.error().retry == base::Retry::kTerminal);
    auto there = search::indices_behind(rest, place);
    REQUIRE_OK(there);
    CHECK(there->empty());
    // Nor the control index.
    REQUIRE_OK(product.provisioner().remove(product.target(), false));
    CHECK(session.commit({}).error().retry != base::Retry::kTransient);
    there = search::indices_behind(rest, search::control_index(product.connection().schema));
    REQUIRE_OK(there);
    CHECK(there->empty());
  }
}

TEST_CASE("names of others are not taken; what is retained stays, read-only to us") {
  for (Fixture* fixture : search_fixtures()) {
    CAPTURE(fixture->name());
    const std::string class_name = "c" + fixture->name();
    auto provisioner = fixture->make_provisioner(class_name);
    provision::ProductTarget target{"here", "uid-1", "retail", "orders", "shared"};
    auto ready = provisioner->ensure(target, {});
    REQUIRE_OK(ready);
    REQUIRE_OK(provisioner->ensure(target, {}));
    provision::ProductTarget other = target;
    other.product_uid = "uid-2";
    auto taken = provisioner->ensure(other, {});
    REQUIRE_FALSE(taken.ok());
    CHECK(taken.error().code == "TargetNameTaken");
    CHECK(taken.error().message.find("the product retail/orders") != std::string::npos);
    other = target;
    other.installation = "elsewhere";
    taken = provisioner->ensure(other, {});
    CHECK(taken.error().message.find("of another Offtake installation") != std::string::npos);
    CHECK(provisioner->controls(other)->empty());
    REQUIRE_OK(provisioner->remove(other, false));
    REQUIRE_OK(provisioner->ensure(target, {}));

    const TableSpec table = people();
    auto opened = fixture->engine().open(ready->writer, table, target.product_uid);
    REQUIRE_OK(opened);
    ControlRow row;
    row.revision = 1;
    row.owner = "me";
    row.incarnation = 1;
    REQUIRE_OK((*opened)->begin_fill(row));
    auto loader = (*opened)->open_loader("0");
    REQUIRE_OK(loader);
    REQUIRE_OK((*loader)->append(changes_of(table, {.upserts = {{"1", "one"}}})));
    REQUIRE_OK((*loader)->commit({}, {}));
    REQUIRE_OK((*opened)->finish_load());
    REQUIRE_OK((*opened)->finish_fill({}, 1, {}));
    REQUIRE((*opened)->swap()->swapped);
    REQUIRE_OK(provisioner->remove(target, true));
    CHECK(fixture->read(ready->writer, "shared").rows.size() == 1);
    CHECK(provisioner->controls(target)->empty());
    const auto retained = provisioner->ensure(target, {});
    CHECK(retained.error().code == "TargetNameTaken");
    CHECK(retained.error().message.find("was retained from the product retail/orders") != std::string::npos);
    EpochCommit late;
    late.last_epoch = 1;
    late.changes = changes_of(table, {.upserts = {{"2", "two"}}});
    CHECK_FALSE((*opened)->commit(late).ok());

    const search::Rest rest(ready->writer);
    const auto places = search::indices_behind(rest, ready->writer.schema + ".r*");
    REQUIRE_OK(places);
    for (const auto& index : *places) REQUIRE_OK(search::drop_index(rest, index));
    REQUIRE_OK(search::drop_index(rest, search::control_index(ready->writer.schema)));
    REQUIRE_OK(rest.send("PUT", "/" + ready->writer.schema));
    taken = provisioner->ensure(target, {});
    CHECK(taken.error().code == "TargetNameTaken");
    REQUIRE_OK(search::drop_index(rest, ready->writer.schema));
  }
}

TEST_CASE("a successor that is given up after the name moved gives it back") {
  for (Fixture* fixture : search_fixtures()) {
    CAPTURE(fixture->name());
    Product product(*fixture);
    Session first(product, people());
    first.fill(changes_of(first.table(), {.upserts = {{"1", "one"}}}));
    TableSpec table = people();
    table.revision = 2;
    Session second(product, table);
    second.begin(50);
    second.load(changes_of(table, {.upserts = {{"1", "other"}}}));
    REQUIRE_OK(second.finish());
    auto reach = second.target().swap();
    REQUIRE_OK(reach);
    CHECK_FALSE(reach->swapped);
    const search::Rest rest(product.connection());
    // As a kill leaves it between the two.
    REQUIRE_OK(search::point_alias(rest, product.connection().schema, place_of(product, 2)));
    CHECK(product.read({"name"}) == std::vector<TextRow>{{"other"}});
    REQUIRE_OK(product.provisioner().fence(product.target(), 2));
    REQUIRE_OK(product.provisioner().drop_revision(product.target(), 2));
    CHECK(product.read({"name"}) == std::vector<TextRow>{{"one"}});
  }
}

TEST_CASE("what is wrong with the way to a cluster has a name") {
  const auto made = [](const std::string& url) {
    provision::ProvisionerSettings settings;
    settings.engine = "opensearch";
    settings.url = url;
    return provision::make_provisioner(settings);
  };
  for (const char* url :
       {"ftp://host", "host:9200", "http://", "http://u:p@host", "http://host:x", "http://host/?a=b"}) {
    CAPTURE(url);
    REQUIRE_FALSE(made(url).ok());
    CHECK(made(url).error().code == "BadUrl");
  }
  CHECK((*made("http://127.0.0.1:1"))->check().error().code == "Unreachable");
  REQUIRE(made("https://search.example:9200/prefix/").ok());
}

}  // namespace offtake::targets_test
