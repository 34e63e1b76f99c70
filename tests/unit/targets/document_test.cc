// Documents are what the engines say. REWRITE=1 writes them.
#include <doctest/doctest.h>

#include <cstdlib>

#include "base/files/files.h"
#include "conformance.h"
#include "fixture.h"
#include "operators/provision/offers/offers.h"
#include "operators/targets/target.h"
#include "operators/targets/types_document.h"
#include "promises_document.h"

namespace offtake::targets_test {

TEST_CASE("docs are what the engines say") {
  const std::string path = DOCUMENTS "/types.md";
  if (std::getenv("REWRITE") != nullptr)
    REQUIRE(files::write_file_atomic(path, targets::types_document()).ok());
  const auto found = files::read_file(path);
  REQUIRE_MESSAGE(found.ok(), found.error().text());
  CHECK_MESSAGE(*found == targets::types_document(), "run ./dev generate");
  check_section(DOCUMENTS "/targets.md", "tests/unit/targets", promises_document());
}

TEST_CASE("every engine is run by the suite, by one fixture") {
  std::map<std::string_view, int> seen;
  for (Fixture* fixture : all_fixtures()) ++seen[fixture->engine().name];
  // Whoever is sent changes shows no content: the suite of those engines is tests/unit/targets_push.
  for (const auto name : targets::engine_names()) {
    const int wanted = targets::find_engine(name)->traits.pushed ? 0 : 1;
    CHECK_MESSAGE(seen[name] == wanted, name);
  }
}

TEST_CASE("what the provisioners offer is what is registered") {
  const auto offered = provision::offered_engines();
  CHECK(std::set<std::string_view>(offered.begin(), offered.end()) == [] {
    const auto names = targets::engine_names();
    return std::set<std::string_view>(names.begin(), names.end());
  }());
}

TEST_CASE("every engine says all that callers ask") {
  for (const auto name : targets::engine_names()) {
    CAPTURE(name);
    const targets::TargetEngine* engine = targets::find_engine(name);
    REQUIRE(engine != nullptr);
    CHECK(bool(engine->column_type != nullptr));
    CHECK(bool(engine->image != nullptr));
    CHECK(bool(engine->table_image != nullptr));
    CHECK(bool(engine->check_name != nullptr));
    CHECK(bool(engine->check_table != nullptr));
    CHECK(bool(engine->open != nullptr));
    CHECK(bool(engine->type_notes != nullptr));
  }
  CHECK(targets::find_engine("oracle") == nullptr);
}

}  // namespace offtake::targets_test
