// Cases that stand in YAML files beside the tests.
#pragma once
#include <doctest/doctest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "base/yaml/node.h"

namespace offtake::catalog {

inline json::Value read(const std::string& name) {
  std::ifstream file(OFFTAKE_SOURCE_DIR "/tests/unit/catalog/" + name);
  std::ostringstream text;
  text << file.rdbuf();
  auto documents = yaml::parse(text.str());
  if (!documents.ok()) FAIL(documents.error().text());
  return yaml::to_json(documents->at(0).root);
}

inline std::vector<std::string> texts(const json::Value& list) {
  std::vector<std::string> out;
  if (!list.is_array()) return out;
  for (const json::Value& item : list.as_array()) out.push_back(item.as_string());
  return out;
}

}  // namespace offtake::catalog
