#include <charconv>

#include "controlplane/resources/document.h"
#include "controlplane/resources/schema.h"

namespace offtake::resources {
namespace {

using base::Error;

// What readers of YAML 1.1 take for a boolean or for nothing.
bool is_trap(std::string_view text) {
  static constexpr std::array<std::string_view, 11> kTraps{"y", "n",    "yes",   "no",   "on", "off",
                                                           "~", "true", "false", "null", ""};
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::find(kTraps.begin(), kTraps.end(), lower) != kTraps.end();
}

class Typer {
 public:
  explicit Typer(std::vector<Error>& errors) : errors_(errors) {}

  json::Value object(const ObjectType& type, const yaml::Node& node, const std::string& path) {
    json::Object out;
    for (const yaml::Member& member : node.members) {
      const Field* field = type.find(member.key);
      out.emplace_back(member.key, field == nullptr
                                       ? yaml::to_json(member.value)
                                       : value(*field, member.value, yaml::field_path(path, member.key)));
    }
    return out;
  }

  json::Value value(const Field& field, const yaml::Node& node, const std::string& path) {
    switch (field.kind) {
      case FieldKind::kObject:
        if (node.is_map() && field.object != nullptr) return object(*field.object, node, path);
        break;
      case FieldKind::kMap:
        if (node.is_map()) {
          json::Object out;
          for (const yaml::Member& member : node.members) {
            out.emplace_back(member.key,
                             value(*field.item, member.value, yaml::field_path(path, member.key)));
          }
          return out;
        }
        break;
      case FieldKind::kList:
        if (node.is_list()) {
          json::Value out = json::Value::array();
          for (std::size_t i = 0; i < node.items.size(); ++i) {
            out.push_back(value(*field.item, node.items[i], yaml::field_path(path, i)));
          }
          return out;
        }
        break;
      case FieldKind::kString:
        if (node.is_scalar()) return text(node, path);
        break;
      case FieldKind::kInteger:
      case FieldKind::kQuantity:
        if (node.is_plain() && !node.is_null()) return number_or_text(node.text);
        break;
      case FieldKind::kBoolean:
        if (node.is_plain() && is_trap(node.text) && !node.is_null()) return boolean(node, path);
        break;
      case FieldKind::kAny:
        break;
    }
    return yaml::to_json(node);
  }

 private:
  void add(const std::string& path, std::string message, std::string hint) {
    Error error = base::terminal("BareWord", std::move(message));
    error.location.field = path;
    error.hint = std::move(hint);
    errors_.push_back(std::move(error));
  }

  json::Value text(const yaml::Node& node, const std::string& path) {
    if (node.is_plain() && (node.text.empty() || node.text == "~")) return nullptr;
    if (node.is_plain() && is_trap(node.text)) {
      add(path,
          fmt::format("text is meant here, and a bare `{}` is read as something else by YAML readers",
                      node.text),
          fmt::format("write \"{}\" in quotes", node.text));
    }
    return node.text;
  }

  json::Value boolean(const yaml::Node& node, const std::string& path) {
    json::Value typed = yaml::to_json(node);
    if (typed.is_bool()) return typed;
    add(path, fmt::format("must be true or false, not a bare `{}`", node.text), "write true or false");
    return false;
  }

  static json::Value number_or_text(const std::string& text) {
    std::int64_t number = 0;
    const char* end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, number);
    if (parsed.ec == std::errc() && parsed.ptr == end) return number;
    return text;
  }

  std::vector<Error>& errors_;
};

std::string kind_text(const yaml::Node& root, std::string_view member) {
  const yaml::Node* found = root.find(member);
  return found != nullptr && found->is_scalar() ? found->text : std::string();
}

Document read_one(const yaml::Document& source, const std::string& file, const SqlCheck& sql,
                  std::string_view default_namespace) {
  Document out;
  out.file = file;
  out.source = source.root;
  out.kind = find_kind(kind_text(source.root, "apiVersion"), kind_text(source.root, "kind"));
  std::vector<Error> errors;
  if (out.kind != nullptr) {
    out.object = typed_by_table(*out.kind, source.root, errors);
  } else {
    out.object = yaml::to_json(source.root);
  }
  if (out.kind != nullptr && out.kind->namespaced) {
    json::Value* metadata = out.object.find("metadata");
    if (metadata != nullptr && metadata->is_object() && metadata->string_or("namespace").empty()) {
      metadata->set("namespace", default_namespace);
    }
  }
  for (Error& error : check(out.object, sql).errors) errors.push_back(std::move(error));
  for (Error& error : errors) out.errors.push_back(out.located(std::move(error)));
  std::stable_sort(out.errors.begin(), out.errors.end(), [](const Error& a, const Error& b) {
    return std::pair(a.location.line, a.location.column) < std::pair(b.location.line, b.location.column);
  });
  return out;
}

}  // namespace

json::Value typed_by_table(const Kind& kind, const yaml::Node& node, std::vector<Error>& errors) {
  if (!node.is_map()) return yaml::to_json(node);
  return Typer(errors).object(*kind.type, node, "");
}

std::string Document::namespace_name() const {
  return kind != nullptr && !kind->namespaced ? "" : object["metadata"].string_or("namespace");
}

std::string Document::name() const {
  return object["metadata"].string_or("name");
}

std::string Document::title() const {
  const std::string kind_name = kind != nullptr ? kind->kind : object.string_or("kind", "document");
  const std::string space = namespace_name();
  if (name().empty()) return kind_name;
  return space.empty() ? fmt::format("{} {}", kind_name, name())
                       : fmt::format("{} {}/{}", kind_name, space, name());
}

Error Document::located(Error error) const {
  const std::string field = error.location.field;
  yaml::Position position;
  if (error.code == "UnknownField" || error.code == "NotAvailable") {
    // The name itself is at fault, not its value.
    const auto positions = yaml::field_positions(source);
    const auto it = positions.find(field);
    if (it != positions.end()) position = it->second.key;
  }
  if (position.line == 0) {
    const yaml::Node& node = yaml::find_nearest(source, field);
    const bool in_text = error.location.line > 0 && node.is_scalar();
    position = in_text ? node.position_in_text(error.location.line, error.location.column) : node.position;
  }
  const std::string where = error.location.text();
  error.message = where.empty() ? fmt::format("{}: {}", title(), error.message)
                                : fmt::format("{}: {}: {}", title(), where, error.message);
  error.location = {file, "", position.line, position.column};
  return error;
}

std::vector<Document> read_documents(std::string_view text, const std::string& file, const SqlCheck& sql,
                                     std::string_view default_namespace) {
  std::vector<Document> out;
  auto parsed = yaml::parse(text, file);
  if (!parsed) {
    Document failed;
    failed.file = file;
    failed.errors.push_back(std::move(parsed).error());
    out.push_back(std::move(failed));
    return out;
  }
  std::map<std::string, int> seen;  // title -> line
  for (const yaml::Document& source : *parsed) {
    Document document = read_one(source, file, sql, default_namespace);
    if (document.kind != nullptr && !document.name().empty()) {
      const auto [it, first] = seen.emplace(document.title(), source.root.position.line);
      if (!first) {
        Error error = base::terminal(
            "SameNameTwice", fmt::format("the same name is used twice, first in line {}", it->second));
        error.location.field = "metadata.name";
        error.hint = "give one of the two another name";
        document.errors.push_back(document.located(std::move(error)));
      }
    }
    out.push_back(std::move(document));
  }
  return out;
}

}  // namespace offtake::resources
