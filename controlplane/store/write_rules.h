// What every write does to an object before it is stored. Pure functions.
#pragma once
#include <string>
#include <string_view>

#include "base/json/value.h"
#include "base/result.h"
#include "controlplane/resources/kind.h"

namespace offtake::store {

// "namespace/name" parts of an object; empty when absent.
std::string namespace_of(const json::Value& object);
std::string name_of(const json::Value& object);
std::string uid_of(const json::Value& object);
std::string version_of(const json::Value& object);
bool is_deleting(const json::Value& object);
bool has_finalizers(const json::Value& object);

// Members that are null, at any depth, are as good as absent.
json::Value without_nulls(json::Value value);

// Labels, annotations, finalizers and owners without anything in them are as good as absent.
void drop_empty_metadata(json::Value& object);

// What only the store writes: takes it out of what a client sent.
void drop_system_fields(json::Value& object);
// Puts uid, creationTimestamp, generation, deletion times and managedFields of `before` into `object`.
void carry_system_fields(const json::Value& before, json::Value& object);
// Gives metadata and the object's members the usual order.
void put_in_order(json::Value& object);

// A Secret's stringData goes into data.
void fold_string_data(const resources::Kind& kind, json::Value& object);

// Equal but for resourceVersion and the times of managedFields.
bool says_the_same(const json::Value& a, const json::Value& b);
// Whether what counts as an edit of the spec differs: all but metadata and status.
bool spec_differs(const json::Value& a, const json::Value& b);

// Errors as the API words them.
base::Error not_found(const resources::Kind& kind, std::string_view name);
base::Error already_exists(const resources::Kind& kind, std::string_view name);
base::Error version_conflict(const resources::Kind& kind, std::string_view name);
base::Error uid_fixed(const resources::Kind& kind, std::string_view name, std::string_view wanted);
base::Error version_required(const resources::Kind& kind, std::string_view name);
base::Error uid_conflict(const resources::Kind& kind, std::string_view name, std::string_view wanted,
                         std::string_view present);

}  // namespace offtake::store
