// Internal to this folder.
#pragma once
#include <string>

#include "base/json/value.h"
#include "schemas/registry/model.h"

namespace offtake::registry {

// Contents are equal exactly if these are.
std::string identity_of(const Content& content);
json::Value references_json(const std::vector<Reference>& references);
// Nothing when it is no list of {name, subject, version}.
std::optional<std::vector<Reference>> parse_references(const json::Value& value);

}  // namespace offtake::registry
