// CustomResourceDefinitions: what manifests/crds holds, and that they are structural. That a real API server
// takes them and refuses by them what it should is tested on one.
#include "controlplane/resources/schema/crd.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

using namespace offtake;
using namespace offtake::resources;

namespace {

std::string text_of(const std::filesystem::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Every node of a schema, with its path.
template <class Look>
void walk(const json::Value& schema, const std::string& path, const Look& look) {
  look(path, schema);
  if (const auto* properties = schema.find("properties")) {
    for (const auto& [name, property] : properties->as_object()) walk(property, path + "." + name, look);
  }
  if (const auto* items = schema.find("items")) walk(*items, path + "[]", look);
  if (const auto* held = schema.find("additionalProperties")) walk(*held, path + "{}", look);
}

const json::Value& schema_of(const json::Value& crd) {
  return crd.at({"spec"})["versions"].as_array()[0]["schema"]["openAPIV3Schema"];
}

std::set<std::string> names(const json::Value& list) {
  std::set<std::string> out;
  if (list.is_array()) {
    for (const auto& name : list.as_array()) out.insert(name.as_string());
  }
  return out;
}

}  // namespace

// REWRITE=1 writes it.
TEST_CASE("manifests/crds is what the tables say") {
  const std::filesystem::path folder = OFFTAKE_SOURCE_DIR "/manifests/crds";
  std::set<std::string> wanted, found;
  for (const Kind* kind : schema::custom_kinds()) {
    wanted.insert(schema::crd_file_name(*kind));
    if (std::getenv("REWRITE") != nullptr)
      std::ofstream(folder / schema::crd_file_name(*kind)) << schema::crd_yaml(*kind);
    CHECK_MESSAGE(text_of(folder / schema::crd_file_name(*kind)) == schema::crd_yaml(*kind),
                  "`./dev generate` writes it");
  }
  for (const auto& entry : std::filesystem::directory_iterator(folder)) found.insert(entry.path().filename());
  CHECK(found == wanted);
  CHECK(wanted.size() == 4);
}

TEST_CASE("a CRD is structural, documented and bounded") {
  for (const Kind* kind : schema::custom_kinds()) {
    const json::Value crd = schema::custom_resource_definition(*kind);
    walk(schema_of(crd), kind->kind, [&](const std::string& path, const json::Value& node) {
      CAPTURE(path);
      const bool typed = node.find("type") != nullptr || node.bool_or("x-kubernetes-int-or-string") ||
                         node.bool_or("x-kubernetes-preserve-unknown-fields");
      CHECK(typed);
      CHECK(node.find("$ref") == nullptr);
      CHECK(node.find("allOf") == nullptr);
      const bool both = node.find("properties") != nullptr && node.find("additionalProperties") != nullptr;
      CHECK_FALSE(both);
      if (node.string_or("x-kubernetes-list-type") == "map") {
        const json::Value& item = node["items"];
        const auto required = names(item["required"]);
        for (const auto& key : names(node["x-kubernetes-list-map-keys"]))
          CHECK((required.contains(key) || item.at({"properties"})[key].find("default") != nullptr));
      }
      // Of what users write; what the operator writes is bounded by the operator.
      if (!path.starts_with(kind->kind + ".spec")) return;
      const bool item = path.ends_with("]") || path.ends_with("}");
      if (!item) CHECK(!node.string_or("description").empty());
      const std::string type = node.string_or("type");
      if (type == "array") CHECK(node.find("maxItems") != nullptr);
      if (type == "object" && node.find("additionalProperties")) CHECK(node.find("maxProperties") != nullptr);
    });
  }
}

TEST_CASE("a CRD leaves out what this version does not have, and says unions and what stays") {
  const json::Value crd = schema::custom_resource_definition(kind_of<DataProduct>());
  const json::Value& spec = schema_of(crd).at({"properties", "spec", "properties"});
  CHECK(spec.at({"delivery", "properties"}).find("maxAge") == nullptr);
  CHECK(names(spec.at({"runner", "properties", "type", "enum"})).contains("Process"));
  CHECK_FALSE(names(spec.at({"runner", "properties", "type", "enum"})).contains("Flink"));
  const json::Value& target = spec["target"];
  std::string rules;
  for (const auto& rule : target["x-kubernetes-validations"].as_array())
    rules += rule.string_or("rule") + "\n";
  CHECK(rules ==
        "has(self.className) == has(oldSelf.className) && (!has(self.className) || self.className == "
        "oldSelf.className)\nhas(self.name) == has(oldSelf.name) && (!has(self.name) || self.name == "
        "oldSelf.name)\n");
  const json::Value store = schema::custom_resource_definition(kind_of<EventStore>());
  CHECK(json::dump(store).find("? 1 : 0) + (has(self.") != std::string::npos);
  CHECK(store["spec"].string_or("scope") == "Cluster");
}
