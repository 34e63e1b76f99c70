#include "operators/targets/function/engine.h"
#include "operators/targets/http/webhook/engine.h"
#include "operators/targets/opensearch/opensearch_target.h"
#include "operators/targets/postgres/postgres_target.h"
#include "operators/targets/sqlite/sqlite_target.h"
#include "operators/targets/target.h"
#include "operators/targets/topic/topic_target.h"

namespace offtake::targets {
namespace {

const TargetEngine* const kEngines[] = {
    &sqlite::engine(), &postgres::engine(),      &opensearch::engine(), &opensearch::elasticsearch_engine(),
    &topic::engine(),  &http::webhook::engine(), &function::engine()};

}  // namespace

const TargetEngine* find_engine(std::string_view name) {
  for (const TargetEngine* engine : kEngines) {
    if (engine->name == name) return engine;
  }
  return nullptr;
}

std::vector<std::string_view> engine_names() {
  std::vector<std::string_view> out;
  for (const TargetEngine* engine : kEngines) out.push_back(engine->name);
  return out;
}

}  // namespace offtake::targets
