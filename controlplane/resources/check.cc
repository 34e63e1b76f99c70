#include "base/yaml/node.h"
#include "controlplane/resources/schema.h"
#include "controlplane/resources/validate.h"

namespace offtake::resources {
namespace {

using base::Error;

std::string join(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, ", "));
}

const char* kind_words(FieldKind kind) {
  switch (kind) {
    case FieldKind::kString:
      return "text";
    case FieldKind::kInteger:
      return "a whole number";
    case FieldKind::kBoolean:
      return "true or false";
    case FieldKind::kObject:
    case FieldKind::kMap:
      return "an object";
    case FieldKind::kList:
      return "a list";
    case FieldKind::kQuantity:
      return "a whole number or text such as 20Gi";
    case FieldKind::kAny:
      break;
  }
  return "anything";
}

std::string shown(const json::Value& value) {
  constexpr std::size_t kLongest = 80;
  if (value.is_string()) {
    const std::string& text = value.as_string();
    return fmt::format("the text '{}'", text.size() > kLongest ? text.substr(0, kLongest) + "…" : text);
  }
  if (value.is_object()) return "an object";
  if (value.is_array()) return "a list";
  return json::dump(value);
}

bool has_kind(FieldKind kind, const json::Value& value) {
  switch (kind) {
    case FieldKind::kString:
      return value.is_string();
    case FieldKind::kInteger:
      return value.is_int();
    case FieldKind::kBoolean:
      return value.is_bool();
    case FieldKind::kObject:
    case FieldKind::kMap:
      return value.is_object();
    case FieldKind::kList:
      return value.is_array();
    case FieldKind::kQuantity:
      return value.is_int() || value.is_string();
    case FieldKind::kAny:
      return true;
  }
  return false;
}

// The path below spec, as users think of it: history.keep.
std::string_view short_path(std::string_view path) {
  return path.substr(0, 5) == "spec." ? path.substr(5) : path;
}

class Checker {
 public:
  explicit Checker(std::vector<Error>& errors) : errors_(errors) {}

  void object(const ObjectType& type, json::Value& value, const std::string& path) {
    std::erase_if(value.as_object(), [](const json::Member& member) { return member.second.is_null(); });
    for (json::Member& member : value.as_object()) {
      const std::string member_path = yaml::field_path(path, member.first);
      const Field* field = type.find(member.first);
      if (field == nullptr) {
        unknown(type, member.first, member_path);
      } else if (field->unavailable) {
        add("NotAvailable", member_path,
            fmt::format("`{}` is not available in this version", short_path(member_path)), "remove it");
      } else {
        this->value(*field, member.second, member_path);
      }
    }
    for (const Field& field : type.fields) {
      if (!field.required || value.find(field.name) != nullptr) continue;
      if (in_union(type, field.name)) continue;
      add("MissingField", yaml::field_path(path, field.name), "is required",
          fmt::format("add `{}`: {}", field.name, field.doc));
    }
    for (const Union& choice : type.unions) check_union(type, choice, value, path);
  }

  void value(const Field& field, json::Value& value, const std::string& path) {
    if (!has_kind(field.kind, value)) {
      add("WrongType", path, fmt::format("must be {}, not {}", kind_words(field.kind), shown(value)), "");
      return;
    }
    switch (field.kind) {
      case FieldKind::kString:
        text(field, value.as_string(), path);
        break;
      case FieldKind::kInteger:
        number(field, value.as_int(), path);
        break;
      case FieldKind::kQuantity:
        quantity(field, value, path);
        break;
      case FieldKind::kObject:
        if (field.object != nullptr) object(*field.object, value, path);
        break;
      case FieldKind::kMap:
        map(field, value, path);
        break;
      case FieldKind::kList:
        list(field, value, path);
        break;
      case FieldKind::kBoolean:
      case FieldKind::kAny:
        break;
    }
  }

 private:
  void add(std::string code, const std::string& path, std::string message, std::string hint) {
    Error error = base::terminal(std::move(code), std::move(message));
    error.location.field = path;
    error.hint = std::move(hint);
    errors_.push_back(std::move(error));
  }

  static bool in_union(const ObjectType& type, const std::string& name) {
    return std::any_of(type.unions.begin(), type.unions.end(), [&](const Union& choice) {
      return std::find(choice.members.begin(), choice.members.end(), name) != choice.members.end();
    });
  }

  void unknown(const ObjectType& type, const std::string& name, const std::string& path) {
    std::vector<std::string> known;
    for (const Field& field : type.fields) {
      if (!field.unavailable) known.push_back(field.name);
    }
    const std::string meant = did_you_mean(name, known);
    std::string hint = "no fields are known here";
    if (!meant.empty()) {
      hint = fmt::format("did you mean {}?", meant);
    } else if (!known.empty()) {
      hint = fmt::format("the fields here are {}", join(known));
    }
    add("UnknownField", path, fmt::format("unknown field '{}'", name), hint);
  }

  void check_union(const ObjectType& type, const Union& choice, const json::Value& value,
                   const std::string& path) {
    std::vector<std::string> set;
    for (const std::string& member : choice.members) {
      if (value.find(member) != nullptr) set.push_back(member);
    }
    if (set.size() > 1) {
      add("UnionMember", path, fmt::format("only one of {} may be set, not both", join(set)),
          "remove all but one");
    }
    // A member that this version refuses by name has been chosen all the same.
    const bool refused = std::any_of(type.fields.begin(), type.fields.end(), [&](const Field& field) {
      return field.unavailable && value.find(field.name) != nullptr;
    });
    if (set.empty() && choice.required && !refused) {
      add("UnionMember", path, fmt::format("exactly one of {} must be set", join(choice.members)),
          fmt::format("add `{}`", fmt::join(choice.members, "` or `")));
    }
  }

  void text(const Field& field, const std::string& text, const std::string& path) {
    const auto among = [&](const std::vector<std::string>& list) {
      return std::find(list.begin(), list.end(), text) != list.end();
    };
    if (among(field.unavailable_values) ||
        (field.unavailable_value != nullptr && field.unavailable_value(text))) {
      add("NotAvailable", path,
          fmt::format("`{}: {}` is not available in this version", last_name(path), text),
          fmt::format("this version has {}", join(field.values)));
      return;
    }
    if (!field.values.empty() && !among(field.values)) {
      const std::string meant = did_you_mean(text, field.values);
      add("BadValue", path, fmt::format("'{}' is none of {}", text, join(field.values)),
          meant.empty() ? "" : fmt::format("did you mean {}?", meant));
      return;
    }
    const auto bytes = static_cast<std::int64_t>(text.size());
    if (bytes < field.min) {
      add("TooShort", path, text.empty() ? "must not be empty" : "is too short", "");
      return;
    }
    if (field.max >= 0 && bytes > field.max) {
      add("TooLong", path, fmt::format("is {} bytes long; at most {} are allowed", bytes, field.max), "");
      return;
    }
    if (field.format != nullptr && !field.format->matches(text)) {
      add("BadValue", path, fmt::format("'{}' {}", text, field.format->says), "");
      return;
    }
    if (field.parse) {
      if (base::Status parsed = field.parse(text); !parsed) {
        Error error = parsed.error();
        error.location.field = path;
        errors_.push_back(std::move(error));
      }
    }
  }

  void number(const Field& field, std::int64_t number, const std::string& path) {
    if (number >= field.min && (field.max < 0 || number <= field.max)) return;
    const std::string bounds = field.max < 0 ? fmt::format("at least {}", field.min)
                                             : fmt::format("between {} and {}", field.min, field.max);
    add("OutOfRange", path, fmt::format("must be {}, not {}", bounds, number), "");
  }

  void quantity(const Field& field, const json::Value& value, const std::string& path) {
    auto parsed = Quantity::parse(value.is_int() ? std::to_string(value.as_int()) : value.as_string());
    if (!parsed) {
      Error error = std::move(parsed).error();
      error.location.field = path;
      errors_.push_back(std::move(error));
      return;
    }
    number(field, parsed->value, path);
  }

  void size(const Field& field, std::size_t members, const std::string& path) {
    const auto count = static_cast<std::int64_t>(members);
    if (count < field.min) {
      add("TooFew", path, fmt::format("must have at least {} item{}", field.min, field.min == 1 ? "" : "s"),
          "");
    }
    if (field.max >= 0 && count > field.max) {
      add("TooMany", path, fmt::format("has {} items; at most {} are allowed", count, field.max), "");
    }
  }

  void map(const Field& field, json::Value& value, const std::string& path) {
    std::erase_if(value.as_object(), [](const json::Member& member) { return member.second.is_null(); });
    size(field, value.as_object().size(), path);
    for (auto& [key, item] : value.as_object()) {
      const std::string item_path = yaml::field_path(path, key);
      if (field.key_format != nullptr && !field.key_format->matches(key)) {
        add("BadValue", item_path, fmt::format("'{}' as a key {}", key, field.key_format->says), "");
      }
      this->value(*field.item, item, item_path);
    }
  }

  void list(const Field& field, json::Value& value, const std::string& path) {
    size(field, value.as_array().size(), path);
    std::vector<std::string> seen;
    for (std::size_t i = 0; i < value.as_array().size(); ++i) {
      json::Value& item = value.as_array()[i];
      const std::string item_path = yaml::field_path(path, i);
      this->value(*field.item, item, item_path);
      std::string identity;
      if (field.list_type == ListType::kSet) {
        identity = item.is_string() ? item.as_string() : json::dump(item);
      } else if (field.list_type == ListType::kMap && item.is_object()) {
        for (const std::string& key : field.list_keys) {
          identity += (identity.empty() ? "" : "/") + item.string_or(key);
        }
      }
      if (identity.empty()) continue;
      if (std::find(seen.begin(), seen.end(), identity) != seen.end()) {
        add("Duplicate", item_path, fmt::format("'{}' is there twice", identity), "remove one of the two");
      }
      seen.push_back(std::move(identity));
    }
  }

  static std::string_view last_name(std::string_view path) {
    const std::size_t dot = path.rfind('.');
    return dot == std::string_view::npos ? path : path.substr(dot + 1);
  }

  std::vector<Error>& errors_;
};

Error field_error(std::string code, std::string field, std::string message, std::string hint) {
  Error error = base::terminal(std::move(code), std::move(message));
  error.location.field = std::move(field);
  error.hint = std::move(hint);
  return error;
}

// What the document calls itself, or an error that says what it could be.
const Kind* resolve_kind(const json::Value& object, std::vector<Error>& errors) {
  const std::string api_version = object.string_or("apiVersion");
  const std::string name = object.string_or("kind");
  if (const Kind* found = find_kind(api_version, name)) return found;
  if (api_version.empty()) {
    errors.push_back(field_error("MissingField", "apiVersion", "is required",
                                 fmt::format("add `apiVersion: {}`", kApiVersion)));
  }
  if (name.empty()) {
    errors.push_back(
        field_error("MissingField", "kind", "is required", "add `kind: DataProduct`, for example"));
    return nullptr;
  }
  std::vector<std::string> known;
  for (const Kind* kind : all_kinds()) {
    if (kind->kind == name) {
      if (!api_version.empty()) {
        errors.push_back(field_error("UnknownVersion", "apiVersion",
                                     fmt::format("{} is not in '{}'", name, api_version),
                                     fmt::format("write `apiVersion: {}`", kind->api_version())));
      }
      return nullptr;
    }
    known.push_back(kind->kind);
  }
  const std::string meant = did_you_mean(name, known);
  errors.push_back(field_error(
      "UnknownKind", "kind", fmt::format("unknown kind '{}'", name),
      meant.empty() ? fmt::format("the kinds are {}", join(known)) : fmt::format("did you mean {}?", meant)));
  return nullptr;
}

void check_notes(const json::Value& annotations, std::vector<Error>& errors) {
  constexpr std::size_t kMostBytes = 256 << 10;
  if (!annotations.is_object()) return;
  std::size_t bytes = 0;
  for (const auto& [name, value] : annotations.as_object()) {
    bytes += name.size() + (value.is_string() ? value.as_string().size() : 0);
  }
  if (bytes <= kMostBytes) return;
  errors.push_back(field_error("TooLong", "metadata.annotations",
                               fmt::format("hold {} bytes; at most {} are allowed", bytes, kMostBytes), ""));
}

void check_names(const Kind& kind, const json::Value& object, std::vector<Error>& errors) {
  const json::Value& metadata = object["metadata"];
  if (!metadata.is_object()) return;
  const std::string name = metadata.string_or("name");
  if (name.empty() && metadata.string_or("generateName").empty()) {
    errors.push_back(field_error("MissingField", "metadata.name", "is required", "give the object a name"));
  }
  if (!name.empty() && !kind.name_format->matches(name)) {
    errors.push_back(
        field_error("BadName", "metadata.name", fmt::format("'{}' {}", name, kind.name_format->says), ""));
  }
  check_notes(metadata["annotations"], errors);
  const std::string space = metadata.string_or("namespace");
  if (space.empty()) return;
  if (!kind.namespaced) {
    errors.push_back(field_error("BadValue", "metadata.namespace",
                                 fmt::format("{} is not in any namespace", kind.kind), "remove it"));
  } else if (!kNamespaceName.matches(space)) {
    errors.push_back(
        field_error("BadName", "metadata.namespace", fmt::format("'{}' {}", space, kNamespaceName.says), ""));
  }
}

void append(std::vector<Error>& to, std::vector<Error> more) {
  for (Error& error : more) to.push_back(std::move(error));
}

bool has_error_at(const std::vector<Error>& errors, std::string_view field) {
  return std::any_of(errors.begin(), errors.end(),
                     [&](const Error& error) { return error.location.field == field; });
}

void check_rules(const Kind& kind, const json::Value& object, const SqlCheck& sql,
                 std::vector<Error>& errors) {
  if (&kind == &kind_of<Secret>()) append(errors, validate_self(from_json<Secret>(object)));
  if (&kind == &kind_of<Event>()) append(errors, validate_self(from_json<Event>(object)));
  if (&kind == &kind_of<EventStore>()) append(errors, validate_self(from_json<EventStore>(object)));
  if (&kind == &kind_of<Dataset>()) append(errors, validate_self(from_json<Dataset>(object)));
  if (&kind == &kind_of<DataProduct>()) append(errors, validate_self(from_json<DataProduct>(object), sql));
  if (&kind == &kind_of<TargetClass>()) {
    std::vector<Error> found = validate_self(from_json<TargetClass>(object));
    if (has_error_at(errors, "spec.engine")) {
      // Which provisioners fit an engine that nobody knows is not to be said.
      std::erase_if(found, [](const Error& error) {
        return error.location.field == "spec.provisioner.local" ||
               error.location.field == "spec.provisioner.external" ||
               error.location.field == "spec.provisioner.kubernetes";
      });
    }
    append(errors, std::move(found));
  }
}

void default_object(const ObjectType& type, json::Value& value) {
  for (const Field& field : type.fields) {
    json::Value* present = value.find(field.name);
    if (present == nullptr || present->is_null()) {
      if (!field.default_value) continue;
      present = &value.set(field.name, *field.default_value);
    }
    if (field.kind == FieldKind::kObject && field.object != nullptr && present->is_object()) {
      default_object(*field.object, *present);
    }
    if (field.kind != FieldKind::kList || field.item->object == nullptr || !present->is_array()) continue;
    for (json::Value& item : present->as_array()) {
      if (item.is_object()) default_object(*field.item->object, item);
    }
  }
}

}  // namespace

void apply_defaults(const Kind& kind, json::Value& object) {
  if (object.is_object()) default_object(*kind.type, object);
}

Checked check(const json::Value& object, const SqlCheck& sql) {
  Checked out;
  if (!object.is_object()) {
    out.errors.push_back(base::terminal("WrongType", "a resource must be an object")
                             .with_hint("start with apiVersion, kind, metadata and spec"));
    return out;
  }
  out.kind = resolve_kind(object, out.errors);
  if (out.kind == nullptr) return out;
  out.object = object;
  Checker(out.errors).object(*out.kind->type, out.object, "");
  check_names(*out.kind, out.object, out.errors);
  apply_defaults(*out.kind, out.object);
  check_rules(*out.kind, out.object, sql, out.errors);
  return out;
}

}  // namespace offtake::resources
