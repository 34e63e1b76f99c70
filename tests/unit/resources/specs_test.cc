// Broken documents, as data: tests/specs/document/<name>.yaml holds what a user wrote, <name>.expected
// every line that they are told. REWRITE=1 writes the expectations anew.
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "controlplane/resources/document.h"

using namespace offtake;

namespace {

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path);
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

std::string told(const std::filesystem::path& path) {
  std::string out;
  for (const auto& document : resources::read_documents(read_file(path), path.filename().string())) {
    for (const base::Error& error : document.errors) out += error.text() + "\n";
  }
  return out;
}

}  // namespace

TEST_CASE("broken documents are told where, what and what to do") {
  const std::filesystem::path folder = std::filesystem::path(OFFTAKE_SOURCE_DIR) / "tests/specs/document";
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".yaml") continue;
    ++count;
    std::filesystem::path expected = entry.path();
    expected.replace_extension(".expected");
    const std::string message = told(entry.path());
    if (std::getenv("REWRITE") != nullptr) std::ofstream(expected) << message;
    CAPTURE(entry.path().filename().string());
    CHECK(message == read_file(expected));
    CHECK(!message.empty());
  }
  CHECK(count >= 15);
}

TEST_CASE("the classes that are shipped are right") {
  int count = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(OFFTAKE_SOURCE_DIR) / "manifests/classes")) {
    if (entry.path().extension() != ".yaml") continue;
    ++count;
    // What stands beside a class is Kubernetes' own.
    const auto documents =
        resources::read_documents(read_file(entry.path()), entry.path().filename().string());
    REQUIRE(!documents.empty());
    CHECK(documents.front().title() == "TargetClass " + entry.path().stem().string());
    for (const base::Error& error : documents.front().errors) FAIL_CHECK(error.text());
  }
  CHECK(count >= 4);
}
