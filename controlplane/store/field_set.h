// A set of fields of an object, as server-side apply keeps them (FieldsV1). A tree; a node's key is
//   f:name        a member of a struct or map
//   k:{"name":"x"} an item of a list-map, by its keys
//   v:"x"         an item of a set
// Plain data.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json/value.h"

namespace offtake::store {

using FieldPath = std::vector<std::string>;  // keys from the root

struct FieldSet {
  bool self = false;  // the node itself is in the set (FieldsV1: ".")
  std::map<std::string, FieldSet> children;

  bool empty() const { return !self && children.empty(); }
  bool contains(const FieldPath& path) const;
  void insert(const FieldPath& path);
  void remove(const FieldPath& path);  // the path itself, not what is below
  std::vector<FieldPath> paths() const;
  bool operator==(const FieldSet&) const = default;

  static FieldSet from_json(const json::Value& fields);
  json::Value to_json() const;
};

FieldSet unite(FieldSet a, const FieldSet& b);
FieldSet subtract(const FieldSet& a, const FieldSet& b);
FieldSet intersect(const FieldSet& a, const FieldSet& b);

// As people read it: .spec.columns[path="email"].description
std::string path_text(const FieldPath& path);

}  // namespace offtake::store
