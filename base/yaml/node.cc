#include "base/yaml/node.h"

#include <cctype>
#include <charconv>

namespace offtake::yaml {
namespace {

bool is_plain_name(std::string_view key) {
  return !key.empty() && std::all_of(key.begin(), key.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '$';
  });
}

void add_positions(const Node& node, const std::string& path, std::map<std::string, FieldPosition>& out) {
  for (const Member& member : node.members) {
    const std::string here = field_path(path, member.key);
    out[here] = {member.key_position, member.value.position};
    add_positions(member.value, here, out);
  }
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    const std::string here = field_path(path, i);
    out[here] = {node.items[i].position, node.items[i].position};
    add_positions(node.items[i], here, out);
  }
}

// Takes one step off the front of a path: a name, ["name"] or [index].
struct Step {
  std::string key;
  std::optional<std::size_t> index;
};
std::optional<Step> next_step(std::string_view& path) {
  if (path.starts_with('.')) path.remove_prefix(1);
  if (path.empty()) return std::nullopt;
  Step step;
  if (path.starts_with("[\"")) {
    const auto end = path.find("\"]", 2);
    if (end == std::string_view::npos) return std::nullopt;
    step.key = path.substr(2, end - 2);
    path.remove_prefix(end + 2);
    return step;
  }
  if (path.starts_with('[')) {
    std::size_t index = 0;
    const auto [end, error] = std::from_chars(path.data() + 1, path.data() + path.size(), index);
    if (error != std::errc() || end == path.data() + path.size() || *end != ']') return std::nullopt;
    step.index = index;
    path.remove_prefix(static_cast<std::size_t>(end + 1 - path.data()));
    return step;
  }
  const std::size_t end = std::min(path.find_first_of(".["), path.size());
  step.key = path.substr(0, end);
  path.remove_prefix(end);
  return step;
}

bool is_null_word(std::string_view text) {
  return text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL";
}

json::Value to_number(const std::string& text) {
  std::string_view digits = text;
  int number_base = 10;
  if (text.starts_with("0x") || text.starts_with("0o")) {
    number_base = text[1] == 'x' ? 16 : 8;
    digits.remove_prefix(2);
    if (digits.starts_with('-')) return text;
  } else if (text.starts_with('+')) {
    digits.remove_prefix(1);
    if (digits.starts_with('-')) return text;
  }
  const char* const end = digits.data() + digits.size();
  std::int64_t whole = 0;
  const auto integer = std::from_chars(digits.data(), end, whole, number_base);
  if (integer.ec == std::errc() && integer.ptr == end) return whole;
  if (number_base != 10) return text;
  // from_chars also reads "inf" and "nan", which are ordinary words here.
  const std::string_view unsigned_part = digits.substr(digits.starts_with('-') ? 1 : 0);
  if (unsigned_part.empty() || unsigned_part.find_first_not_of("0123456789.eE+-") != std::string_view::npos) {
    return text;
  }
  double number = 0;
  const auto real = std::from_chars(digits.data(), end, number);
  if (real.ec == std::errc() && real.ptr == end) return number;
  return text;
}

}  // namespace

bool Node::is_null() const {
  return is_plain() && is_null_word(text);
}

const Member* Node::find_member(std::string_view key) const {
  for (const Member& member : members) {
    if (member.key == key) return &member;
  }
  return nullptr;
}

const Node* Node::find(std::string_view key) const {
  const Member* member = find_member(key);
  return member != nullptr ? &member->value : nullptr;
}

Position Node::position_in_text(int line, int column) const {
  if (!text_exact || line < 1) return position;
  return {text_position.line + line - 1, text_position.column + std::max(column, 1) - 1};
}

std::string field_path(std::string_view parent, std::string_view key) {
  if (!is_plain_name(key)) return fmt::format("{}[\"{}\"]", parent, key);
  return parent.empty() ? std::string(key) : fmt::format("{}.{}", parent, key);
}

std::string field_path(std::string_view parent, std::size_t index) {
  return fmt::format("{}[{}]", parent, index);
}

std::map<std::string, FieldPosition> field_positions(const Node& root) {
  std::map<std::string, FieldPosition> out;
  out[""] = {root.position, root.position};
  add_positions(root, "", out);
  return out;
}

const Node& find_nearest(const Node& root, std::string_view path) {
  const Node* here = &root;
  while (const auto step = next_step(path)) {
    const Node* next = nullptr;
    if (step->index.has_value()) {
      if (*step->index < here->items.size()) next = &here->items[*step->index];
    } else {
      next = here->find(step->key);
    }
    if (next == nullptr) break;
    here = next;
  }
  return *here;
}

json::Value to_json(const Node& node) {
  if (node.is_list()) {
    json::Value out = json::Value::array();
    for (const Node& item : node.items) out.push_back(to_json(item));
    return out;
  }
  if (node.is_map()) {
    json::Object out;
    for (const Member& member : node.members) out.emplace_back(member.key, to_json(member.value));
    return out;
  }
  if (!node.is_plain()) return node.text;
  if (is_null_word(node.text)) return nullptr;
  if (node.text == "true" || node.text == "True" || node.text == "TRUE") return true;
  if (node.text == "false" || node.text == "False" || node.text == "FALSE") return false;
  return to_number(node.text);
}

}  // namespace offtake::yaml
