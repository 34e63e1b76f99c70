// docs/resources.md is what the field tables say. REWRITE=1 writes it.
#include <doctest/doctest.h>

#include <cstdlib>

#include "base/files/files.h"
#include "controlplane/cli/resource_document.h"

using namespace offtake;

TEST_CASE("docs/resources.md is up to date") {
  const files::Path file = files::Path(OFFTAKE_SOURCE_DIR) / "docs/resources.md";
  const std::string wanted = cli::resource_document();
  if (std::getenv("REWRITE") != nullptr) REQUIRE(files::write_file_atomic(file, wanted).ok());
  const auto found = files::read_file(file);
  REQUIRE_MESSAGE(found.ok(), found.error().text());
  CHECK_MESSAGE(*found == wanted, "`offtake generate docs` writes it");
}
