// Products that would read what they write: as records of their own, or as answers of their receiver.
#include "controlplane/planning/cycles.h"

#include "base/yaml/node.h"
#include "world.h"

namespace offtake::reconcile {
namespace {

constexpr const char* kTopicClass =
    "apiVersion: offtake.dev/v1alpha1\nkind: TargetClass\nmetadata: {name: records}\n"
    "spec: {engine: topic, provisioner: {external: {eventStoreName: embedded}}}\n";

std::string product(const std::string& name, const std::string& reads, const std::string& target) {
  return fmt::format(
      "apiVersion: offtake.dev/v1alpha1\nkind: DataProduct\nmetadata: {{name: {}, namespace: shop}}\n"
      "spec: {{sql: 'SELECT id FROM {}', target: {{{}}}}}\n",
      name, reads, target);
}
std::string asking(const std::string& name, const std::string& reads, const std::string& answers) {
  return product(name, reads, "className: service, http: {responseDatasetName: " + answers + "}");
}
std::string calling(const std::string& name, const std::string& reads, const std::string& answers) {
  return product(name, reads,
                 "className: functions, function: {command: ['true'], responseDatasetName: " + answers + "}");
}
std::string on_topic(const std::string& name, const std::string& reads) {
  return product(name, reads, "className: records");
}

json::Value parsed(const std::string& text) {
  auto documents = yaml::parse(text);
  REQUIRE(documents.ok());
  return yaml::to_json(documents->front().root);
}

base::Status checked(World& world, const std::string& name, const planning::Overlay* overlay = nullptr) {
  return planning::check_cycle(world.product(name), overlay, *world.resources);
}

void refused(const base::Status& status, const std::string& path, const std::string& field) {
  REQUIRE_FALSE(status.ok());
  CHECK(status.error().code == "Cycle");
  CHECK(status.error().retry == base::Retry::kTerminal);
  CHECK(status.error().message.ends_with(": " + path));
  CHECK(status.error().location.field == field);
}

}  // namespace

TEST_CASE("what a receiver answers is not what it is sent, however far round") {
  World world;
  world.apply(kTopicClass);
  world.apply(asking("own", "own_answers", "own-answers"));
  refused(checked(world, "own"), "shop/own <- shop/own-answers <- shop/own",
          "spec.target.http.responseDatasetName");
  // One asks another's answers.
  world.apply(asking("first", "second_answers", "first-answers"));
  CHECK(checked(world, "first").ok());
  world.apply(calling("second", "first_answers", "second-answers"));
  refused(checked(world, "first"),
          "shop/first <- shop/second-answers <- shop/second <- shop/first-answers <- shop/first",
          "spec.target.http.responseDatasetName");
  refused(checked(world, "second"),
          "shop/second <- shop/first-answers <- shop/first <- shop/second-answers <- shop/second",
          "spec.target.function.responseDatasetName");
  // Through a topic.
  world.apply(asking("scores", "totals", "score-answers"));
  world.apply(on_topic("totals", "score_answers"));
  refused(checked(world, "scores"), "shop/scores <- shop/totals <- shop/score-answers <- shop/scores",
          "spec.target.http.responseDatasetName");
  refused(checked(world, "totals"), "shop/totals <- shop/score-answers <- shop/scores <- shop/totals",
          "spec.sql");
  // Two who answer into one dataset.
  world.apply(asking("left", "orders", "both-answers"));
  world.apply(asking("right", "both_answers", "both-answers"));
  CHECK(checked(world, "left").ok());
  refused(checked(world, "right"), "shop/right <- shop/both-answers <- shop/right",
          "spec.target.http.responseDatasetName");
  // Who reads a cycle is not in it.
  world.apply(on_topic("reader", "first_answers"));
  CHECK(checked(world, "reader").ok());
}

TEST_CASE("products that are sent along count as they are sent") {
  World world;
  world.apply(asking("first", "second_answers", "first-answers"));
  world.apply(asking("second", "orders", "second-answers"));
  CHECK(checked(world, "first").ok());
  planning::Overlay overlay;
  overlay.objects = {parsed(asking("second", "first_answers", "second-answers"))};
  CHECK_FALSE(checked(world, "first", &overlay).ok());
  world.apply(asking("second", "first_answers", "second-answers"));
  CHECK_FALSE(checked(world, "first").ok());
  overlay.objects = {parsed(asking("second", "orders", "second-answers"))};
  CHECK(checked(world, "first", &overlay).ok());
}

}  // namespace offtake::reconcile
