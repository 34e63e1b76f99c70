// Objects as their field tables see them: structs and maps field by field, lists whole unless the table says
// that they are sets or list-maps, what no table describes field by field. Pure functions.
#pragma once
#include "base/json/value.h"
#include "controlplane/resources/kind.h"
#include "controlplane/store/field_set.h"

namespace offtake::store {

// The fields that the object says something about: leaves, and items of sets and list-maps.
FieldSet fields_of(const resources::Kind& kind, const json::Value& object);

// The value at a path; null when absent.
const json::Value& value_of(const resources::Kind& kind, const json::Value& object, const FieldPath& path);

// Takes a path out of the object; empty objects and lists that remain above it go too, as far as `path`
// reaches.
void remove_field(const resources::Kind& kind, json::Value& object, const FieldPath& path);

// Whether the struct at the path holds nothing but its constant defaults.
bool only_defaults(const resources::Kind& kind, const json::Value& object, const FieldPath& path);

// `over` laid over `base`: members and items that only base has stay.
json::Value merge(const resources::Kind& kind, const json::Value& base, const json::Value& over);

}  // namespace offtake::store
