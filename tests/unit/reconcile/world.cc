#include "world.h"

#include <thread>

#include "base/yaml/node.h"
#include "controlplane/sql/compile.h"
#include "operators/runners/files_of_worker.h"
#include "operators/runners/in_process/runner.h"
#include "operators/sources/embedded/store.h"
#include "schemas/avro/encoder.h"
#include "schemas/avro/framing.h"

namespace offtake::reconcile {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kFirstObjects = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: offtake.dev/v1alpha1
kind: EventStore
metadata: {name: embedded}
spec: {embedded: {}, registry: {embedded: {}}}
---
apiVersion: offtake.dev/v1alpha1
kind: TargetClass
metadata: {name: sqlite, annotations: {offtake.dev/is-default-class: "true"}}
spec: {engine: sqlite, provisioner: {local: {}}}
)";

template <class T>
T must(base::Result<T> result) {
  if (!result) FAIL(result.error().text());
  return *std::move(result);
}
void must(const base::Status& status) {
  if (!status) FAIL(status.error().text());
}

files::TempDir scratch() {
  return must(files::TempDir::make("offtake-reconcile"));
}

}  // namespace

World::World() : directory_(scratch()) {
  sources::embedded::LogOptions options;
  options.dir = (directory_.path() / "events").string();
  options.clock = &log_clock;
  log = must(sources::embedded::Log::open(options));
  registry_store_ = must(registry::Store::open(directory_.path() / "registry.db"));
  registry_ = registry::local_client(*registry_store_);
  store::StoreOptions stored;
  stored.path = directory_.path() / "resources.db";
  stored.secret_key = std::string(32, 'k');
  stored.sql = [](const resources::DataProduct& product) { return sql::check_grammar(product.spec.sql); };
  resources = must(store::EmbeddedStore::open(stored));
  start();
  apply(kFirstObjects);
}

World::~World() {
  runner_->drain_all(10s);
}

void World::start() {
  platform::PlatformSettings settings;
  settings.installation = "here";
  settings.targets_directory = (directory_.path() / "targets").string();
  settings.embedded_log = sources::embedded::make_store(log);
  settings.embedded_registry = registry_;
  platform = std::make_unique<platform::Platform>(*resources, settings);
  runners::InProcessSettings threads;
  threads.run_directory = run_directory();
  threads.embedded_log = settings.embedded_log;
  threads.embedded_schema = [client = registry_](int id) { return client->text_by_id(id); };
  runner_ = runners::make_in_process_runner(std::move(threads));
  const auto key_spans = std::make_shared<KeySpans>();
  datasets_ = std::make_unique<DatasetReconciler>(*resources, *platform, base::system_clock(), key_spans);
  DataProductSettings products;
  products.key_spans = key_spans;
  products.orders = reconcile::file_orders(run_directory());
  products_ = std::make_unique<DataProductReconciler>(
      *resources, *platform, Runners{runner_, nullptr, nullptr}, base::system_clock(), products);
}

void World::end() {
  runner_->drain_all(10s);
  products_.reset();
  runner_.reset();
}

void World::restart() {
  end();
  start();
}

void World::restart_without_state() {
  end();
  for (const runners::WorkerKey& key : runners::listed_workers(run_directory())) {
    must(files::remove_tree(runners::worker_directory(run_directory(), key) / "checkpoints"));
  }
  start();
}

void World::apply(std::string_view yaml) {
  auto documents = must(yaml::parse(yaml));
  for (const auto& document : documents) {
    json::Value object = yaml::to_json(document.root);
    if (object.string_or("kind") == "Dataset" || object.string_or("kind") == "DataProduct") {
      object.get_or_add("metadata").set("namespace", "shop");
    }
    must(resources->apply(object));
  }
}

void World::remove(const resources::Kind& kind, const std::string& name) {
  must(resources->remove(kind, kind.namespaced ? "shop" : "", name));
}

void World::add_dataset(const std::string& name, const std::string& avro, const std::string& spec,
                        std::int64_t retention_ms) {
  sources::TopicSpec topic;
  topic.topic = name;
  topic.retention_ms = retention_ms;
  must(log->create_topic(topic));
  register_schema(name, avro);
  apply(fmt::format(
      "apiVersion: offtake.dev/v1alpha1\nkind: Dataset\nmetadata: {{name: {0}}}\n"
      "spec: {{source: {{eventStoreName: embedded, topic: {0}}}, schema: {{format: Avro}}, {1}}}\n",
      name, spec));
  reconcile_dataset(name);
}

int World::register_schema(const std::string& name, const std::string& avro) {
  // A subject of record keys is named in full.
  return must(registry_->register_schema(name.ends_with("-key") ? name : name + "-value", avro)).id;
}

void World::produce(const std::string& name, std::string_view json, base::Micros at) {
  const auto schema = must(registry_->version(name + "-value", registry::kLatest));
  const auto parsed = must(avro::parse(schema.text));
  std::string value;
  avro::append_frame(static_cast<std::uint32_t>(schema.id), value);
  must(avro::encode_json(parsed.root(), must(json::parse(json)), value));
  sources::embedded::NewRecordView record;
  record.value = value;
  record.partition = 0;
  record.timestamp_ms = at < 0 ? -1 : at / 1000;
  must(log->append(name, std::span(&record, 1)));
}

void World::reconcile_dataset(const std::string& name) {
  must(datasets_->reconcile("shop", name));
}

resources::Dataset World::dataset(const std::string& name) {
  return must(store::get<resources::Dataset>(*resources, "shop", name));
}

void World::reconcile(const std::string& product) {
  must(products_->reconcile("shop", product));
}

resources::DataProduct World::product(const std::string& name) {
  return must(store::get<resources::DataProduct>(*resources, "shop", name));
}

resources::DataProduct World::until(const std::string& name,
                                    const std::function<bool(const resources::DataProduct&)>& done) {
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  for (;;) {
    reconcile(name);
    auto found = product(name);
    if (done(found)) return found;
    if (std::chrono::steady_clock::now() > deadline) {
      std::string words;
      for (const auto& condition : found.status.conditions) {
        words += fmt::format("{} {}\n", condition.type, said(found.status.conditions, condition.type));
      }
      FAIL("the product did not come so far:\n" << words);
    }
    std::this_thread::sleep_for(10ms);  // between two looks
  }
}

resources::DataProduct World::until_live(const std::string& name, std::int64_t revision) {
  return until(name, [&](const resources::DataProduct& p) {
    const auto* ready = resources::find_condition(p.status.conditions, resources::condition::kReady);
    return ready != nullptr && ready->reason == "Live" &&
           ready->observed_generation == p.metadata.generation && p.status.revision &&
           p.status.revision->current == revision;
  });
}

worker::Job World::job(const std::string& name, int revision) {
  const auto path = run_directory() / product(name).metadata.uid / fmt::format("r{}", revision) / "job.json";
  return must(worker::parse_job(must(files::read_file(path))));
}

std::vector<targets::ControlRow> World::controls(const std::string& name) {
  const auto target_class = must(store::get<resources::TargetClass>(*resources, "", "sqlite"));
  const auto found = product(name);
  provision::ProductTarget target{"here", found.metadata.uid, "shop", name, found.target_name()};
  return must(must(platform->provisioner(target_class))->controls(target));
}

std::string said(const resources::Conditions& conditions, std::string_view type) {
  const auto* found = resources::find_condition(conditions, type);
  if (found == nullptr) return "";
  const char* status = found->status == resources::Truth::kTrue    ? "True"
                       : found->status == resources::Truth::kFalse ? "False"
                                                                   : "Unknown";
  return fmt::format("{} {}: {}", status, found->reason, found->message);
}

}  // namespace offtake::reconcile
