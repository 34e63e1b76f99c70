// Fields of objects by path: status.readyReplicas, .spec.clusterIP, status.addresses[0].ip,
// metadata.annotations["example.org/url"]. Pure.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/json/value.h"

namespace offtake::provision::templates {

struct Step {
  std::string member;  // empty: an item
  std::size_t item = 0;
};

// Code BadFieldPath.
base::Result<std::vector<Step>> parse_field_path(std::string_view path);

// A text, number or truth value as text; empty where there is nothing, or something else.
std::string read_field(const json::Value& object, const std::vector<Step>& path);

}  // namespace offtake::provision::templates
