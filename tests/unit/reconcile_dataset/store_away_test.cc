// A Dataset of an event store that is known to be away.
#include <doctest/doctest.h>

#include "base/yaml/node.h"
#include "controlplane/reconcile/dataset/reconciler.h"
#include "controlplane/store/embedded_store.h"

using namespace offtake;

namespace {

constexpr const char* kObjects = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: offtake.dev/v1alpha1
kind: EventStore
metadata: {name: main}
spec: {kafka: {bootstrapServers: ["127.0.0.1:1"]}, registry: {confluent: {urls: ["http://127.0.0.1:1"]}}}
---
apiVersion: offtake.dev/v1alpha1
kind: Dataset
metadata: {name: orders, namespace: shop}
spec:
  owner: tests
  type: Event
  source: {eventStoreName: main, topic: orders}
  schema: {format: Avro}
)";

resources::Condition condition(std::string_view type, resources::Truth truth) {
  resources::Condition out;
  out.type = std::string(type);
  out.status = truth;
  out.reason = "AuthenticationFailed";
  out.message = "Kafka refuses user alice";
  return out;
}

}  // namespace

TEST_CASE("a dataset takes what is known of its store instead of waiting for the same time-out") {
  base::ManualClock clock{1'700'000'000'000'000};
  store::StoreOptions options;
  options.path = ":memory:";
  options.secret_key = std::string(32, 'k');
  options.clock = &clock;
  auto opened = store::EmbeddedStore::open(options);
  REQUIRE(opened.ok());
  store::EmbeddedStore& resources = **opened;
  auto documents = yaml::parse(kObjects);
  REQUIRE(documents.ok());
  for (const auto& document : *documents) {
    auto applied = resources.apply(yaml::to_json(document.root), {});
    if (!applied) FAIL(applied.error().text());
  }
  platform::Platform platform(resources, {});
  reconcile::DatasetReconciler reconciler(resources, platform, clock,
                                          std::make_shared<reconcile::KeySpans>());

  auto main = store::get<resources::EventStore>(resources, "", "main");
  REQUIRE(main.ok());
  for (const auto type : {resources::condition::kReachable, resources::condition::kRegistryReachable}) {
    auto said = condition(type, resources::Truth::kFalse);
    said.observed_generation = main->metadata.generation;
    set_condition(main->status.conditions, said, clock.now());
  }
  main->status.observed_generation = main->metadata.generation;
  REQUIRE(store::apply_status(resources, *main).ok());

  const auto begun = std::chrono::steady_clock::now();
  REQUIRE(reconciler.reconcile("shop", "orders").ok());
  // Asking would have taken the time-outs of Kafka and registry.
  CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds(2));
  auto dataset = store::get<resources::Dataset>(resources, "shop", "orders");
  REQUIRE(dataset.ok());
  for (const auto type : {resources::condition::kTopicReady, resources::condition::kSchemaRegistered,
                          resources::condition::kReady}) {
    CAPTURE(type);
    const auto* found = resources::find_condition(dataset->status.conditions, type);
    REQUIRE(found != nullptr);
    CHECK(found->status == resources::Truth::kFalse);
    CHECK(found->reason == "AuthenticationFailed");
    CHECK(found->message == "EventStore main: Kafka refuses user alice");
  }
}
