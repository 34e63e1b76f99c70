#include "controlplane/api/openapi.h"

#include "base/crypto/crypto.h"
#include "controlplane/resources/kind.h"
#include "controlplane/resources/schema.h"
#include "controlplane/resources/schema/field_schema.h"

namespace offtake::api {
namespace {

using resources::Field;
using resources::FieldKind;
using resources::Kind;
using resources::ObjectType;

std::string prefix_of(const Kind& kind) {
  if (kind.group.empty()) return "io.k8s.api.core." + kind.version;
  return "dev.offtake." + kind.version;
}

std::string schema_name(const Kind& kind, const ObjectType& type) {
  if (type.name == "ObjectMeta") return "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
  return prefix_of(kind) + "." + type.name;
}

json::Value reference(const std::string& name) {
  return json::Object{{"$ref", "#/components/schemas/" + name}};
}

json::Value gvk(const Kind& kind) {
  return json::Object{{"group", kind.group}, {"version", kind.version}, {"kind", kind.kind}};
}

// Collects the schemas of one document.
class Schemas {
 public:
  explicit Schemas(const Kind& kind, json::Value& out) : kind_(kind), out_(out) {}

  void add(const ObjectType& type) {
    const std::string name = schema_name(kind_, type);
    if (out_.find(name) != nullptr) return;
    out_.set(name, json::Value::object());  // so that a type that is met again is not walked again
    json::Value schema = json::Object{{"type", "object"}, {"description", type.doc}};
    json::Value properties = json::Value::object();
    json::Value required = json::Value::array();
    for (const Field& field : type.fields) {
      if (field.unavailable) continue;
      properties.set(field.name, property(field));
      if (field.required) required.push_back(field.name);
    }
    if (!properties.as_object().empty()) schema.set("properties", std::move(properties));
    if (!required.as_array().empty()) schema.set("required", std::move(required));
    if (&type == kind_.type) schema.set("x-kubernetes-group-version-kind", json::Array{gvk(kind_)});
    out_.set(name, std::move(schema));
  }

 private:
  json::Value property(const Field& field) {
    json::Value out = json::Object{};
    if (field.kind == FieldKind::kObject && field.object != nullptr) {
      add(*field.object);
      out.set("allOf", json::Array{reference(schema_name(kind_, *field.object))});
    } else {
      resources::schema::describe(
          field, [this](const Field& held) { return item(held); }, out);
    }
    // The type says it already where both say the same.
    const bool said =
        field.kind == FieldKind::kObject && field.object != nullptr && field.object->doc == field.doc;
    if (!field.doc.empty() && !said) out.set("description", field.doc);
    if (field.default_value) out.set("default", *field.default_value);
    return out;
  }

  json::Value item(const Field& field) {
    if (field.kind != FieldKind::kObject || field.object == nullptr) return property(field);
    add(*field.object);
    return reference(schema_name(kind_, *field.object));
  }

  const Kind& kind_;
  json::Value& out_;
};

json::Value parameter(std::string_view name, std::string_view where, std::string_view type,
                      std::string_view description) {
  json::Value out = json::Object{{"name", name},
                                 {"in", where},
                                 {"description", description},
                                 {"schema", json::Object{{"type", type}, {"uniqueItems", true}}}};
  if (where == "path") out.set("required", true);
  return out;
}

struct Verb {
  std::string_view method;
  std::string_view action;
  bool body;
  std::vector<std::string_view> parameters;
  std::vector<std::string_view> content;
};

json::Value operation(const Kind& kind, const Verb& verb, const std::string& schema) {
  static const std::map<std::string_view, std::pair<std::string_view, std::string_view>> kParameters{
      {"dryRun", {"string", "All: nothing is stored"}},
      {"fieldManager", {"string", "Who writes"}},
      {"fieldValidation", {"string", "Unknown fields are refused, whatever it says"}},
      {"force", {"boolean", "Take over fields that other managers own"}},
      {"labelSelector", {"string", "Which objects, by label"}},
      {"fieldSelector", {"string", "Which objects, by field"}},
      {"limit", {"integer", "How many at most"}},
      {"continue", {"string", "Where the page before ended"}},
      {"watch", {"boolean", "Stream the changes"}},
      {"resourceVersion", {"string", "Where a watch begins"}},
      {"timeoutSeconds", {"integer", "When a watch ends"}},
      {"propagationPolicy", {"string", "Background, Foreground or Orphan"}}};
  json::Value out =
      json::Object{{"operationId", fmt::format("{}{}{}", verb.action, prefix_of(kind), kind.kind)},
                   {"x-kubernetes-action", verb.action},
                   {"x-kubernetes-group-version-kind", gvk(kind)}};
  json::Value parameters = json::Value::array();
  for (const std::string_view name : verb.parameters) {
    const auto& [type, description] = kParameters.at(name);
    parameters.push_back(parameter(name, "query", type, description));
  }
  out.set("parameters", std::move(parameters));
  if (verb.body) {
    json::Value content = json::Value::object();
    for (const std::string_view type : verb.content) {
      content.set(type, json::Object{{"schema", reference(schema)}});
    }
    out.set("requestBody", json::Object{{"content", std::move(content)}});
  }
  const json::Value body = json::Object{{"application/json", json::Object{{"schema", reference(schema)}}}};
  out.set("responses", json::Object{{"200", json::Object{{"description", "OK"}, {"content", body}}},
                                    {"401", json::Object{{"description", "Unauthorized"}}}});
  return out;
}

void add_paths(const Kind& kind, json::Value& paths) {
  const std::string base =
      kind.group.empty() ? "/api/" + kind.version : "/apis/" + kind.group + "/" + kind.version;
  const std::string collection =
      kind.namespaced ? base + "/namespaces/{namespace}/" + kind.plural : base + "/" + kind.plural;
  const std::string schema = schema_name(kind, *kind.type);
  const std::vector<std::string_view> write{"dryRun", "fieldManager", "fieldValidation"};
  const std::vector<std::string_view> list{"labelSelector", "fieldSelector",   "limit",         "continue",
                                           "watch",         "resourceVersion", "timeoutSeconds"};
  const std::vector<std::string_view> bodies{"application/json", "application/yaml"};
  const std::vector<Verb> on_collection{
      {"get", "list", false, list, {}},
      {"post", "post", true, write, bodies},
      {"delete", "deletecollection", false, {"labelSelector", "dryRun"}, {}}};
  const std::vector<Verb> on_object{
      {"get", "get", false, {}, {}},
      {"put", "put", true, write, bodies},
      {"patch",
       "patch",
       true,
       {"dryRun", "fieldManager", "fieldValidation", "force"},
       {"application/merge-patch+json", "application/json-patch+json", "application/apply-patch+yaml"}},
      {"delete", "delete", false, {"dryRun", "propagationPolicy"}, {}}};
  const auto add = [&](const std::string& path, const std::vector<Verb>& verbs, bool named) {
    json::Value item = json::Value::object();
    for (const Verb& verb : verbs) item.set(verb.method, operation(kind, verb, schema));
    json::Value parameters = json::Value::array();
    if (named) parameters.push_back(parameter("name", "path", "string", "Name of the object"));
    if (kind.namespaced) parameters.push_back(parameter("namespace", "path", "string", "Its namespace"));
    if (!parameters.as_array().empty()) item.set("parameters", std::move(parameters));
    paths.set(path, std::move(item));
  };
  add(collection, on_collection, false);
  add(collection + "/{name}", on_object, true);
}

json::Value make_document(const std::string& group, const std::string& version) {
  json::Value schemas = json::Value::object();
  json::Value paths = json::Value::object();
  for (const Kind* kind : resources::all_kinds()) {
    if (kind->group != group || kind->version != version) continue;
    Schemas(*kind, schemas).add(*kind->type);
    add_paths(*kind, paths);
  }
  if (schemas.as_object().empty()) return nullptr;
  return json::Object{{"openapi", "3.0.0"},
                      {"info", json::Object{{"title", "Offtake"}, {"version", version}}},
                      {"paths", std::move(paths)},
                      {"components", json::Object{{"schemas", std::move(schemas)}}}};
}

const OpenApiDocuments& documents() {
  static const OpenApiDocuments all{
      {"api/v1", make_document("", "v1")},
      {"apis/offtake.dev/v1alpha1",
       make_document(std::string(resources::kGroup), std::string(resources::kVersion))}};
  return all;
}

}  // namespace

json::Value openapi_index(const OpenApiDocuments& others) {
  json::Value paths = json::Value::object();
  const auto add = [&](const std::string& path, const json::Value& document) {
    const std::string hash = crypto::sha256_hex(json::dump(document)).substr(0, 32);
    paths.set(path, json::Object{{"serverRelativeURL", fmt::format("/openapi/v3/{}?hash={}", path, hash)}});
  };
  for (const auto& [path, document] : documents()) add(path, document);
  for (const auto& [path, document] : others) add(path, document);
  return json::Object{{"paths", std::move(paths)}};
}

json::Value openapi_document(const std::string& path, const OpenApiDocuments& others) {
  for (const OpenApiDocuments* all : {&documents(), &others}) {
    for (const auto& [known, document] : *all) {
      if (known == path) return document;
    }
  }
  return nullptr;
}

}  // namespace offtake::api
