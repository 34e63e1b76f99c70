#include "controlplane/sql/tree.h"

namespace offtake::sql {

Tree::Tree(const json::Value& node) {
  static const json::Value kNothing;
  body = &kNothing;
  if (!node.is_object() || node.as_object().empty()) return;
  kind = node.as_object().front().first;
  body = &node.as_object().front().second;
}

std::string_view string_of(const json::Value& node) {
  const json::Value& text = node["String"]["sval"];
  return text.is_string() ? std::string_view(text.as_string()) : std::string_view();
}

std::string dotted(const json::Value& names) {
  std::string out;
  if (!names.is_array()) return out;
  for (const json::Value& name : names.as_array()) {
    if (!out.empty()) out += '.';
    out += string_of(name);
  }
  return out;
}

Tree column_below(const Tree& indirection) {
  Tree at = indirection;
  while (at.kind == "A_Indirection") at = Tree(at["arg"]);
  return at.kind == "ColumnRef" ? at : Tree(json::Value());
}

std::vector<std::string_view> fields_selected(const Tree& indirection) {
  std::vector<std::string_view> out;
  if (indirection.kind != "A_Indirection") return out;
  out = fields_selected(Tree(indirection["arg"]));
  for (const json::Value& step : indirection["indirection"].as_array()) {
    if (Tree(step).kind != "String") return {};
    out.push_back(string_of(step));
  }
  return out;
}

std::int64_t integer_of(const SourceText& source, const json::Value& constant_body) {
  const json::Value& value = constant_body["ival"]["ival"];
  if (value.is_int()) return value.as_int();
  // -5, - 5, -(5): the constant begins at the first minus; an even number of them would be positive.
  std::int64_t magnitude = 0;
  for (std::size_t i = source.token_at(static_cast<int>(constant_body.int_or("location", 0)));
       i < source.tokens().size(); ++i) {
    if (source.tokens()[i].kind != Token::Kind::kNumber) continue;
    for (char c : source.text_of(source.tokens()[i])) {
      if (c >= '0' && c <= '9') magnitude = magnitude * 10 + (c - '0');
    }
    break;
  }
  return -magnitude;
}

base::Result<types::Type> type_of(const SourceText& source, const json::Value& type_name, int location) {
  const int at = static_cast<int>(type_name.int_or("location", location));
  std::string name = dotted(type_name["names"]);
  constexpr std::string_view kCatalog = "pg_catalog.";
  if (name.rfind(kCatalog, 0) == 0) name.erase(0, kCatalog.size());
  if (type_name["arrayBounds"].is_array()) {
    return source.error("SqlNotSupported", "a cast to an array is not supported in this version", at);
  }
  std::string modifiers;
  if (type_name["typmods"].is_array()) {
    for (const json::Value& modifier : type_name["typmods"].as_array()) {
      const Tree constant(modifier);
      if (constant.kind != "A_Const" || constant["ival"].is_null()) {
        return source.error("SqlNotSupported", "a type's modifier must be an integer", at);
      }
      if (!modifiers.empty()) modifiers += ',';
      modifiers += std::to_string(integer_of(source, *constant.body));
    }
    if (name == "interval") {
      return source
          .error("SqlNotSupported", "an interval's unit or precision is not supported in this version", at)
          .with_hint("write interval '1 day'");
    }
    if (name != "numeric") {
      const char* instead = name == "varchar" || name == "bpchar" ? "text" : "the type without it";
      return source
          .error("SqlNotSupported", fmt::format("{}({}) is not supported in this version", name, modifiers),
                 at)
          .with_hint(std::string("use ") + instead);
    }
    modifiers = "(" + modifiers + ")";
  }
  auto type = types::parse_type(name + modifiers);
  if (type && !types::is_nested(type->id)) return type;
  if (type && type->id == types::TypeId::kJsonb && name == "jsonb") return type;
  if (type) {
    return source.error("SqlNotSupported", fmt::format("type {} is not supported in SQL", name), at);
  }
  base::Error error = source.error("BadType", type.error().message, at);
  error.hint = type.error().hint;
  return error;
}

}  // namespace offtake::sql
