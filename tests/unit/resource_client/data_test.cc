// Reads tests/data/resource_client/*.yaml and declares a case for each of their documents.
#include "base/files/files.h"
#include "base/yaml/node.h"
#include "steps.h"

namespace offtake::resource_client_test {
namespace {

const files::Path kRoot(OFFTAKE_SOURCE_DIR);

void run_document(World& world, const json::Value& document) {
  Variables variables{{"$ns", world.space}};
  for (const json::Value& step : document["steps"].as_array()) run_step(world, step, variables);
}

std::vector<std::string>& differences() {
  static std::vector<std::string> found;
  return found;
}

void note_differences(const json::Value& document) {
  if (const std::string why = document.string_or("because"); !why.empty()) differences().push_back(why);
  for (const json::Value& step : document["steps"].as_array()) {
    if (const std::string why = step.string_or("differs"); !why.empty()) differences().push_back(why);
    if (step.find("kubernetes") != nullptr || step.find("embedded") != nullptr) {
      if (step.string_or("differs").empty())
        differences().push_back("nothing says why: " + document.string_or("case"));
    }
  }
}

// A file that cannot be read is a case that fails.
void declare_file(const files::Path& path) {
  const auto text = files::read_file(path);
  const auto documents = text ? yaml::parse(*text, path.filename().string()) : text.error();
  if (!documents) {
    declare_case(path.filename().string() + " cannot be read", path, 1,
                 [why = documents.error().text()](World&) { FAIL(why); });
    return;
  }
  for (const yaml::Document& one : *documents) {
    const json::Value document = yaml::to_json(one.root);
    note_differences(document);
    declare_case(
        path.stem().string() + ": " + document.string_or("case"), path, one.position.line,
        [document](World& world) { run_document(world, document); },
        [only = document.string_or("only")](std::string_view backing) {
          return only.empty() || (only == kKubernetes) == (backing == kKubernetes);
        });
  }
}

const bool kDeclared = [] {
  const files::Path folder = kRoot / "tests/data/resource_client";
  const auto names = files::list_names(folder);
  if (!names) return false;
  for (const std::string& name : *names) declare_file(folder / name);
  return true;
}();

}  // namespace

TEST_CASE("every difference to the API server of Kubernetes is told in the store's README") {
  REQUIRE(kDeclared);
  const auto readme = files::read_file(kRoot / "controlplane/store/README.md");
  REQUIRE(readme.ok());
  for (const std::string& why : differences()) {
    CHECK_MESSAGE(readme->find("| " + why + " |") != std::string::npos, why);
  }
}

}  // namespace offtake::resource_client_test
