#include "controlplane/store/selector.h"

#include <charconv>

#include "controlplane/resources/schema.h"

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

// A selector as words: names and values, and each sign by itself (==, !=, =, !, <, >, parentheses, commas).
std::vector<std::string> words_of(std::string_view text) {
  constexpr std::string_view kSigns = "=!(),<>", kSpaces = " \t\r\n";
  std::vector<std::string> out;
  for (std::size_t i = 0; i < text.size();) {
    if (kSpaces.find(text[i]) != std::string_view::npos) {
      ++i;
      continue;
    }
    std::size_t length = 1;
    if (kSigns.find(text[i]) == std::string_view::npos) {
      while (i + length < text.size() && kSigns.find(text[i + length]) == std::string_view::npos &&
             kSpaces.find(text[i + length]) == std::string_view::npos) {
        ++length;
      }
    } else if ((text[i] == '=' || text[i] == '!') && text.substr(i + 1, 1) == "=") {
      length = 2;
    }
    out.emplace_back(text.substr(i, length));
    i += length;
  }
  return out;
}

bool is_sign(std::string_view word) {
  return std::string_view("=!(),<>").find(word[0]) != std::string_view::npos;
}

std::optional<std::int64_t> number_of(std::string_view text) {
  std::int64_t out = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), out);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) return std::nullopt;
  return out;
}

class LabelParser {
 public:
  explicit LabelParser(std::string_view text) : words_(words_of(text)) {}

  // Absent: this is no selector.
  std::optional<std::vector<resources::LabelRequirement>> all() {
    std::vector<resources::LabelRequirement> out;
    while (at_ < words_.size()) {
      if (!out.empty() && !take(",")) return std::nullopt;
      resources::LabelRequirement requirement;
      if (!one(requirement) || !is_possible(requirement)) return std::nullopt;
      out.push_back(std::move(requirement));
    }
    return out;
  }

 private:
  bool take(std::string_view word) {
    if (at_ >= words_.size() || words_[at_] != word) return false;
    ++at_;
    return true;
  }
  std::optional<std::string> take_word() {
    if (at_ >= words_.size() || is_sign(words_[at_])) return std::nullopt;
    return words_[at_++];
  }

  bool one(resources::LabelRequirement& out) {
    const bool absent = take("!");
    auto key = take_word();
    if (!key) return false;
    out.key = *std::move(key);
    const bool ends = at_ >= words_.size() || words_[at_] == ",";
    if (absent || ends) {
      out.op = absent ? "DoesNotExist" : "Exists";
      return ends;
    }
    const std::string op = words_[at_++];
    if (op == "in" || op == "notin") {
      out.op = op == "in" ? "In" : "NotIn";
      return values(out.values);
    }
    if (op == "=" || op == "==" || op == "!=") {
      out.op = op == "!=" ? "NotIn" : "In";
      out.values.push_back(take_word().value_or(""));
      return true;
    }
    out.op = op == ">" ? "Gt" : "Lt";
    auto number = take_word();
    if ((op != ">" && op != "<") || !number) return false;
    out.values.push_back(*std::move(number));
    return true;
  }

  // "(a, b)"; what is left out is the empty value.
  bool values(std::vector<std::string>& out) {
    if (!take("(")) return false;
    do {
      out.push_back(take_word().value_or(""));
    } while (take(","));
    return take(")");
  }

  static bool is_possible(const resources::LabelRequirement& requirement) {
    if (!resources::kLabelKey.matches(requirement.key)) return false;
    const bool compares = requirement.op == "Gt" || requirement.op == "Lt";
    return std::all_of(requirement.values.begin(), requirement.values.end(), [&](const std::string& value) {
      return compares ? number_of(value).has_value() : resources::kLabelValue.matches(value);
    });
  }

  std::vector<std::string> words_;
  std::size_t at_ = 0;
};

}  // namespace

base::Result<LabelQuery> LabelQuery::parse(std::string_view text) {
  auto requirements = LabelParser(text).all();
  if (!requirements) return bad("label", text);
  LabelQuery out;
  out.requirements_ = *std::move(requirements);
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
  for (const resources::LabelRequirement& requirement : requirements_) {
    if (requirement.op != "Gt" && requirement.op != "Lt") {
      selector.match_expressions.push_back(requirement);
      continue;
    }
    const auto label = labels.find(requirement.key);
    const auto number = label == labels.end() ? std::nullopt : number_of(label->second);
    const std::int64_t bound = *number_of(requirement.values.at(0));
    if (!number || (requirement.op == "Gt" ? *number <= bound : *number >= bound)) return false;
  }
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
