#include "controlplane/store/patch.h"

#include <charconv>

namespace offtake::store {
namespace {

base::Error bad(std::string message) {
  return base::terminal("BadRequest", std::move(message))
      .with_hint("a JSON patch is a list of {op, path, value or from}");
}

base::Error unprocessable(std::string message) {
  return base::terminal("Invalid", std::move(message));
}

base::Result<std::vector<std::string>> parse_pointer(const std::string& pointer) {
  std::vector<std::string> out;
  if (pointer.empty()) return out;
  if (pointer[0] != '/') return bad(fmt::format("'{}' is no JSON pointer", pointer));
  std::string step;
  for (std::size_t i = 1; i <= pointer.size(); ++i) {
    if (i == pointer.size() || pointer[i] == '/') {
      out.push_back(std::move(step));
      step.clear();
    } else if (pointer[i] == '~' && i + 1 < pointer.size() &&
               (pointer[i + 1] == '0' || pointer[i + 1] == '1')) {
      step += pointer[++i] == '0' ? '~' : '/';
    } else {
      step += pointer[i];
    }
  }
  return out;
}

std::optional<std::size_t> parse_index(const std::string& step, std::size_t size) {
  std::size_t index = 0;
  const char* end = step.data() + step.size();
  const auto parsed = std::from_chars(step.data(), end, index);
  if (parsed.ec != std::errc() || parsed.ptr != end || index >= size) return std::nullopt;
  return index;
}

json::Value* child(json::Value& parent, const std::string& step) {
  if (!parent.is_array()) return parent.find(step);
  const auto index = parse_index(step, parent.as_array().size());
  return index ? &parent.as_array()[*index] : nullptr;
}

json::Value* walk(json::Value& root, const std::vector<std::string>& steps, std::size_t count) {
  json::Value* here = &root;
  for (std::size_t i = 0; i < count && here != nullptr; ++i) here = child(*here, steps[i]);
  return here;
}

base::Status add(json::Value& root, const std::vector<std::string>& steps, json::Value value,
                 const std::string& path) {
  if (steps.empty()) {
    root = std::move(value);
    return {};
  }
  json::Value* parent = walk(root, steps, steps.size() - 1);
  if (parent == nullptr) return unprocessable(fmt::format("add: nothing is at the parent of '{}'", path));
  const std::string& last = steps.back();
  if (parent->is_object()) {
    parent->set(last, std::move(value));
    return {};
  }
  if (!parent->is_array())
    return unprocessable(fmt::format("add: the parent of '{}' is no object or list", path));
  json::Array& items = parent->as_array();
  if (last == "-") {
    items.push_back(std::move(value));
    return {};
  }
  const auto index = parse_index(last, items.size() + 1);
  if (!index) return unprocessable(fmt::format("add: the list has no place '{}'", path));
  items.insert(items.begin() + static_cast<std::ptrdiff_t>(*index), std::move(value));
  return {};
}

base::Status remove(json::Value& root, const std::vector<std::string>& steps, const std::string& path) {
  if (steps.empty()) return unprocessable("remove: the whole document cannot be removed");
  json::Value* parent = walk(root, steps, steps.size() - 1);
  if (parent == nullptr || child(*parent, steps.back()) == nullptr) {
    return unprocessable(fmt::format("remove: nothing is at '{}'", path));
  }
  if (parent->is_object()) {
    parent->erase(steps.back());
  } else {
    const auto index = parse_index(steps.back(), parent->as_array().size());
    parent->as_array().erase(parent->as_array().begin() + static_cast<std::ptrdiff_t>(*index));
  }
  return {};
}

// As Kubernetes does it: a member that is not there is added, an item of a list is not.
base::Status replace_absent(json::Value& root, const std::vector<std::string>& steps, json::Value value,
                            const std::string& path) {
  const json::Value* parent = walk(root, steps, steps.size() - 1);
  if (parent == nullptr || !parent->is_object()) {
    return unprocessable(fmt::format("replace: nothing is at '{}'", path));
  }
  return add(root, steps, std::move(value), path);
}

base::Status run(json::Value& root, const json::Value& operation) {
  const std::string op = operation.string_or("op");
  const json::Value* path_member = operation.find("path");
  if (path_member == nullptr || !path_member->is_string()) return bad("an operation has no path");
  const std::string path = path_member->as_string();
  auto steps = parse_pointer(path);
  if (!steps) return std::move(steps).error();
  if (op == "remove") return remove(root, *steps, path);
  if (op == "move" || op == "copy") {
    const std::string from = operation.string_or("from");
    auto from_steps = parse_pointer(from);
    if (!from_steps) return std::move(from_steps).error();
    const json::Value* source = walk(root, *from_steps, from_steps->size());
    if (source == nullptr) return unprocessable(fmt::format("{}: nothing is at '{}'", op, from));
    json::Value value = *source;
    if (op == "move") {
      if (base::Status removed = remove(root, *from_steps, from); !removed) return removed;
    }
    return add(root, *steps, std::move(value), path);
  }
  const json::Value* value = operation.find("value");
  if (op != "add" && op != "replace" && op != "test") {
    return unprocessable(fmt::format("'{}' is no operation", op))
        .with_hint("there are add, remove, replace, move, copy and test");
  }
  if (value == nullptr) return bad(fmt::format("{} at '{}' has no value", op, path));
  if (op == "add") return add(root, *steps, *value, path);
  json::Value* present = walk(root, *steps, steps->size());
  if (op == "replace") {
    if (present == nullptr) return replace_absent(root, *steps, *value, path);
    *present = *value;
    return {};
  }
  static const json::Value kNull;
  if (!((present == nullptr ? kNull : *present) == *value)) {
    return unprocessable(fmt::format("test: '{}' is {}, not {}", path,
                                     present == nullptr ? "absent" : json::dump(*present),
                                     json::dump(*value)));
  }
  return {};
}

}  // namespace

json::Value merge_patch(json::Value target, const json::Value& patch) {
  if (!patch.is_object()) return patch;
  if (!target.is_object()) target = json::Value::object();
  for (const auto& [name, value] : patch.as_object()) {
    if (value.is_null()) {
      target.erase(name);
    } else {
      json::Value& member = target.get_or_add(name);
      member = merge_patch(std::move(member), value);
    }
  }
  return target;
}

base::Result<json::Value> json_patch(json::Value target, const json::Value& patch) {
  if (!patch.is_array()) return bad("a JSON patch must be a list");
  constexpr std::size_t kMostOperations = 10'000;
  if (patch.as_array().size() > kMostOperations) return bad("a JSON patch has at most 10,000 operations");
  for (const json::Value& operation : patch.as_array()) {
    if (base::Status done = run(target, operation); !done) return done.error();
  }
  return target;
}

}  // namespace offtake::store
