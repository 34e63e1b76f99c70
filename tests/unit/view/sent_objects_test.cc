// What is sent along with a request opens, unmasks and calls nothing: analyse, edit, preview and plan over
// HTTP.
#include "controlplane/view/sent_objects.h"

#include <doctest/doctest.h>

#include "controlplane/view/handlers.h"
#include "schemas/avro/encoder.h"
#include "schemas/avro/framing.h"
#include "tests/unit/reconcile/world.h"

namespace offtake::view {
namespace {

using reconcile::World;

constexpr const char* kCustomers = R"({"type": "record", "name": "Customer", "fields": [
  {"name": "id", "type": "long"}, {"name": "email", "type": "string"},
  {"name": "address", "type": {"type": "record", "name": "Address", "fields": [
    {"name": "street", "type": "string"}, {"name": "city", "type": "string"}]}}]})";
constexpr const char* kNotes =
    "[{path: email, classification: pii.email}, {path: address.street, classification: pii.address}]";

json::Value parsed(const std::string& text) {
  auto out = json::parse(text);
  REQUIRE_MESSAGE(out.ok(), text);
  return *std::move(out);
}

struct Server {
  Server() {
    world.apply("apiVersion: v1\nkind: Namespace\nmetadata: {name: other}\n");
    world.add_dataset("customers", kCustomers, fmt::format("type: Event, columns: {}", kNotes));
    const auto schema = avro::parse(kCustomers);
    const int id = world.register_schema("customers", kCustomers);
    std::string value;
    avro::append_frame(static_cast<std::uint32_t>(id), value);
    REQUIRE(avro::encode_json(schema->root(), parsed(R"({"id": 7, "email": "ada@example.org",
                                         "address": {"street": "Hidden Lane 1", "city": "Turin"}})"),
                              value)
                .ok());
    sources::embedded::NewRecordView record;
    record.partition = 0;
    record.key = "ada@example.org";
    record.value = value;
    REQUIRE(world.log->append("customers", std::span(&record, 1)).ok());
    ViewContext context;
    context.resources = world.resources.get();
    context.platform = world.platform.get();
    context.clock = &base::system_clock();
    add_routes(router, context);
  }

  json::Value post(const std::string& path, const json::Value& body) const {
    http::Request request;
    request.method = "POST";
    request.path = request.target = "/apis/view.offtake.dev/v1alpha1/namespaces/" + path;
    request.body = json::dump(body);
    const http::Response response = router.handle(request);
    if (!response.stream) {
      CHECK_MESSAGE(response.status == 200, response.body);
      return parsed(response.body);
    }
    struct Writer : http::StreamWriter {
      bool write(std::string_view bytes) override {
        text += bytes;
        return true;
      }
      bool alive() override { return true; }
      std::stop_token stop_token() const override { return {}; }
      std::string text;
    } writer;
    response.stream(writer);
    return parsed(writer.text);
  }

  json::Value about_product(const std::string& verb, const std::string& sql, json::Value objects,
                            const std::string& space = "shop") const {
    json::Value spec = json::Object{{"sql", sql}, {"target", json::Object{{"className", "sqlite"}}}};
    json::Value product = json::Object{{"apiVersion", "offtake.dev/v1alpha1"},
                                       {"kind", "DataProduct"},
                                       {"metadata", json::Object{{"name", "x"}, {"namespace", space}}},
                                       {"spec", std::move(spec)}};
    return post(space + "/dataproducts/x/" + verb,
                json::Object{{"object", std::move(product)}, {"objects", std::move(objects)}});
  }
  json::Value analyse(const std::string& sql, json::Value objects, const std::string& space = "shop") const {
    return post(space + "/sql/analyse",
                json::Object{{"sql", sql}, {"objects", std::move(objects)}, {"proposals", false}});
  }

  // The stored Dataset as somebody changed it.
  json::Value copy(const std::string& space, const std::string& name) const {
    auto out = *world.resources->get(resources::kind_of<resources::Dataset>(), "shop", "customers");
    json::Value metadata = json::Object{{"name", name}, {"namespace", space}};
    out.set("metadata", std::move(metadata));
    out.erase("status");
    json::Value all = json::Object{{"from", "All"}};
    out.get_or_add("spec").set("access", json::Object{{"namespaces", std::move(all)}});
    return out;
  }
  json::Value with_schema(const std::string& fields) const {
    json::Value out = copy("shop", "mine");
    json::Value& spec = out.get_or_add("spec");
    spec.erase("columns");
    spec.set("schema", json::Object{{"format", "Avro"},
                                    {"subject", "mine-value"},
                                    {"definition", R"({"type": "record", "name": "Customer", "fields": [)" +
                                                       fields + "]}"}});
    return out;
  }

  World world;
  http::Router router;
};

json::Value list(std::initializer_list<json::Value> objects) {
  json::Value out = json::Value::array();
  for (const json::Value& object : objects) out.push_back(object);
  return out;
}

bool tells(const json::Value& answer) {
  const std::string text = json::dump(answer);
  return text.find("example.org") != std::string::npos || text.find("Hidden Lane") != std::string::npos;
}

std::string codes(const json::Value& errors) {
  std::string out;
  for (const json::Value& error : errors.as_array())
    out += (out.empty() ? "" : " ") + error.string_or("code");
  return out;
}

json::Value event_store(const std::string& name, const std::string& spec) {
  return parsed(fmt::format(
      R"({{"apiVersion": "offtake.dev/v1alpha1", "kind": "EventStore", "metadata": {{"name": "{}"}}, "spec": {}}})",
      name, spec));
}
// At a port that nothing listens on.
constexpr const char* kElsewhere =
    R"({"kafka": {"bootstrapServers": ["127.0.0.1:1"]}, "registry": {"confluent": {"urls": ["http://127.0.0.1:1"]}}})";

}  // namespace

TEST_CASE("no schema that is sent along shows a classified value") {
  const Server server;
  const char* const renamed[] = {
      R"({"name": "e2", "type": "string", "aliases": ["email"]})",
      R"({"name": "e2", "type": "bytes", "aliases": ["email"]})",
      R"({"name": "e2", "type": ["null", "string"], "default": null, "aliases": ["email"]})",
      R"({"name": "e2", "aliases": ["address"], "type": {"type": "record", "name": "Address", "fields": [
           {"name": "street", "type": "string"}]}})",
      R"({"name": "e2", "aliases": ["address"], "type": {"type": "record", "name": "Place", "aliases": ["Address"],
           "fields": [{"name": "road", "type": "string", "aliases": ["street"]}]}})",
      R"({"name": "address", "type": {"type": "record", "name": "Address", "fields": [
           {"name": "e2", "type": "string", "aliases": ["street"]}]}})",
  };
  for (const char* field : renamed) {
    CAPTURE(field);
    const auto objects = list({server.with_schema(field)});
    for (const char* sql : {"SELECT m.e2 AS v FROM mine m", "SELECT m.address AS v FROM mine m",
                            "SELECT (m.address).e2 AS v FROM mine m", "SELECT (m.e2).road AS v FROM mine m",
                            "SELECT (m.e2).street AS v FROM mine m", "SELECT * FROM mine m"}) {
      CHECK_FALSE(tells(server.about_product("preview", sql, objects)));
    }
    // It is the stored one by another name.
    const auto shown = server.about_product("preview", "SELECT id, email, address FROM mine", objects);
    REQUIRE_MESSAGE(shown["rows"].as_array().size() == 1, json::dump(shown));
    CHECK(json::dump(shown["rows"]) == R"([["7","•••","•••"]])");
    CHECK(json::dump(shown["warnings"]).find("read as the stored Dataset shop/customers") !=
          std::string::npos);
  }
}

TEST_CASE("nor does a record key, a kind, or another subject") {
  const Server server;
  json::Value keyed = server.copy("shop", "mine");
  keyed.get_or_add("spec").set("key",
                               parsed(R"({"columns": ["k"], "from": "RecordKey", "format": "String"})"));
  keyed.get_or_add("spec").set("type", "Entity");
  CHECK_FALSE(tells(server.about_product("preview", "SELECT k, id FROM mine", list({keyed}))));
  json::Value subject = server.copy("shop", "mine");
  const_cast<World&>(server.world)
      .register_schema("sly", R"({"type": "record", "name": "Customer", "fields": [
      {"name": "e2", "type": "string", "aliases": ["email"]}]})");
  subject.get_or_add("spec").set("schema", parsed(R"({"format": "Avro", "subject": "sly-value"})"));
  CHECK_FALSE(tells(server.about_product("preview", "SELECT e2 FROM mine", list({subject}))));
  CHECK(codes(server.about_product("preview", "SELECT e2 FROM mine", list({subject}))["errors"]) ==
        "UnknownColumn");
}

TEST_CASE("a field stays classified when the dataset's own schema renames it") {
  Server server;
  server.world.register_schema("customers", R"({"type": "record", "name": "Customer", "fields": [
      {"name": "id", "type": "long"}, {"name": "mail", "type": "string", "aliases": ["email"]},
      {"name": "home", "aliases": ["address"], "type": {"type": "record", "name": "Address", "fields": [
        {"name": "street", "type": "string"}]}}]})");
  const auto shown = server.about_product("preview", "SELECT id, mail, home FROM customers", list({}));
  CHECK(json::dump(shown["rows"]) == R"([["7","•••","•••"]])");
}

TEST_CASE("the same log by another event store's name") {
  Server server;
  CHECK(server.world.resources->apply(event_store("twin", R"({"embedded": {}})")).ok());
  CHECK(server.world.resources->apply(event_store("far", kElsewhere)).ok());
  json::Value mine = server.with_schema(R"({"name": "e2", "type": "string", "aliases": ["email"]})");
  const auto on = [&](const char* store) {
    mine.get_or_add("spec").get_or_add("source").set("eventStoreName", store);
    return server.about_product("preview", "SELECT e2 FROM mine", list({mine}));
  };
  CHECK(codes(on("twin")["errors"]) == "DatasetNotStored");
  // Kafka is another place than the embedded log.
  CHECK(codes(on("far")["errors"]) == "");
  CHECK_FALSE(on("far")["waiting"].as_array().empty());
}

TEST_CASE("what is sent hides nothing stored from the form") {
  const Server server;
  const auto denied = [&](const json::Value& look) {
    const json::Value& dataset = look["form"]["datasets"].as_array()[0];
    CHECK(dataset.string_or("state") == "Denied");
    CHECK(dataset.find("columns") == nullptr);
    CHECK(codes(look["diagnostics"]) == "AccessDenied");
    CHECK(look.find("reads") == nullptr);
  };
  const std::string sql = "SELECT c.id, c.email FROM shop.customers c";
  denied(server.analyse(sql, list({}), "other"));
  denied(server.analyse(sql, list({server.copy("shop", "customers")}), "other"));
  denied(server.analyse("SELECT m.email FROM mine m", list({server.copy("other", "mine")}), "other"));
  // A namespace is let in by its stored labels.
  const auto labelled = parsed(
      R"({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "other", "labels": {"team": "a"}}})");
  denied(server.analyse(sql, list({labelled}), "other"));
  denied(server.post(
      "other/sql/edit",
      json::Object{{"sql", "SELECT c.id FROM shop.customers c"},
                   {"edit", parsed(R"({"kind": "addColumn", "dataset": "c", "expression": "1"})")},
                   {"objects", list({server.copy("shop", "customers")})}}));
  // Masked is what the stored one masks.
  const auto look = server.analyse("SELECT email FROM mine", list({server.copy("shop", "mine")}));
  CHECK(look["output"].as_array()[0].bool_or("masked"));
  CHECK(look["diagnostics"].as_array()[0].string_or("severity") == "Warning");
}

TEST_CASE("event stores that are only sent are called by plan alone") {
  const Server server;
  json::Value far = server.copy("shop", "far-customers");
  far.get_or_add("spec").get_or_add("source").set("eventStoreName", "far");
  const auto objects = list({event_store("far", kElsewhere), far});
  const std::string sql = "SELECT id FROM far_customers";
  const auto look = server.analyse(sql, objects);
  CHECK(codes(look["diagnostics"]) == "EventStoreMissing");
  CHECK(look["diagnostics"].as_array()[0].string_or("severity") == "Waiting");
  CHECK(codes(server.about_product("preview", sql, objects)["waiting"]) == "EventStoreMissing");
  const auto plan = server.about_product("plan", sql, objects);
  REQUIRE(plan["waiting"].as_array().size() == 1);
  CHECK(plan["waiting"].as_array()[0].string_or("code") != "EventStoreMissing");
}

TEST_CASE("plan sees what is about to be stored, but for what is shut") {
  const Server server;
  const std::string sql = "SELECT c.id FROM shop.customers c";
  json::Value open = server.copy("shop", "customers");
  CHECK(codes(server.about_product("plan", sql, list({open}), "other")["errors"]) == "AccessDenied");
  const auto labelled = [](const char* name) {
    return parsed(fmt::format(
        R"({{"apiVersion": "v1", "kind": "Namespace", "metadata": {{"name": "{}", "labels": {{"team": "a"}}}}}})",
        name));
  };
  json::Value guarded = server.copy("shop", "customers");
  guarded.get_or_add("spec").set(
      "access",
      parsed(R"({"namespaces": {"from": "Selector", "selector": {"matchLabels": {"team": "a"}}}})"));
  REQUIRE(server.world.resources->apply(guarded).ok());
  CHECK(codes(server.about_product("plan", sql, list({labelled("other")}), "other")["errors"]) ==
        "AccessDenied");
  CHECK(codes(server.about_product("plan", sql, list({labelled("new")}), "new")["errors"]) == "");
  // Who may read it plans with the changed one.
  open.get_or_add("spec").set("eventTime", parsed(R"({"column": "id"})"));
  CHECK(codes(server.about_product("plan", "SELECT id FROM customers", list({open}))["errors"]) ==
        "BadEventTime");
}

}  // namespace offtake::view
