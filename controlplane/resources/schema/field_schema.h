// One field of a table in the words of OpenAPI v3, as Kubernetes uses them. Pure.
#pragma once
#include <functional>

#include "controlplane/resources/schema.h"

namespace offtake::resources::schema {

// What lists and maps hold, and fields are: by reference or in place.
using Nested = std::function<json::Value(const Field& item)>;

json::Value texts(const std::vector<std::string>& list);  // an array of them

// Adds type, bounds, pattern, enum and kind of list to `out`; nothing of an object's own fields.
void describe(const Field& field, const Nested& item, json::Value& out);

// An object with its description, what `property` says of each field that there is, and which are required.
json::Value object_schema(const ObjectType& type, const Nested& property);

}  // namespace offtake::resources::schema
