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

void collect_places(const Spot& spot, const json::Value& value, FieldSet& out) {
  out.self = true;
  if (value.is_object()) {
    for (const auto& [name, member] : value.as_object()) {
      collect_places(spot.member(name), member, out.children["f:" + name]);
    }
  } else if (value.is_array() && spot.is_merged_list()) {
    for (const json::Value& item : value.as_array()) {
      collect_places(spot.item(), item, out.children[item_key(spot, item)]);
    }
  }
}

FieldSet changed_at(const Spot& spot, const json::Value& before, const json::Value& after) {
  FieldSet out;
  const auto put = [&](const std::string& key, FieldSet child) {
    if (!child.empty()) out.children.emplace(key, std::move(child));
  };
  if (before.is_object() && after.is_object()) {
    for (const auto& [name, member] : after.as_object()) {
      const json::Value* was = before.find(name);
      if (was != nullptr) put("f:" + name, changed_at(spot.member(name), *was, member));
    }
  } else if (before.is_array() && after.is_array() && spot.is_merged_list()) {
    if (spot.is_set()) return out;
    std::map<std::string, const json::Value*> were;
    for (const json::Value& item : before.as_array()) were.emplace(item_key(spot, item), &item);
    for (const json::Value& item : after.as_array()) {
      const std::string key = item_key(spot, item);
      if (const auto was = were.find(key); was != were.end()) {
        put(key, changed_at(spot.item(), *was->second, item));
      }
    }
  } else {
    out.self = !after.is_null() && !(before == after);
  }
  return out;
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

Spot below(const Spot& spot, const std::string& key) {
  if (key[0] == 'f') return spot.member(std::string_view(key).substr(2));
  return spot.is_merged_list() ? spot.item() : Spot{};
}

FieldSet with_parents_at(const Spot& spot, const FieldSet& set) {
  FieldSet out = set;
  for (auto& [key, child] : out.children) {
    child = with_parents_at(below(spot, key), child);
    const bool named = key[0] == 'f' && spot.object != nullptr &&
                       spot.object->find(std::string_view(key).substr(2)) != nullptr;
    if (named && !child.children.empty()) child.self = true;
  }
  return out;
}

// Null: nothing is left of it.
json::Value without_fields_at(const Spot& spot, const json::Value& value, const FieldSet& set) {
  const bool list = value.is_array() && spot.is_merged_list();
  if (!value.is_object() && !list) return value;
  json::Value out = list ? json::Value::array() : json::Value::object();
  const auto put = [&](const std::string& key, const std::string* name, const json::Value& child) {
    const auto gone = set.children.find(key);
    if (gone != set.children.end() && gone->second.self) return;
    json::Value rest =
        gone == set.children.end() ? child : without_fields_at(below(spot, key), child, gone->second);
    if (name == nullptr) {
      out.push_back(std::move(rest));
    } else {
      out.as_object().emplace_back(*name, std::move(rest));
    }
  };
  if (list) {
    for (const json::Value& item : value.as_array()) put(item_key(spot, item), nullptr, item);
  } else {
    for (const auto& [name, member] : value.as_object()) put("f:" + name, &name, member);
  }
  return is_empty(out) && !is_empty(value) ? json::Value() : out;
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
      } else {
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

}  // namespace

FieldSet fields_of(const resources::Kind& kind, const json::Value& object) {
  FieldSet out;
  collect(root(kind), object, out);
  out.self = false;
  return out;
}

FieldSet places_of(const resources::Kind& kind, const json::Value& object) {
  FieldSet out;
  collect_places(root(kind), object, out);
  out.self = false;
  return out;
}

FieldSet changed_values(const resources::Kind& kind, const json::Value& before, const json::Value& after) {
  return changed_at(root(kind), before, after);
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

FieldSet with_parents(const resources::Kind& kind, const FieldSet& set) {
  return with_parents_at(root(kind), set);
}

json::Value without_fields(const resources::Kind& kind, const json::Value& object, const FieldSet& set) {
  json::Value out = without_fields_at(root(kind), object, set);
  return out.is_null() ? json::Value::object() : out;
}

json::Value merge(const resources::Kind& kind, const json::Value& base, const json::Value& over) {
  return merge_at(root(kind), base, over);
}

}  // namespace offtake::store
