// One machine's control plane over real parts: the resource store, the embedded log and registry, SQLite
// targets, workers as threads. Reconcilers are called by hand, so that a test sees every step.
#pragma once
#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <string>

#include "base/files/files.h"
#include "controlplane/reconcile/data_product/reconciler.h"
#include "controlplane/reconcile/dataset/reconciler.h"
#include "controlplane/store/embedded_store.h"
#include "operators/sources/embedded/log.h"
#include "schemas/registry/client.h"

namespace offtake::reconcile {

class World {
 public:
  World();
  ~World();

  // Namespace shop, EventStore `embedded`, TargetClass `sqlite`, and those of YAML documents.
  void apply(std::string_view yaml);
  void remove(const resources::Kind& kind, const std::string& name);
  // A Dataset and its topic with one partition. `spec`: further members, as flow YAML.
  void add_dataset(const std::string& name, const std::string& avro, const std::string& spec,
                   std::int64_t retention_ms = -1);
  // One record, encoded by the subject's newest schema; `at` below 0: now.
  void produce(const std::string& name, std::string_view json, base::Micros at = -1);
  int register_schema(const std::string& name, const std::string& avro);

  void reconcile_dataset(const std::string& name);
  resources::Dataset dataset(const std::string& name);
  void reconcile(const std::string& product);
  resources::DataProduct product(const std::string& name);
  // Reconciles until `done` holds; fails after 20 s with what the product says of itself.
  resources::DataProduct until(const std::string& product,
                               const std::function<bool(const resources::DataProduct&)>& done);
  resources::DataProduct until_live(const std::string& product, std::int64_t revision = 1);
  worker::Job job(const std::string& product, int revision);
  std::vector<targets::ControlRow> controls(const std::string& product);
  files::Path run_directory() const { return directory_.path() / "run"; }
  runners::Runner& runner() { return *runner_; }
  // Drains the workers and forgets everything that is only in memory, as a server that ends does.
  void restart();
  // So, and the state that the workers kept is lost.
  void restart_without_state();

  base::ManualClock log_clock{base::system_clock().now()};
  std::shared_ptr<sources::embedded::Log> log;
  std::unique_ptr<store::EmbeddedStore> resources;
  std::unique_ptr<platform::Platform> platform;

 private:
  void start();
  void end();
  files::TempDir directory_;
  std::unique_ptr<registry::Store> registry_store_;
  std::shared_ptr<registry::Client> registry_;
  std::shared_ptr<runners::Runner> runner_;
  std::unique_ptr<DatasetReconciler> datasets_;
  std::unique_ptr<DataProductReconciler> products_;
};

// A condition of a product or dataset, as "Status Reason: message"; empty when it is not there.
std::string said(const resources::Conditions& conditions, std::string_view type);

inline constexpr const char* kOrderSchema = R"({"type": "record", "name": "Order", "fields": [
  {"name": "id", "type": "long"}, {"name": "customer", "type": "string"}, {"name": "cents", "type": "long"}]})";

}  // namespace offtake::reconcile
