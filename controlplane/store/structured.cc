#include "controlplane/store/structured.h"

#include <set>

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

json::Value merge_items(const Spot& spot, const json::Array& base, const json::Array& over);

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
    return merge_items(spot, base.as_array(), over.as_array());
  }
  return over;
}

// The applied order, and what only base has where it stood: before the next item that both have.
json::Value merge_items(const Spot& spot, const json::Array& base, const json::Array& over) {
  std::vector<std::string> keys;
  std::map<std::string, const json::Value*> in_base;
  for (const json::Value& item : base) in_base.emplace(keys.emplace_back(item_key(spot, item)), &item);
  std::vector<std::string> over_keys;
  for (const json::Value& item : over) over_keys.push_back(item_key(spot, item));
  const std::set<std::string> in_over(over_keys.begin(), over_keys.end());

  json::Value out = json::Value::array();
  std::size_t at = 0, next_of_both = 0;
  const auto put_only_of_base = [&](const std::string* until) {
    for (; at < base.size() && (until == nullptr || keys[at] != *until); ++at) {
      if (!in_over.contains(keys[at])) out.push_back(base[at]);
    }
  };
  for (std::size_t i = 0; i < over.size(); ++i) {
    next_of_both = std::max(next_of_both, i);
    while (next_of_both < over.size() && !in_base.contains(over_keys[next_of_both])) ++next_of_both;
    put_only_of_base(next_of_both < over.size() ? &over_keys[next_of_both] : nullptr);
    const auto present = in_base.find(over_keys[i]);
    const bool merged = present != in_base.end() && !spot.is_set();
    out.push_back(merged ? merge_at(spot.item(), *present->second, over[i]) : over[i]);
    if (at < base.size() && keys[at] == over_keys[i]) ++at;
  }
  put_only_of_base(nullptr);
  return out;
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
