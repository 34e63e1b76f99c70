// Products over real parts: classes, retained targets, replaced topics, job files, datasets in use.
#include "controlplane/planning/lookup.h"
#include "world.h"

namespace offtake::reconcile {
namespace {

std::string listed(const std::string& name, const std::string& more = "") {
  return fmt::format(
      "apiVersion: offtake.dev/v1alpha1\nkind: DataProduct\nmetadata: {{name: {}}}\n"
      "spec: {{sql: 'SELECT o.id, o.cents FROM orders o'{}}}\n",
      name, more);
}

void add_orders(World& world) {
  world.add_dataset("orders", kOrderSchema, "type: Event");
  for (int i = 1; i <= 3; ++i)
    world.produce("orders", fmt::format(R"({{"id": {}, "customer": "a", "cents": 5}})", i));
}

resources::DataProduct until_said(World& world, const std::string& product, std::string_view type,
                                  const std::string& words) {
  return world.until(product, [&](const resources::DataProduct& p) {
    return said(p.status.conditions, type).starts_with(words);
  });
}

void until_gone(World& world, const std::string& product) {
  world.remove(resources::kind_of<resources::DataProduct>(), product);
  const auto& kind = resources::kind_of<resources::DataProduct>();
  for (int look = 0; look < 100 && world.resources->get(kind, "shop", product).ok(); ++look)
    world.reconcile(product);
  REQUIRE_FALSE(world.resources->get(kind, "shop", product).ok());
}

}  // namespace

TEST_CASE("a replaced topic: the product stands until it is edited, then the next revision takes over") {
  World world;
  add_orders(world);
  world.apply(listed("orders-list"));
  world.until_live("orders-list");
  REQUIRE(world.log->delete_topic("orders").ok());
  sources::TopicSpec topic;
  topic.topic = "orders";
  REQUIRE(world.log->create_topic(topic).ok());
  world.produce("orders", R"({"id": 9, "customer": "new", "cents": 1})");
  world.restart();
  const auto replaced = until_said(world, "orders-list", "Ready", "False SourceReplaced");
  CHECK(replaced.status.revision->current == 1);
  world.apply(listed("orders-list", ", target: {indexes: [{name: by-id, columns: [id]}]}"));
  const auto edited = world.until_live("orders-list", 2);
  CHECK(said(edited.status.conditions, "Serving") ==
        "True Published: Readers get a complete result of revision 2.");
}

TEST_CASE(
    "somebody else's Secret with the binding's name is left alone, by the product and by its deletion") {
  World world;
  add_orders(world);
  world.apply(
      "apiVersion: v1\nkind: Secret\nmetadata: {name: orders-list-binding, namespace: shop}\ntype: Opaque\n"
      "data: {password: bWluZQ==}\n");
  world.apply(listed("orders-list"));
  const auto stuck = until_said(world, "orders-list", "Ready", "False BindingNameTaken");
  CHECK(said(stuck.status.conditions, "Stalled").starts_with("True"));
  const auto& kind = resources::kind_of<resources::Secret>();
  const auto mine = [&] {
    auto found = world.resources->get(kind, "shop", "orders-list-binding");
    return found.ok() ? found->at({"data"}).string_or("password") : "";
  };
  CHECK(mine() == "bWluZQ==");
  until_gone(world, "orders-list");
  CHECK(mine() == "bWluZQ==");
  // Where it is out of the way the product goes on by itself, and takes its own along.
  world.apply(listed("orders-list"));
  until_said(world, "orders-list", "Ready", "False BindingNameTaken");
  world.remove(kind, "orders-list-binding");
  world.until_live("orders-list");
  CHECK(mine() != "bWluZQ==");
  until_gone(world, "orders-list");
  CHECK(mine().empty());
}

TEST_CASE("Process over the embedded event store is refused by name, also of a running product") {
  World world;
  add_orders(world);
  world.apply(listed("orders-list", ", runner: {type: Process}"));
  const auto refused = until_said(world, "orders-list", "Planned", "False RunnerNotAvailable");
  CHECK(said(refused.status.conditions, "Planned").find("spec.runner.type") != std::string::npos);
  CHECK(world.runner().list().empty());
  world.apply(listed("orders-list", ", runner: {type: InProcess}"));
  world.until_live("orders-list");
  world.apply(listed("orders-list", ", runner: {type: Process}"));
  const auto edited = until_said(world, "orders-list", "Planned", "False RunnerNotAvailable");
  CHECK(said(edited.status.conditions, "Serving").starts_with("True"));
}

TEST_CASE("after a pause Ready does not say that it is paused") {
  World world;
  add_orders(world);
  world.apply(listed("orders-list"));
  world.until_live("orders-list");
  world.apply(listed("orders-list", ", paused: true"));
  until_said(world, "orders-list", "Ready", "True Paused");
  world.apply(listed("orders-list", ", paused: false"));
  const auto live = world.until_live("orders-list");
  CHECK(said(live.status.conditions, "Ready").starts_with("True Live: Fed since"));
}

TEST_CASE("datasets that only the SQL names are warned of when they are not there") {
  World world;
  add_orders(world);
  world.apply(
      "apiVersion: offtake.dev/v1alpha1\nkind: DataProduct\nmetadata: {name: joined}\n"
      "spec: {sql: 'SELECT o.id FROM orders o JOIN refunds r ON r.id = o.id JOIN other.sales s ON s.id = "
      "o.id'}\n");
  CHECK(planning::missing_datasets(*world.resources, world.product("joined")) ==
        std::vector<std::string>{
            "spec.sql: Dataset refunds in namespace shop does not exist yet; the DataProduct waits for it",
            "spec.sql: Dataset sales in namespace other does not exist yet; the DataProduct waits for it"});
}

TEST_CASE("a full class lets nobody in until one goes") {
  World world;
  add_orders(world);
  world.apply(R"(
apiVersion: offtake.dev/v1alpha1
kind: TargetClass
metadata: {name: small}
spec: {engine: sqlite, provisioner: {local: {}}, limits: {products: 1}}
)");
  world.apply(listed("first", ", target: {className: small}"));
  world.until_live("first");
  world.apply(listed("second", ", target: {className: small}"));
  const auto full = until_said(world, "second", "Ready", "False ClassFull");
  CHECK(said(full.status.conditions, "Ready").find("TargetClass small has 1 products") != std::string::npos);
  CHECK(said(full.status.conditions, "Stalled").starts_with("False"));
  CHECK(full.status.class_name.empty());
  world.reconcile("first");
  world.until_live("first");  // the one that is in stays in
  until_gone(world, "first");
  world.until_live("second");
}

TEST_CASE("a class of Kubernetes objects is refused by name where there is no cluster") {
  World world;
  add_orders(world);
  world.apply(R"(
apiVersion: offtake.dev/v1alpha1
kind: TargetClass
metadata: {name: elsewhere}
spec:
  engine: http
  provisioner:
    kubernetes:
      templates: [{name: a, manifest: "{apiVersion: v1, kind: Service, metadata: {name: a}}"}]
      outputs: [{name: url, template: a, fieldPath: spec.clusterIP}]
)");
  world.apply(listed("first", ", target: {className: elsewhere}"));
  const auto refused = until_said(world, "first", "Ready", "False ProvisionerNotAvailable");
  CHECK(said(refused.status.conditions, "Ready").find("only `offtake operator` in a cluster has it") !=
        std::string::npos);
  until_gone(world, "first");
}

TEST_CASE("a class that is being deleted serves its products and takes no new ones") {
  World world;
  add_orders(world);
  world.apply(R"(
apiVersion: offtake.dev/v1alpha1
kind: TargetClass
metadata: {name: old, finalizers: [offtake.dev/in-use]}
spec: {engine: sqlite, provisioner: {local: {}}}
)");
  world.apply(listed("first", ", target: {className: old}"));
  world.until_live("first");
  world.remove(resources::kind_of<resources::TargetClass>(), "old");
  world.apply(listed("second", ", target: {className: old}"));
  const auto refused = until_said(world, "second", "Ready", "False ClassMissing");
  CHECK(said(refused.status.conditions, "Ready").find("TargetClass old is being deleted") !=
        std::string::npos);
  world.apply(listed("first", ", target: {className: old, indexes: [{name: by-id, columns: [id]}]}"));
  world.until_live("first", 2);
}

TEST_CASE("a dataset in use, being deleted, serves the product it has, and takes no new ones") {
  World world;
  add_orders(world);
  world.apply(listed("first"));
  world.until_live("first");
  world.remove(resources::kind_of<resources::Dataset>(), "orders");
  world.reconcile_dataset("orders");
  CHECK(said(world.dataset("orders").status.conditions, "Ready").starts_with("False InUse"));
  world.apply(listed("second"));
  until_said(world, "second", "Ready", "False DatasetMissing");
  world.apply(listed("first", ", target: {indexes: [{name: by-id, columns: [id]}]}"));
  world.until_live("first", 2);
}

TEST_CASE("a dataset is in use until the last revision that reads it is gone") {
  World world;
  add_orders(world);
  world.add_dataset("refunds", kOrderSchema, "type: Event");
  world.apply(listed("list"));
  world.until_live("list");
  // The edit drops orders from the query, but cannot be filled yet: refunds has a record that does not
  // decode.
  sources::embedded::NewRecordView broken;
  broken.value = "x";
  broken.partition = 0;
  REQUIRE(world.log->append("refunds", std::span(&broken, 1)).ok());
  world.apply(
      "apiVersion: offtake.dev/v1alpha1\nkind: DataProduct\nmetadata: {name: list}\n"
      "spec: {sql: 'SELECT r.id, r.cents FROM refunds r', delivery: {errorPolicy: Stop}}\n");
  until_said(world, "list", "Ready", "False RecordNotDecoded");
  world.remove(resources::kind_of<resources::Dataset>(), "orders");
  world.reconcile_dataset("orders");
  CHECK(said(world.dataset("orders").status.conditions, "Ready").starts_with("False InUse"));
  CHECK(world.product("list").status.revision->current == 1);
}

TEST_CASE("what a product left on purpose is nobody's, and says so") {
  World world;
  add_orders(world);
  world.apply(listed("keep", ", deletionPolicy: Retain"));
  world.until_live("keep");
  until_gone(world, "keep");
  world.apply(
      "apiVersion: offtake.dev/v1alpha1\nkind: DataProduct\n"
      "metadata: {name: keep, annotations: {offtake.dev/adopt: 'true'}}\n"
      "spec: {sql: 'SELECT o.id, o.cents FROM orders o'}\n");
  const auto taken = until_said(world, "keep", "Ready", "False TargetNameTaken");
  const auto words = said(taken.status.conditions, "Ready");
  CHECK_MESSAGE(words.find("was retained from the product shop/keep, which was deleted") != std::string::npos,
                words);
  CHECK_MESSAGE(words.find("not available in this version") != std::string::npos, words);
  // Deleting the newcomer leaves what was retained.
  until_gone(world, "keep");
  world.apply(listed("keep"));
  until_said(world, "keep", "Ready", "False TargetNameTaken");
}

TEST_CASE("the resolved history is the job's: it is found again, and goes when history is edited away") {
  World world;
  add_orders(world);
  world.apply(listed("list", ", history: {from: 1h}"));
  const auto live = world.until_live("list");
  REQUIRE(live.status.start_time);
  // As after a crash between the job and the status.
  resources::DataProduct lost = live;
  lost.status.start_time.reset();
  lost.status.history_from.clear();
  REQUIRE(store::apply_status(*world.resources, lost).ok());
  const auto found = world.until("list", [](const auto& p) { return p.status.start_time.has_value(); });
  CHECK(found.status.start_time->micros == live.status.start_time->micros);
  CHECK(found.status.history_from == "1h");
  world.apply(listed("list", ", history: {from: Beginning}"));
  CHECK_FALSE(world.until_live("list", 2).status.start_time);
}

TEST_CASE("a job file of another version is said, and does not keep its product from going") {
  World world;
  add_orders(world);
  world.apply(listed("list"));
  world.until_live("list");
  const auto uid = world.product("list").metadata.uid;
  world.restart();
  const auto path = world.run_directory() / uid / "r1" / "job.json";
  REQUIRE(files::write_file_atomic(path, R"({"format": 9})").ok());
  const auto unknown = until_said(world, "list", "Ready", "False JobFormat");
  CHECK(said(unknown.status.conditions, "Ready").find("revision 1") != std::string::npos);
  CHECK(unknown.status.revision->current == 1);
  until_gone(world, "list");
  CHECK_FALSE(files::exists(world.run_directory() / uid));
}

}  // namespace offtake::reconcile
