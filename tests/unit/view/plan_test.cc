// What `plan` calls an edit, and what it says of it.
#include "controlplane/view/plan.h"

#include <doctest/doctest.h>

#include "base/yaml/node.h"
#include "controlplane/resources/validate.h"
#include "controlplane/sql/compile.h"

namespace offtake::view {
namespace {

resources::DataProduct product(const std::string& spec) {
  auto documents = yaml::parse(
      "apiVersion: offtake.dev/v1alpha1\nkind: DataProduct\nmetadata: {name: x, namespace: a}\nspec: {" +
      spec + "}\n");
  REQUIRE(documents.ok());
  auto checked = resources::check(yaml::to_json(documents->at(0).root));
  if (!checked.ok()) FAIL(checked.errors[0].text());
  return resources::from_json<resources::DataProduct>(checked.object);
}

// As drafted: with or without state, over a topic that can be read again or not.
planning::Draft drafted(const char* sql, bool rereadable) {
  sql::CompileInput input;
  input.sql = sql;
  input.default_namespace = "a";
  input.catalog.schema = [](const sql::DatasetName& name) -> base::Result<sql::DatasetSchema> {
    sql::DatasetSchema schema;
    schema.id = name;
    schema.columns = {{"id", types::Type(types::TypeId::kInt8), false}};
    return schema;
  };
  const auto compiled = sql::compile(input);
  REQUIRE(compiled.ok());
  planning::Draft out;
  out.job.plan = compiled.plan;
  planning::SourceDraft source;
  source.use = compiled.datasets[0];
  source.rereadable = rereadable;
  out.sources.push_back(std::move(source));
  return out;
}

constexpr const char* kRows = "SELECT o.id FROM orders o";
constexpr const char* kCounts = "SELECT o.id, count(*) AS n FROM orders o GROUP BY o.id";

struct Case {
  const char* name;
  const char* before;
  const char* now;
  const char* sql;
  bool rereadable;
  Action action;
  std::vector<std::string> reasons;
};

const Case kCases[] = {
    {"nothing", "sql: q", "sql: q", kRows, true, Action::kNone, {}},
    {"another query", "sql: q", "sql: p", kRows, true, Action::kRebuild, {"spec.sql changed"}},
    {"more history",
     "sql: q, history: {from: 1d}",
     "sql: q, history: {from: 2d}",
     kRows,
     true,
     Action::kRebuild,
     {"spec.history changed"}},
    {"a description",
     "sql: q",
     "sql: q, description: d",
     kCounts,
     false,
     Action::kInPlace,
     {"spec.description changes in place"}},
    {"threads without state",
     "sql: q",
     "sql: q, runner: {threads: 2}",
     kRows,
     false,
     Action::kInPlace,
     {"spec.runner changes in place: the worker is started again and goes on where it was"}},
    {"memory with a state that can be read again",
     "sql: q",
     "sql: q, runner: {memory: 2Gi}",
     kCounts,
     true,
     Action::kInPlace,
     {"spec.runner changes in place: the worker is started again and reads its state anew"}},
    {"memory with a state that cannot",
     "sql: q",
     "sql: q, runner: {memory: 2Gi}",
     kCounts,
     false,
     Action::kRebuild,
     {"spec.runner starts the worker again, and its state over a.orders cannot be read anew: records of the "
      "topic "
      "have been removed"}},
    {"what a receiver is sent",
     "sql: q",
     "sql: q, delivery: {changes: Created}",
     kRows,
     true,
     Action::kRebuild,
     {"spec.delivery changed"}},
    {"how a receiver is sent it",
     "sql: q, delivery: {changes: All}",
     "sql: q, delivery: {changes: All, maxInFlight: 2, answerTimeout: 5s, retry: {maxAttempts: 3, maxDelay: "
     "10s}}",
     kCounts,
     false,
     Action::kInPlace,
     {"spec.delivery changes in place"}},
    {"what is compared before the swap",
     "sql: q",
     "sql: q, rollout: {verify: None}",
     kCounts,
     false,
     Action::kInPlace,
     {"spec.rollout counts from the next fill on"}},
};

}  // namespace

TEST_CASE("an edit is called what it will be") {
  for (const Case& c : kCases) {
    CAPTURE(c.name);
    PlanReport report;
    report.draft = drafted(c.sql, c.rereadable);
    compare(product(c.now), product(c.before), report);
    CHECK(to_string(report.action) == to_string(c.action));
    CHECK(report.reasons == c.reasons);
  }
}

TEST_CASE("Count is refused by name, as is a certificate authority for the registry") {
  const auto errors = [](const std::string& text) {
    auto documents = yaml::parse(text);
    REQUIRE(documents.ok());
    std::string out;
    for (const auto& error : resources::check(yaml::to_json(documents->at(0).root)).errors)
      out += error.text();
    return out;
  };
  const auto count = errors(
      "apiVersion: offtake.dev/v1alpha1\nkind: DataProduct\nmetadata: {name: x, namespace: a}\n"
      "spec: {sql: q, rollout: {verify: Count}}\n");
  CHECK_MESSAGE(count.find("not available in this version") != std::string::npos, count);
  CHECK_MESSAGE(count.find("spec.rollout.verify") != std::string::npos, count);
  const auto authority = errors(
      "apiVersion: offtake.dev/v1alpha1\nkind: EventStore\nmetadata: {name: x}\n"
      "spec: {embedded: {}, registry: {confluent: {urls: ['https://r'], caSecretRef: {name: a, key: b}}}}\n");
  CHECK_MESSAGE(authority.find("spec.registry.confluent.caSecretRef") != std::string::npos, authority);
  CHECK_MESSAGE(authority.find("not available in this version") != std::string::npos, authority);
}

}  // namespace offtake::view
