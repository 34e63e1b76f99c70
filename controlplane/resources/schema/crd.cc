#include "controlplane/resources/schema/crd.h"

#include <algorithm>
#include <set>

#include "base/yaml/node.h"
#include "controlplane/resources/schema.h"
#include "controlplane/resources/schema/field_schema.h"

namespace offtake::resources::schema {
namespace {

constexpr const char* kHint = "delete the object and make it anew, or make another one beside it";

// As CEL calls a member: its reserved words are between underscores.
std::string cel_name(const std::string& name) {
  static const std::set<std::string_view> kReserved{
      "true",     "false",   "null",      "in",       "as",  "break",  "const",
      "continue", "else",    "for",       "function", "if",  "import", "let",
      "loop",     "package", "namespace", "return",   "var", "void",   "while"};
  return kReserved.contains(name) ? "__" + name + "__" : name;
}

std::string there(std::string_view object, const std::string& member) {
  return fmt::format("has({}.{})", object, cel_name(member));
}

json::Value rule(std::string text, std::string message) {
  return json::Object{{"rule", std::move(text)}, {"message", std::move(message)}};
}

json::Value schema_of(const ObjectType& type);

json::Value property(const Field& field) {
  json::Value out = json::Value::object();
  if (!field.doc.empty()) out.set("description", field.doc);
  if (field.kind == FieldKind::kObject && field.object != nullptr) {
    const json::Value whole = schema_of(*field.object);
    for (const auto& [name, value] : whole.as_object()) {
      if (name != "description" || field.doc.empty()) out.set(name, value);
    }
  } else {
    describe(field, property, out);
  }
  if (field.default_value) out.set("default", *field.default_value);
  return out;
}

// Which of siblings are set, and that immutable ones stay.
json::Value rules_of(const ObjectType& type) {
  json::Value out = json::Value::array();
  for (const Union& choice : type.unions) {
    std::string count;
    for (const auto& member : choice.members)
      count += fmt::format("{}({} ? 1 : 0)", count.empty() ? "" : " + ", there("self", member));
    out.push_back(rule(fmt::format("{} {} 1", count, choice.required ? "==" : "<="),
                       fmt::format("{} of {} must be set", choice.required ? "exactly one" : "at most one",
                                   fmt::join(choice.members, ", "))));
    if (!choice.immutable) continue;
    std::string same;
    for (const auto& member : choice.members) {
      same += fmt::format("{}{} == {}", same.empty() ? "" : " && ", there("self", member),
                          there("oldSelf", member));
    }
    out.push_back(rule(std::move(same), fmt::format("which of {} is set cannot change; {}",
                                                    fmt::join(choice.members, ", "), kHint)));
  }
  for (const Field& field : type.fields) {
    if (!field.immutable || field.unavailable) continue;
    // A transition rule of the field itself is not looked at when the field comes or goes.
    const std::string is = there("self", field.name), was = there("oldSelf", field.name);
    const std::string name = cel_name(field.name);
    json::Value fixed =
        rule(fmt::format("{} == {} && (!{} || self.{} == oldSelf.{})", is, was, is, name, name),
             fmt::format("{} cannot change; {}", field.name, kHint));
    fixed.set("fieldPath", "." + field.name);
    out.push_back(std::move(fixed));
  }
  return out;
}

json::Value schema_of(const ObjectType& type) {
  json::Value out = object_schema(type, property);
  json::Value rules = rules_of(type);
  if (!rules.as_array().empty()) out.set("x-kubernetes-validations", std::move(rules));
  return out;
}

// Of metadata a CRD may bound the name alone; the rest is Kubernetes'.
json::Value metadata_schema(const Kind& kind) {
  json::Value out = json::Object{{"type", "object"}};
  if (kind.name_format == nullptr) return out;
  const json::Value name = json::Object{
      {"type", "string"}, {"pattern", kind.name_format->regex}, {"maxLength", kind.name_format->max}};
  out.set("properties", json::Object{{"name", name}});
  return out;
}

json::Value root_schema(const Kind& kind) {
  json::Value out = schema_of(*kind.type);
  out.set("description", kind.description);
  json::Value required = json::Value::array();
  for (const Field& field : kind.type->fields) {
    const bool of_every_object =
        field.name == "apiVersion" || field.name == "kind" || field.name == "metadata";
    if (field.required && !of_every_object) required.push_back(field.name);
  }
  if (required.as_array().empty()) {
    out.erase("required");
  } else {
    out.set("required", std::move(required));
  }
  out.find("properties")->set("metadata", metadata_schema(kind));
  return out;
}

// ".status.conditions[Ready].status" as Kubernetes' JSONPath.
std::string json_path(const std::string& path) {
  const std::size_t open = path.find('['), close = path.find(']');
  if (open == std::string::npos || close == std::string::npos) return path;
  return fmt::format("{}[?(@.type==\"{}\")]{}", path.substr(0, open), path.substr(open + 1, close - open - 1),
                     path.substr(close + 1));
}

json::Value printer_columns(const Kind& kind) {
  json::Value out = json::Value::array();
  for (const auto& column : kind.columns) {
    json::Value shown =
        json::Object{{"name", column.name}, {"type", column.type}, {"jsonPath", json_path(column.path)}};
    if (!column.description.empty()) shown.set("description", column.description);
    if (column.priority != 0) shown.set("priority", column.priority);
    out.push_back(std::move(shown));
  }
  return out;
}

}  // namespace

json::Value custom_resource_definition(const Kind& kind) {
  json::Value version = json::Object{
      {"name", kind.version},
      {"served", true},
      {"storage", true},
      {"schema", json::Object{{"openAPIV3Schema", root_schema(kind)}}},
  };
  if (kind.has_status) version.set("subresources", json::Object{{"status", json::Value::object()}});
  version.set("additionalPrinterColumns", printer_columns(kind));
  json::Value names = json::Object{{"kind", kind.kind},
                                   {"listKind", kind.kind + "List"},
                                   {"plural", kind.plural},
                                   {"singular", kind.singular}};
  if (!kind.short_names.empty()) names.set("shortNames", texts(kind.short_names));
  if (!kind.categories.empty()) names.set("categories", texts(kind.categories));
  return json::Object{{"apiVersion", "apiextensions.k8s.io/v1"},
                      {"kind", "CustomResourceDefinition"},
                      {"metadata", json::Object{{"name", kind.plural + "." + kind.group}}},
                      {"spec", json::Object{{"group", kind.group},
                                            {"scope", kind.namespaced ? "Namespaced" : "Cluster"},
                                            {"names", std::move(names)},
                                            {"versions", json::Array{std::move(version)}}}}};
}

std::string crd_file_name(const Kind& kind) {
  return fmt::format("{}_{}.yaml", kind.group, kind.plural);
}

std::string crd_yaml(const Kind& kind) {
  return "# Generated by `offtake generate crds` from the field tables.\n" +
         yaml::dump(custom_resource_definition(kind));
}

std::vector<const Kind*> custom_kinds() {
  std::vector<const Kind*> out;
  for (const Kind* kind : all_kinds()) {
    if (!kind->group.empty()) out.push_back(kind);
  }
  return out;
}

}  // namespace offtake::resources::schema
