// Orders for workers whose event store does not answer: they run and try, which is all that a runner sees.
#pragma once
#include <doctest/doctest.h>

#include "base/files/files.h"
#include "controlplane/sql/compile.h"
#include "operators/runners/runner.h"

namespace offtake::runners {

template <class T>
T must(base::Result<T> result) {
  if (!result) FAIL(result.error().text());
  return *std::move(result);
}
inline void must(const base::Status& status) {
  if (!status) FAIL(status.error().text());
}

inline WorkerOrder an_order(const files::Path& target) {
  sql::CompileInput input;
  input.sql = "SELECT o.id FROM orders o";
  input.default_namespace = "shop";
  input.catalog.schema = [](const sql::DatasetName& name) -> base::Result<sql::DatasetSchema> {
    sql::DatasetSchema schema;
    schema.id = name;
    schema.columns = {{"id", types::Type(types::TypeId::kInt8), false}};
    return schema;
  };
  auto compiled = sql::compile(input);
  REQUIRE(compiled.ok());
  WorkerOrder order;
  worker::Job& job = order.job;
  job.installation = "here";
  job.product_uid = "uid";
  job.product_namespace = "shop";
  job.product = "listed";
  job.plan = compiled.plan;
  worker::StoreSpec store;
  store.name = "kafka";
  store.kind = worker::StoreSpec::Kind::kKafka;
  store.bootstrap_servers = {"127.0.0.1:1"};
  store.sasl_mechanism = "PLAIN";
  store.secrets_folder = "store-kafka";
  job.stores = {store};
  worker::SourceSpec source;
  source.dataset = "shop/orders";
  source.store = "kafka";
  source.topic = "orders";
  source.reader = {1, R"({"type": "record", "name": "Order", "fields": [{"name": "id", "type": "long"}]})"};
  job.sources = {source};
  job.target.engine = "sqlite";
  job.target.path = target.string();
  job.target_secrets_folder = "target";
  job.table.name = "listed";
  job.table.columns = job.plan.root->output;
  job.table.identity = job.plan.identity;
  order.secrets = {{"store-kafka/username", "somebody"},
                   {"store-kafka/password", "first-secret"},
                   {"registry-kafka/urls", "http://127.0.0.1:1/registry\n"},
                   {"target/password", "second-secret"}};
  return order;
}

}  // namespace offtake::runners
