#include "controlplane/store/selector.h"

namespace offtake::store {
namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// At commas outside brackets.
std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> out;
  std::size_t start = 0;
  int depth = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && text[i] == '(') ++depth;
    if (i < text.size() && text[i] == ')') --depth;
    if (i < text.size() && (text[i] != ',' || depth > 0)) continue;
    const std::string_view part = trim(text.substr(start, i - start));
    if (!part.empty()) out.push_back(part);
    start = i + 1;
  }
  return out;
}

base::Error bad(std::string_view what, std::string_view text) {
  return base::terminal("BadRequest", fmt::format("'{}' is no {} selector", text, what));
}

bool is_name(std::string_view text) {
  return !text.empty() && text.find_first_of(" =!(),") == std::string_view::npos;
}

// The name and the operator of "name in (…)".
std::optional<resources::LabelRequirement> parse_set(std::string_view part) {
  const std::size_t open = part.find('(');
  if (open == std::string_view::npos || part.back() != ')') return std::nullopt;
  const std::string_view head = trim(part.substr(0, open));
  const std::size_t space = head.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  resources::LabelRequirement out;
  out.key = std::string(head.substr(0, space));
  const std::string_view op = trim(head.substr(space));
  if (op != "in" && op != "notin") return std::nullopt;
  out.op = op == "in" ? "In" : "NotIn";
  for (const std::string_view value : split(part.substr(open + 1, part.size() - open - 2))) {
    out.values.emplace_back(value);
  }
  return out;
}

}  // namespace

base::Result<LabelQuery> LabelQuery::parse(std::string_view text) {
  LabelQuery out;
  for (const std::string_view part : split(text)) {
    resources::LabelRequirement requirement;
    if (auto set = parse_set(part)) {
      out.requirements_.push_back(*std::move(set));
      continue;
    }
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos) {
      const bool absent = part.front() == '!';
      requirement.key = std::string(trim(absent ? part.substr(1) : part));
      requirement.op = absent ? "DoesNotExist" : "Exists";
    } else {
      const bool negated = equals > 0 && part[equals - 1] == '!';
      requirement.key = std::string(trim(part.substr(0, negated ? equals - 1 : equals)));
      const std::size_t value = equals + 1 < part.size() && part[equals + 1] == '=' ? equals + 2 : equals + 1;
      requirement.op = negated ? "NotIn" : "In";
      requirement.values.emplace_back(trim(part.substr(value)));
    }
    if (!is_name(requirement.key)) return bad("label", text);
    out.requirements_.push_back(std::move(requirement));
  }
  return out;
}

bool LabelQuery::matches(const json::Value& object) const {
  if (requirements_.empty()) return true;
  std::map<std::string, std::string> labels;
  const json::Value& present = object.at({"metadata", "labels"});
  if (present.is_object()) {
    for (const auto& [name, value] : present.as_object()) {
      if (value.is_string()) labels[name] = value.as_string();
    }
  }
  resources::LabelSelector selector;
  selector.match_expressions = requirements_;
  return selector.matches(labels);
}

base::Result<FieldQuery> FieldQuery::parse(const resources::Kind& kind, std::string_view text) {
  FieldQuery out;
  for (const std::string_view part : split(text)) {
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos || equals == 0) return bad("field", text);
    Term term;
    term.equal = part[equals - 1] != '!';
    const std::string_view name = trim(part.substr(0, term.equal ? equals : equals - 1));
    const std::size_t value = equals + 1 < part.size() && part[equals + 1] == '=' ? equals + 2 : equals + 1;
    term.value = std::string(trim(part.substr(value)));
    const bool event = &kind == &resources::kind_of<resources::Event>();
    const bool secret = &kind == &resources::kind_of<resources::Secret>();
    const bool known = name == "metadata.name" || name == "metadata.namespace" ||
                       (event && (name.substr(0, 15) == "involvedObject." || name == "reason" ||
                                  name == "type" || name == "source")) ||
                       (secret && name == "type");
    if (!known) {
      return base::terminal("BadRequest", fmt::format("field label not supported: {}", name))
          .with_hint("select by metadata.name or metadata.namespace");
    }
    std::size_t start = 0;
    while (start <= name.size()) {
      const std::size_t dot = std::min(name.find('.', start), name.size());
      term.path.emplace_back(name.substr(start, dot - start));
      start = dot + 1;
    }
    out.terms_.push_back(std::move(term));
  }
  return out;
}

bool FieldQuery::matches(const json::Value& object) const {
  return std::all_of(terms_.begin(), terms_.end(), [&](const Term& term) {
    const json::Value* here = &object;
    for (const std::string& step : term.path) here = &(*here)[step];
    const std::string value = here->is_string() ? here->as_string() : "";
    return (value == term.value) == term.equal;
  });
}

}  // namespace offtake::store
