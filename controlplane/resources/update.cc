#include "base/yaml/node.h"
#include "controlplane/resources/schema.h"
#include "controlplane/resources/validate.h"

namespace offtake::resources {
namespace {

std::string shown(const json::Value& value) {
  if (value.is_null()) return "nothing";
  if (value.is_string()) return fmt::format("'{}'", value.as_string());
  return json::dump(value);
}

void fixed(std::vector<base::Error>& errors, std::string field, std::string message) {
  base::Error error = base::terminal("Immutable", std::move(message));
  error.location.field = std::move(field);
  error.hint = "delete the object and make it anew, or make another one beside it";
  errors.push_back(std::move(error));
}

std::string arm_of(const Union& choice, const json::Value& value) {
  for (const std::string& member : choice.members) {
    if (value.find(member) != nullptr) return member;
  }
  return "nothing";
}

void compare(const ObjectType& type, const json::Value& before, const json::Value& after,
             const std::string& path, std::vector<base::Error>& errors) {
  for (const Union& choice : type.unions) {
    const std::string was = arm_of(choice, before);
    const std::string is = arm_of(choice, after);
    if (choice.immutable && was != is) {
      fixed(errors, path, fmt::format("cannot change from {} to {}", was, is));
    }
  }
  for (const Field& field : type.fields) {
    const json::Value& was = before[field.name];
    const json::Value& is = after[field.name];
    const std::string field_path = yaml::field_path(path, field.name);
    if (field.immutable && !(was == is)) {
      fixed(errors, field_path, fmt::format("cannot change from {} to {}", shown(was), shown(is)));
    }
    if (field.kind == FieldKind::kObject && field.object != nullptr && was.is_object() && is.is_object()) {
      compare(*field.object, was, is, field_path, errors);
    }
  }
}

}  // namespace

std::vector<base::Error> check_update(const Kind& kind, const json::Value& before, const json::Value& after) {
  std::vector<base::Error> errors;
  compare(*kind.type, before, after, "", errors);
  if (&kind == &kind_of<Secret>() && before.bool_or("immutable")) {
    if (!(before["data"] == after["data"])) {
      fixed(errors, "data", "cannot change, as the Secret is immutable");
    }
    if (!after.bool_or("immutable")) fixed(errors, "immutable", "cannot be taken back");
  }
  return errors;
}

base::Error invalid(const Kind& kind, std::string_view namespace_name, std::string_view name,
                    std::vector<base::Error> errors) {
  const std::string title = namespace_name.empty() ? fmt::format("{} {}", kind.kind, name)
                                                   : fmt::format("{} {}/{}", kind.kind, namespace_name, name);
  std::string message;
  for (const base::Error& error : errors) {
    message += fmt::format("{}{}: {}", message.empty() ? "" : "\n", title, error.text());
  }
  base::Error out = base::terminal("Invalid", std::move(message));
  out.causes = std::move(errors);
  return out;
}

}  // namespace offtake::resources
