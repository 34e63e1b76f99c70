// What goes with a Dataset goes once: not again while somebody else holds the object.
#include "world.h"

namespace offtake::reconcile {

TEST_CASE("a dataset that others hold still takes its topic along once, and leaves one that is made anew") {
  World world;
  world.register_schema("returns", kOrderSchema);
  world.apply(R"(
apiVersion: offtake.dev/v1alpha1
kind: Dataset
metadata: {name: returns, finalizers: [example.org/archive]}
spec:
  type: Event
  source: {eventStoreName: embedded, topic: returns, topicConfig: {partitions: 1}}
  schema: {format: Avro}
  deletionPolicy: Delete
)");
  // Under its finalizer first, then the topic.
  world.reconcile_dataset("returns");
  world.reconcile_dataset("returns");
  REQUIRE(world.log->find("returns").ok());
  world.remove(resources::kind_of<resources::Dataset>(), "returns");
  world.reconcile_dataset("returns");
  CHECK_FALSE(world.log->find("returns").ok());
  CHECK(world.dataset("returns").metadata.finalizers == std::vector<std::string>{"example.org/archive"});

  sources::TopicSpec topic;
  topic.topic = "returns";
  REQUIRE(world.log->create_topic(topic).ok());
  world.reconcile_dataset("returns");
  CHECK(world.log->find("returns").ok());
}

}  // namespace offtake::reconcile
