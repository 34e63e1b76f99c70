// Objects as their field tables see them: structs and maps field by field, lists whole unless the table says
// that they are sets or list-maps, what no table describes field by field. Pure functions.
#pragma once
#include "base/json/value.h"
#include "controlplane/resources/kind.h"
#include "controlplane/store/field_set.h"

namespace offtake::store {

// The fields that the object says something about: leaves, and items of sets and list-maps.
FieldSet fields_of(const resources::Kind& kind, const json::Value& object);

// Likewise, and all objects and lists that are in it, whatever they hold.
FieldSet places_of(const resources::Kind& kind, const json::Value& object);

// What both have, with different values: texts, numbers, lists that are taken whole.
FieldSet changed_values(const resources::Kind& kind, const json::Value& before, const json::Value& after);

// The value at a path; null when absent.
const json::Value& value_of(const resources::Kind& kind, const json::Value& object, const FieldPath& path);

// The set with all members of structs that something below is in the set of.
FieldSet with_parents(const resources::Kind& kind, const FieldSet& set);

// The object without these fields and all that is in them; null where nothing is left of an object or list,
// for it is still somebody's.
json::Value without_fields(const resources::Kind& kind, const json::Value& object, const FieldSet& set);

// `over` laid over `base`: members and items that only base has stay.
json::Value merge(const resources::Kind& kind, const json::Value& base, const json::Value& over);

}  // namespace offtake::store
