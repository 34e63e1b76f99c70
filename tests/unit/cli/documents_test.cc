#include "controlplane/cli/documents.h"

#include <doctest/doctest.h>

#include "base/files/files.h"

using namespace offtake;

namespace {

constexpr const char* kProduct =
    "apiVersion: offtake.dev/v1alpha1\nkind: DataProduct\nmetadata: {name: a, namespace: shop}\n"
    "spec: {sql: SELECT order_id FROM orders}\n";
constexpr const char* kNamespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n";

}  // namespace

TEST_CASE("a folder's manifests are read by name and sent by kind") {
  auto folder = *files::TempDir::make("cli");
  REQUIRE(files::write_file_atomic(folder.path() / "a.yaml", kProduct).ok());
  REQUIRE(files::write_file_atomic(folder.path() / "b.yml", kNamespace).ok());
  REQUIRE(files::write_file_atomic(folder.path() / "notes.txt", "nothing").ok());
  cli::Console console;
  const auto documents = cli::read_all({folder.path().string()}, "default", console);
  REQUIRE(documents.has_value());
  REQUIRE(documents->size() == 2);
  CHECK((*documents)[0].title() == "Namespace shop");
  CHECK((*documents)[1].title() == "DataProduct shop/a");
}

TEST_CASE("one name in two files, an empty folder, a missing file: nothing is returned") {
  auto folder = *files::TempDir::make("cli");
  cli::Console console;
  CHECK_FALSE(cli::read_all({folder.path().string()}, "default", console).has_value());
  CHECK_FALSE(cli::read_all({(folder.path() / "none.yaml").string()}, "default", console).has_value());
  REQUIRE(files::write_file_atomic(folder.path() / "a.yaml", kProduct).ok());
  CHECK(cli::read_all({folder.path().string()}, "default", console).has_value());
  REQUIRE(files::write_file_atomic(folder.path() / "b.yaml", kProduct).ok());
  CHECK_FALSE(cli::read_all({folder.path().string()}, "default", console).has_value());
}
