#include "operators/provision/templates/placeholders.h"

#include <array>

namespace offtake::provision::templates {
namespace {

constexpr std::size_t kLongestName = 24;
constexpr std::size_t kUidDigits = 8;
constexpr std::string_view kParameters = "parameters.", kGenerated = "generated.";

struct Known {
  std::string_view name;
  std::string (*value)(const Subject&);
};
const std::array kKnown{
    Known{"product.name", [](const Subject& s) { return s.product; }},
    Known{"product.namespace", [](const Subject& s) { return s.product_namespace; }},
    Known{"product.uid", [](const Subject& s) { return s.product_uid; }},
    Known{"product.id", [](const Subject& s) { return product_id(s.product, s.product_uid); }},
    Known{"target.name", [](const Subject& s) { return s.target_name; }},
    Known{"class.name", [](const Subject& s) { return s.class_name; }},
    Known{"objects.namespace", [](const Subject& s) { return s.objects_namespace; }},
};

std::string_view after(std::string_view text, std::string_view prefix) {
  return text.starts_with(prefix) ? text.substr(prefix.size()) : std::string_view();
}

}  // namespace

base::Result<std::vector<Piece>> pieces_of(std::string_view text, std::size_t* offset) {
  std::vector<Piece> out;
  Piece literal;
  const auto flush = [&] {
    if (!literal.text.empty()) out.push_back(std::move(literal));
    literal = {};
  };
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view rest = text.substr(at);
    if (rest.starts_with("$${")) {
      if (literal.text.empty()) literal.offset = at;
      literal.text += "${";
      at += 3;
      continue;
    }
    if (!rest.starts_with("${")) {
      if (literal.text.empty()) literal.offset = at;
      literal.text += text[at++];
      continue;
    }
    const auto end = rest.find('}');
    if (end == std::string_view::npos) {
      if (offset != nullptr) *offset = at;
      return base::terminal("BadPlaceholder", "a `${` without its `}`")
          .with_hint("close it, or write `$${` for the characters themselves");
    }
    flush();
    out.push_back({true, std::string(rest.substr(2, end - 2)), at});
    at += end + 1;
  }
  flush();
  return out;
}

std::string product_id(std::string_view product, std::string_view uid) {
  std::string out(product.substr(0, kLongestName));
  while (!out.empty() && out.back() == '-') out.pop_back();
  out += '-';
  if (uid.empty()) return out + "…";  // of a product that is only planned
  std::size_t digits = 0;
  for (const char c : uid) {
    if (c == '-' || digits == kUidDigits) continue;
    out += c;
    ++digits;
  }
  return out;
}

std::string_view parameter_name(std::string_view placeholder) {
  return after(placeholder, kParameters);
}
std::string_view generated_name(std::string_view placeholder) {
  return after(placeholder, kGenerated);
}

base::Result<std::string> value_of(std::string_view placeholder, const Subject& subject) {
  for (const Known& known : kKnown) {
    if (known.name == placeholder) return known.value(subject);
  }
  if (const auto name = parameter_name(placeholder); !name.empty()) {
    const auto found = subject.parameters.find(std::string(name));
    if (found != subject.parameters.end()) return found->second;
    return base::terminal("UnknownPlaceholder", fmt::format("there is no parameter '{}'", name))
        .with_hint(fmt::format("give it a value in spec.parameters: {{{}: …}}", name));
  }
  std::vector<std::string_view> names;
  for (const Known& known : kKnown) names.push_back(known.name);
  return base::terminal("UnknownPlaceholder", fmt::format("unknown placeholder '${{{}}}'", placeholder))
      .with_hint(fmt::format("there are {}, parameters.NAME, and in a Secret generated.NAME; "
                             "`$${{` stands for the characters themselves",
                             fmt::join(names, ", ")));
}

base::Result<std::string> replaced(std::string_view text, const Subject& subject) {
  auto pieces = pieces_of(text);
  if (!pieces) return std::move(pieces).error();
  std::string out;
  for (const Piece& piece : *pieces) {
    if (!piece.is_placeholder) {
      out += piece.text;
      continue;
    }
    auto value = value_of(piece.text, subject);
    if (!value) return std::move(value).error();
    out += *value;
  }
  return out;
}

}  // namespace offtake::provision::templates
