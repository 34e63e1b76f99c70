// docs/types.md is what the engines say. REWRITE=1 writes it.
#include <doctest/doctest.h>

#include <cstdlib>

#include "base/files/files.h"
#include "operators/targets/target.h"
#include "operators/targets/types_document.h"

namespace offtake::targets_test {

TEST_CASE("docs/types.md is up to date") {
  const std::string wanted = targets::types_document();
  if (std::getenv("REWRITE") != nullptr) REQUIRE(files::write_file_atomic(TYPES_DOCUMENT, wanted).ok());
  const auto found = files::read_file(TYPES_DOCUMENT);
  REQUIRE_MESSAGE(found.ok(), found.error().text());
  CHECK_MESSAGE(*found == wanted, "run the test with REWRITE=1 to write docs/types.md");
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
