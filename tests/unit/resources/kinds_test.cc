#include <doctest/doctest.h>

#include "controlplane/access/access.h"
#include "controlplane/resources/cells.h"
#include "controlplane/resources/document.h"
#include "controlplane/resources/validate.h"
#include "operators/sources/kafka_properties.h"

using namespace offtake;
using namespace offtake::resources;

namespace {

constexpr const char* kAll = R"(
apiVersion: offtake.dev/v1alpha1
kind: EventStore
metadata: {name: main}
spec:
  kafka:
    bootstrapServers: ["broker-1:9093"]
    tls: {caSecretRef: {name: kafka-ca, key: ca.crt}}
    sasl: {mechanism: SCRAM-SHA-512, secretRef: {name: kafka-user}}
    properties: {client.rack: eu-west-1a}
  region: eu-west-1
  registry: {confluent: {urls: ["https://registry:8081"], secretRef: {name: registry-user}}}
---
apiVersion: offtake.dev/v1alpha1
kind: Dataset
metadata: {name: orders, namespace: retail}
spec:
  owner: orders-team
  description: One record per order placed, in any channel.
  type: Event
  source:
    eventStoreName: main
    topic: retail.orders
    envelope: None
    topicConfig: {partitions: 6, replicas: 3, retention: Forever, cleanupPolicy: Delete}
  schema: {format: Avro, subject: retail.orders-value}
  key: {columns: [order_id], from: Value}
  eventTime: {column: placed_at, maxDelay: 1h}
  columns:
  - {path: email, description: Contact address, classification: pii.email}
  relationships:
  - {name: customer, dataset: {name: customers}, columns: [{from: customer_id, to: customer_id}]}
  tags: [core, sales]
  slaProperties: [{property: latency, value: 5, unit: m}]
  access: {namespaces: {from: Selector, selector: {matchLabels: {offtake.dev/reads-retail: "true"}}}}
  deletionPolicy: Retain
---
apiVersion: offtake.dev/v1alpha1
kind: TargetClass
metadata: {name: postgres, annotations: {offtake.dev/is-default-class: "true"}}
spec:
  engine: postgres
  description: Shared PostgreSQL, a schema and roles per product
  provisioner: {external: {url: "postgresql://db:5432/data", adminSecretRef: {name: pg-admin}}}
  limits: {products: 200}
  namespaces: {from: All}
---
apiVersion: offtake.dev/v1alpha1
kind: DataProduct
metadata: {name: payment-confirmations, namespace: retail}
spec:
  owner: checkout
  description: What the confirmation mail needs
  sql: |
    SELECT p.payment_id
    FROM payments p
  history: {from: 90d, keep: All, whenMissing: Fail}
  target:
    className: postgres
    name: payment_confirmations
    key: [payment_id]
    indexes: [{name: by-email, columns: [email]}]
  delivery: {errorPolicy: Stop, emit: Changes}
  rollout: {keepPrevious: None, verify: Checksum}
  runner: {type: Auto, threads: 2, memory: 2Gi}
  freshness: 90s
  paused: true
  deletionPolicy: Delete
)";

}  // namespace

TEST_CASE("what the design shows is read whole") {
  const auto documents = read_documents(kAll, "all.yaml");
  REQUIRE(documents.size() == 4);
  for (const Document& document : documents) {
    for (const base::Error& error : document.errors) FAIL_CHECK(error.text());
  }
  const auto store = from_json<EventStore>(documents[0].object);
  REQUIRE(store.spec.kafka);
  CHECK(store.spec.kafka->bootstrap_servers == std::vector<std::string>{"broker-1:9093"});
  CHECK(store.spec.kafka->sasl->mechanism == SaslMechanism::kScramSha512);
  CHECK(store.spec.kafka->tls->ca_secret_ref->key == "ca.crt");
  const auto dataset = from_json<Dataset>(documents[1].object);
  CHECK(dataset.spec.sla_properties.at(0).value == "5");  // typed by the table, not by its look
  CHECK(dataset.spec.source.topic_config->partitions == 6);
  CHECK(dataset.spec.event_time->max_delay->micros == 3'600'000'000);
  const auto target_class = from_json<TargetClass>(documents[2].object);
  CHECK(target_class.is_default());
  const auto product = from_json<DataProduct>(documents[3].object);
  CHECK(product.spec.history.from.kind == HistoryFrom::Kind::kDuration);
  CHECK(product.spec.runner.memory->value == std::int64_t{2} << 30);
  CHECK(product.paused());
  CHECK(product.target_name() == "payment_confirmations");
  CHECK(product.spec.sql == "SELECT p.payment_id\nFROM payments p\n");
}

TEST_CASE("struct to JSON and back says the same") {
  const auto documents = read_documents(kAll, "all.yaml");
  const auto again = [](const auto& object) {
    using T = std::decay_t<decltype(object)>;
    const json::Value written = to_json(object);
    CHECK(to_json(from_json<T>(written)) == written);
    for (const base::Error& error : check(written).errors) FAIL_CHECK(error.text());
  };
  again(from_json<EventStore>(documents[0].object));
  again(from_json<Dataset>(documents[1].object));
  again(from_json<TargetClass>(documents[2].object));
  again(from_json<DataProduct>(documents[3].object));
}

TEST_CASE("constant defaults are put in place") {
  const auto documents = read_documents(R"(
apiVersion: offtake.dev/v1alpha1
kind: DataProduct
metadata: {name: x}
spec: {sql: SELECT 1}
)",
                                        "x.yaml");
  const Checked checked = check(documents.at(0).object);
  REQUIRE(checked.ok());
  CHECK(checked.object.at({"metadata", "namespace"}).as_string() == "default");
  const json::Value& spec = checked.object["spec"];
  CHECK(spec.at({"history", "from"}).as_string() == "Beginning");
  CHECK(spec.at({"delivery", "errorPolicy"}).as_string() == "Park");
  CHECK(spec.at({"rollout", "keepPrevious"}).as_string() == "None");
  CHECK(spec["freshness"].as_string() == "60s");
  CHECK(spec["paused"].is_null());
}

TEST_CASE("an error found later is put at its place in the file") {
  const auto documents = read_documents(kAll, "all.yaml");
  base::Error error = base::terminal("UnknownColumn", "column p.paymnt_id does not exist");
  error.location = {"", "spec.sql", 1, 8};
  error.hint = "did you mean payment_id?";
  CHECK(documents[3].located(error).text() ==
        "all.yaml:55:12: DataProduct retail/payment-confirmations: spec.sql:1:8: column p.paymnt_id does not "
        "exist; did you mean payment_id?");
}

TEST_CASE("immutable fields") {
  const auto documents = read_documents(kAll, "all.yaml");
  json::Value product = documents[3].object;
  product.find("spec")->find("target")->set("className", "other");
  product.find("spec")->find("target")->erase("name");
  const auto errors = check_update(kind_of<DataProduct>(), documents[3].object, product);
  REQUIRE(errors.size() == 2);
  CHECK(
      errors[0].text() ==
      "spec.target.className: cannot change from 'postgres' to 'other'; delete the object and make it anew, "
      "or make another one beside it");
  json::Value store = documents[0].object;
  store.find("spec")->erase("kafka");
  store.find("spec")->set("embedded", json::Value::object());
  CHECK(check_update(kind_of<EventStore>(), documents[0].object, store).size() == 1);
  CHECK(check_update(kind_of<EventStore>(), store, store).empty());
}

TEST_CASE("durations and quantities") {
  CHECK(Duration::parse("1h30m")->micros == 5'400'000'000);
  for (const char* bad : {"", "0s", "01h", "1", "h", "1w", "1234567s", "1d1h1m1s1s", "500ms", "-1h", "1 h"}) {
    CAPTURE(bad);
    CHECK_FALSE(Duration::parse(bad).ok());
  }
  CHECK(Quantity::parse("50M")->value == 50'000'000);
  CHECK(Quantity::parse("20Gi")->value == std::int64_t{20} << 30);
  for (const char* bad : {"", "Gi", "1.5Gi", "99999999999E", "-1", "1GB"}) {
    CAPTURE(bad);
    CHECK_FALSE(Quantity::parse(bad).ok());
  }
}

TEST_CASE("conditions move their time with their status only") {
  Conditions conditions;
  CHECK(set_condition(conditions, {"Ready", Truth::kFalse, "Filling", "10 %", 1, {}}, 1'000'000));
  CHECK_FALSE(set_condition(conditions, {"Ready", Truth::kFalse, "Filling", "20 %", 1, {}}, 2'000'000));
  CHECK(find_condition(conditions, "Ready")->last_transition_time->micros == 1'000'000);
  CHECK(find_condition(conditions, "Ready")->message == "20 %");
  CHECK(set_condition(conditions, {"Ready", Truth::kTrue, "Live", "", 1, {}}, 3'000'000));
  CHECK(find_condition(conditions, "Ready")->last_transition_time->micros == 3'000'000);
  std::string longest(3000, 'x');
  set_condition(conditions, {"Ready", Truth::kTrue, "Live", longest, 1, {}}, 3'000'000);
  CHECK(find_condition(conditions, "Ready")->message.size() <= 1024);
}

TEST_CASE("who may read what") {
  Dataset dataset = from_json<Dataset>(read_documents(kAll, "all.yaml")[1].object);
  CHECK(access::may_read(dataset, "retail", {}).ok());
  CHECK(access::may_read(dataset, "risk", {{"offtake.dev/reads-retail", "true"}}).ok());
  const base::Status denied = access::may_read(dataset, "risk", {});
  REQUIRE_FALSE(denied.ok());
  CHECK(denied.error().code == "AccessDenied");
  CHECK(denied.error().text().find("orders-team") != std::string::npos);
  dataset.spec.access.namespaces = {AccessFrom::kSame, {}};
  CHECK_FALSE(access::may_read(dataset, "risk", {{"offtake.dev/reads-retail", "true"}}).ok());
  dataset.spec.access.namespaces = {AccessFrom::kAll, {}};
  CHECK(access::may_read(dataset, "risk", {}).ok());
}

TEST_CASE("cells of a table") {
  json::Value object = read_documents(kAll, "all.yaml")[3].object;
  object.find("metadata")->set("creationTimestamp", "2026-11-23T09:00:00Z");
  DataProductStatus status;
  set_condition(status.conditions, {"Ready", Truth::kTrue, "Live", "Fed", 1, {}}, 0);
  status.class_name = "postgres";
  DataProduct holder;
  holder.status = status;
  object.set("status", status_json(holder));
  const auto row = cells(kind_of<DataProduct>(), object, *base::parse_instant("2026-11-23T12:05:00Z"));
  CHECK(row[0].as_string() == "True");
  CHECK(row[1].as_string() == "Live");
  CHECK(row[2].as_string() == "postgres");
  CHECK(row[3].as_string() == "90d");
  CHECK(row[4].is_null());
  CHECK(row[6].as_string() == "3h5m");
}

TEST_CASE("a Kafka property is valid exactly where the client takes it") {
  EventStore object;
  object.spec.kafka.emplace();
  for (const auto name : sources::kKafkaProperties) object.spec.kafka->properties.emplace(name, "1");
  CHECK(validate_self(object).empty());
  object.spec.kafka->properties = {{"client.id", "mine"}};
  CHECK(validate_self(object).size() == 1);
}
