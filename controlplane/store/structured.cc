#include "controlplane/store/structured.h"

#include "controlplane/resources/schema.h"

namespace offtake::store {
namespace {

using resources::Field;
using resources::FieldKind;
using resources::ListType;

// Where a walk stands in the table. Null: nobody describes it.
struct Spot {
  const Field* field = nullptr;
  const resources::ObjectType* object = nullptr;

  static Spot of(const Field* field) {
    Spot out;
    out.field = field;
    if (field != nullptr && field->kind == FieldKind::kObject) out.object = field->object;
    return out;
  }
  Spot member(std::string_view name) const {
    if (object != nullptr) return of(object->find(name));
    if (field != nullptr && field->kind == FieldKind::kMap) return of(field->item.get());
    return {};
  }
  Spot item() const { return of(field->item.get()); }
  bool is_set() const { return is_list(ListType::kSet); }
  bool is_list_map() const { return is_list(ListType::kMap); }
  bool is_merged_list() const { return is_set() || is_list_map(); }

 private:
  bool is_list(ListType type) const {
    return field != nullptr && field->kind == FieldKind::kList && field->list_type == type;
  }
};

Spot root(const resources::Kind& kind) {
  Spot out;
  out.object = kind.type;
  return out;
}

std::string item_key(const Spot& list, const json::Value& item) {
  if (list.is_set()) return "v:" + json::dump(item);
  std::vector<std::string> names = list.field->list_keys;
  std::sort(names.begin(), names.end());
  json::Value keys = json::Value::object();
  for (const std::string& name : names) keys.set(name, item[name]);
  return "k:" + json::dump(keys);
}

void collect(const Spot& spot, const json::Value& value, FieldSet& out) {
  if (value.is_object() && !value.as_object().empty()) {
    for (const auto& [name, member] : value.as_object()) {
      FieldSet child;
      collect(spot.member(name), member, child);
      if (!child.empty()) out.children.emplace("f:" + name, std::move(child));
    }
    return;
  }
  if (value.is_array() && spot.is_merged_list()) {
    for (const json::Value& item : value.as_array()) {
      FieldSet child;
      child.self = true;
      if (spot.is_list_map()) collect(spot.item(), item, child);
      child.self = true;
      out.children.emplace(item_key(spot, item), std::move(child));
    }
    return;
  }
  out.self = true;
}

const json::Value& shared_null() {
  static const json::Value kNull;
  return kNull;
}

// The child of `value` that `key` names; moves the spot on.
const json::Value* step(Spot& spot, const json::Value& value, const std::string& key) {
  if (key[0] == 'f') {
    const std::string_view name = std::string_view(key).substr(2);
    spot = spot.member(name);
    return value.find(name);
  }
  if (!value.is_array() || !spot.is_merged_list()) return nullptr;
  for (const json::Value& item : value.as_array()) {
    if (item_key(spot, item) != key) continue;
    spot = spot.item();
    return &item;
  }
  return nullptr;
}

bool is_empty(const json::Value& value) {
  return (value.is_object() && value.as_object().empty()) || (value.is_array() && value.as_array().empty());
}

void remove_at(Spot spot, json::Value& value, const FieldPath& path, std::size_t at) {
  const std::string& key = path[at];
  Spot next = spot;
  auto* child = const_cast<json::Value*>(step(next, value, key));
  if (child == nullptr) return;
  if (at + 1 < path.size()) {
    remove_at(next, *child, path, at + 1);
    if (!is_empty(*child)) return;
  }
  if (key[0] == 'f') {
    value.erase(std::string_view(key).substr(2));
  } else {
    std::erase_if(value.as_array(), [&](const json::Value& item) { return &item == child; });
  }
}

json::Value merge_at(const Spot& spot, const json::Value& base, const json::Value& over) {
  if (base.is_object() && over.is_object()) {
    json::Value out = base;
    for (const auto& [name, member] : over.as_object()) {
      if (member.is_null()) continue;
      const Spot at = spot.member(name);
      const json::Value* present = base.find(name);
      if (present != nullptr) {
        out.set(name, merge_at(at, *present, member));
      } else if (member.is_object()) {
        out.set(name, merge_at(at, json::Value::object(), member));
      } else if (!(at.is_merged_list() && member.is_array() && member.as_array().empty())) {
        // A set or list-map without items says nothing: nobody could own it.
        out.set(name, member);
      }
    }
    return out;
  }
  if (base.is_array() && over.is_array() && spot.is_merged_list()) {
    // The applied order first, then what only others have.
    json::Value out = json::Value::array();
    std::vector<std::string> seen;
    for (const json::Value& item : over.as_array()) {
      std::string key = item_key(spot, item);
      Spot at = spot;
      const json::Value* present = step(at, base, key);
      out.push_back(present == nullptr || spot.is_set() ? item : merge_at(spot.item(), *present, item));
      seen.push_back(std::move(key));
    }
    for (const json::Value& item : base.as_array()) {
      if (std::find(seen.begin(), seen.end(), item_key(spot, item)) == seen.end()) out.push_back(item);
    }
    return out;
  }
  return over;
}

bool only_defaults_at(const Spot& spot, const json::Value& value) {
  if (spot.object == nullptr || !value.is_object()) return false;
  return std::all_of(value.as_object().begin(), value.as_object().end(), [&](const json::Member& member) {
    const Field* field = spot.object->find(member.first);
    if (field == nullptr) return false;
    return (field->default_value && *field->default_value == member.second) ||
           only_defaults_at(spot.member(member.first), member.second);
  });
}

}  // namespace

FieldSet fields_of(const resources::Kind& kind, const json::Value& object) {
  FieldSet out;
  collect(root(kind), object, out);
  out.self = false;
  return out;
}

const json::Value& value_of(const resources::Kind& kind, const json::Value& object, const FieldPath& path) {
  Spot spot = root(kind);
  const json::Value* here = &object;
  for (const std::string& key : path) {
    here = step(spot, *here, key);
    if (here == nullptr) return shared_null();
  }
  return *here;
}

void remove_field(const resources::Kind& kind, json::Value& object, const FieldPath& path) {
  if (!path.empty()) remove_at(root(kind), object, path, 0);
}

bool only_defaults(const resources::Kind& kind, const json::Value& object, const FieldPath& path) {
  Spot spot = root(kind);
  const json::Value* here = &object;
  for (const std::string& key : path) {
    here = step(spot, *here, key);
    if (here == nullptr) return false;
  }
  return only_defaults_at(spot, *here);
}

json::Value merge(const resources::Kind& kind, const json::Value& base, const json::Value& over) {
  return merge_at(root(kind), base, over);
}

}  // namespace offtake::store
