#include "controlplane/store/field_set.h"

namespace offtake::store {
namespace {

void collect(const FieldSet& set, FieldPath& prefix, std::vector<FieldPath>& out) {
  if (set.self && !prefix.empty()) out.push_back(prefix);
  for (const auto& [key, child] : set.children) {
    prefix.push_back(key);
    collect(child, prefix, out);
    prefix.pop_back();
  }
}

void remove_at(FieldSet& set, const FieldPath& path, std::size_t at) {
  if (at == path.size()) {
    set.self = false;
    return;
  }
  const auto it = set.children.find(path[at]);
  if (it == set.children.end()) return;
  remove_at(it->second, path, at + 1);
  if (it->second.empty()) set.children.erase(it);
}

}  // namespace

bool FieldSet::contains(const FieldPath& path) const {
  const FieldSet* here = this;
  for (const std::string& key : path) {
    const auto it = here->children.find(key);
    if (it == here->children.end()) return false;
    here = &it->second;
  }
  return here->self;
}

void FieldSet::insert(const FieldPath& path) {
  FieldSet* here = this;
  for (const std::string& key : path) here = &here->children[key];
  here->self = true;
}

void FieldSet::remove(const FieldPath& path) {
  remove_at(*this, path, 0);
}

std::vector<FieldPath> FieldSet::paths() const {
  std::vector<FieldPath> out;
  FieldPath prefix;
  collect(*this, prefix, out);
  return out;
}

FieldSet FieldSet::from_json(const json::Value& fields) {
  FieldSet out;
  if (!fields.is_object()) return out;
  for (const auto& [key, value] : fields.as_object()) {
    if (key == ".") {
      out.self = true;
      continue;
    }
    FieldSet child = from_json(value);
    // FieldsV1 writes a leaf as {}.
    if (child.empty()) child.self = true;
    out.children.emplace(key, std::move(child));
  }
  return out;
}

json::Value FieldSet::to_json() const {
  json::Value out = json::Value::object();
  if (self && !children.empty()) out.set(".", json::Value::object());
  for (const auto& [key, child] : children) out.as_object().emplace_back(key, child.to_json());
  return out;
}

FieldSet unite(FieldSet a, const FieldSet& b) {
  a.self = a.self || b.self;
  for (const auto& [key, child] : b.children) {
    const auto [it, added] = a.children.try_emplace(key, child);
    if (!added) it->second = unite(std::move(it->second), child);
  }
  return a;
}

FieldSet subtract(const FieldSet& a, const FieldSet& b) {
  FieldSet out;
  out.self = a.self && !b.self;
  for (const auto& [key, child] : a.children) {
    const auto it = b.children.find(key);
    FieldSet rest = it == b.children.end() ? child : subtract(child, it->second);
    if (!rest.empty()) out.children.emplace(key, std::move(rest));
  }
  return out;
}

FieldSet intersect(const FieldSet& a, const FieldSet& b) {
  FieldSet out;
  out.self = a.self && b.self;
  for (const auto& [key, child] : a.children) {
    const auto it = b.children.find(key);
    if (it == b.children.end()) continue;
    FieldSet both = intersect(child, it->second);
    if (!both.empty()) out.children.emplace(key, std::move(both));
  }
  return out;
}

std::string path_text(const FieldPath& path) {
  std::string out;
  for (const std::string& key : path) {
    const std::string_view rest = std::string_view(key).substr(2);
    if (key[0] == 'f') {
      out += "." + std::string(rest);
    } else if (key[0] == 'v') {
      out += fmt::format("[={}]", rest);
    } else {
      std::string keys;
      if (auto parsed = json::parse(rest); parsed && parsed->is_object()) {
        for (const auto& [name, value] : parsed->as_object()) {
          keys += fmt::format("{}{}={}", keys.empty() ? "" : ",", name, json::dump(value));
        }
      }
      out += fmt::format("[{}]", keys);
    }
  }
  return out;
}

}  // namespace offtake::store
