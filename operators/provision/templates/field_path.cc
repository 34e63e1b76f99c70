#include "operators/provision/templates/field_path.h"

#include <charconv>

namespace offtake::provision::templates {
namespace {

base::Error bad(std::string_view path) {
  return base::terminal("BadFieldPath", fmt::format("'{}' is not the path of a field", path))
      .with_hint("write it like status.url, status.addresses[0].ip or metadata.annotations[\"a.b/c\"]");
}

// What stands in brackets.
bool read_step(std::string_view inside, Step& step) {
  if (inside.size() > 2 && inside.front() == '"' && inside.back() == '"') {
    step.member = inside.substr(1, inside.size() - 2);
    return step.member.find('"') == std::string::npos;
  }
  const auto read = std::from_chars(inside.data(), inside.data() + inside.size(), step.item);
  return !inside.empty() && read.ec == std::errc() && read.ptr == inside.data() + inside.size();
}

}  // namespace

base::Result<std::vector<Step>> parse_field_path(std::string_view path) {
  std::vector<Step> out;
  std::string_view rest = path;
  if (rest.starts_with('.')) rest.remove_prefix(1);
  bool name_wanted = true;
  while (!rest.empty() || name_wanted) {
    if (!name_wanted && rest.front() == '[') {
      const auto end = rest.find(']');
      Step step;
      if (end == std::string_view::npos || !read_step(rest.substr(1, end - 1), step)) return bad(path);
      out.push_back(std::move(step));
      rest.remove_prefix(end + 1);
      continue;
    }
    if (!name_wanted) {
      if (rest.front() != '.') return bad(path);
      rest.remove_prefix(1);
    }
    const std::string_view name = rest.substr(0, rest.find_first_of(".[]\"'* "));
    if (name.empty()) return bad(path);
    out.push_back({std::string(name), 0});
    rest.remove_prefix(name.size());
    name_wanted = false;
  }
  return out;
}

std::string read_field(const json::Value& object, const std::vector<Step>& path) {
  const json::Value* at = &object;
  for (const Step& step : path) {
    if (!step.member.empty()) {
      at = at->find(step.member);
      if (at == nullptr) return "";
    } else {
      if (!at->is_array() || step.item >= at->as_array().size()) return "";
      at = &at->as_array()[step.item];
    }
  }
  if (at->is_string()) return at->as_string();
  if (at->is_number() || at->is_bool()) return json::dump(*at);
  return "";
}

}  // namespace offtake::provision::templates
