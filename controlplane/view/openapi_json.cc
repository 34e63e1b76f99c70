#include <algorithm>

#include "controlplane/view/openapi.h"

namespace offtake::view {
namespace shape {
namespace {

json::Value typed(std::string_view type, std::string_view doc) {
  json::Value out = json::Object{{"type", type}};
  if (!doc.empty()) out.set("description", doc);
  return out;
}

}  // namespace

json::Value text(std::string_view doc) {
  return typed("string", doc);
}
json::Value text_or_null(std::string_view doc) {
  json::Value out = typed("string", doc);
  out.set("nullable", true);
  return out;
}
json::Value instant(std::string_view doc) {
  json::Value out = typed("string", doc);
  out.set("format", "date-time");
  return out;
}
json::Value integer(std::string_view doc) {
  json::Value out = typed("integer", doc);
  out.set("format", "int64");
  return out;
}
json::Value number(std::string_view doc) {
  return typed("number", doc);
}
json::Value truth(std::string_view doc) {
  return typed("boolean", doc);
}
json::Value one_of(std::vector<std::string_view> values, std::string_view doc) {
  json::Value out = typed("string", doc), all = json::Value::array();
  for (const auto value : values) all.push_back(value);
  out.set("enum", std::move(all));
  return out;
}
json::Value list(json::Value items, std::string_view doc) {
  json::Value out = typed("array", doc);
  out.set("items", std::move(items));
  return out;
}
json::Value object(std::vector<Member> members, std::string_view doc) {
  json::Value out = typed("object", doc), properties = json::Value::object(), required = json::Value::array();
  for (Member& member : members) {
    const bool optional = member.name.ends_with('?');
    const std::string_view name = member.name.substr(0, member.name.size() - (optional ? 1 : 0));
    properties.set(name, std::move(member.schema));
    if (!optional) required.push_back(name);
  }
  out.set("properties", std::move(properties));
  if (!required.as_array().empty()) out.set("required", std::move(required));
  return out;
}
json::Value ref(std::string_view schema) {
  return json::Object{{"$ref", fmt::format("#/components/schemas/{}", schema)}};
}
json::Value any(std::string_view doc) {
  json::Value out = typed("object", doc);
  out.set("additionalProperties", true);
  return out;
}

}  // namespace shape

namespace {

json::Value query_parameter(const Parameter& parameter) {
  json::Value schema = json::Object{{"type", parameter.type}};
  json::Value out = json::Object{{"name", parameter.name}, {"in", "query"}, {"description", parameter.doc}};
  if (parameter.repeated) {
    schema = json::Object{{"type", "array"}, {"items", std::move(schema)}};
    out.set("style", "form");
    out.set("explode", true);
  }
  out.set("schema", std::move(schema));
  return out;
}

json::Value path_parameters(std::string_view path) {
  json::Value out = json::Value::array();
  for (std::size_t at = path.find('{'); at != std::string_view::npos; at = path.find('{', at + 1)) {
    const std::string_view name = path.substr(at + 1, path.find('}', at) - at - 1);
    out.push_back(json::Object{
        {"name", name}, {"in", "path"}, {"required", true}, {"schema", json::Object{{"type", "string"}}}});
  }
  return out;
}

json::Value json_content(const json::Value& schema) {
  return json::Object{{"application/json", json::Object{{"schema", schema}}}};
}

json::Value refusal(std::string_view doc) {
  return json::Object{{"description", doc}, {"content", json_content(shape::ref("Status"))}};
}

json::Value operation_json(const Operation& operation) {
  json::Value out = json::Object{{"operationId", operation.id}, {"description", operation.doc}};
  json::Value parameters = json::Value::array();
  for (const Parameter& parameter : operation.query) parameters.push_back(query_parameter(parameter));
  if (!parameters.as_array().empty()) out.set("parameters", std::move(parameters));
  if (!operation.body.is_null()) {
    out.set("requestBody", json::Object{{"required", true}, {"content", json_content(operation.body)}});
  }
  json::Value content = json_content(operation.answer);
  if (operation.answer.is_null())
    content = json::Object{{"text/plain", json::Object{{"schema", shape::text("")}}}};
  out.set("responses",
          json::Object{{"200", json::Object{{"description", "OK"}, {"content", std::move(content)}}},
                       {"400", refusal("Something about the request is wrong")},
                       {"401", refusal("The token is not known")},
                       {"404", refusal("There is no such object")}});
  return out;
}

json::Value make_document() {
  using namespace shape;
  json::Value paths = json::Value::object(), schemas = json::Value::object();
  schemas.set("Status", object({{"kind", text("Status")},
                                {"apiVersion", text("v1")},
                                {"status", text("Failure")},
                                {"message", text("What is wrong, and what to do")},
                                {"reason", text("A stable word: NotFound, Forbidden, BadRequest")},
                                {"code", integer("As HTTP's")}},
                               "A refusal"));
  for (OpenApiPart& part : std::vector<OpenApiPart>{product_part(), catalog_part(), builder_part()}) {
    for (const Operation& operation : part.operations) {
      const std::string path = kPaths + operation.path;
      json::Value& item = paths.get_or_add(path);
      item.set(operation.method, operation_json(operation));
      json::Value named = path_parameters(path);
      if (!named.as_array().empty()) item.set("parameters", std::move(named));
    }
    for (Member& schema : part.schemas) schemas.set(schema.name, std::move(schema.schema));
  }
  return json::Object{{"openapi", "3.0.0"},
                      {"info", json::Object{{"title", "Offtake"}, {"version", "v1alpha1"}}},
                      {"paths", std::move(paths)},
                      {"components", json::Object{{"schemas", std::move(schemas)}}}};
}

}  // namespace

OpenApiPart product_part() {
  using namespace shape;
  const std::string product = "/namespaces/{namespace}/dataproducts/{name}/";
  const Parameter revision{"revision", "integer", "Of this revision; by default the one that readers see"};
  const json::Value submitted =
      object({{"object", any("The DataProduct as it would be sent")},
              {"objects?",
               list(any(""), "What is about to be stored with it (docs/view-api.md, Objects sent along)")}},
             "");
  json::Value sampled = submitted;
  sampled.find("properties")->set("limit", integer("Rows, from 1 to 1000"));
  sampled.find("properties")->set("from", text("A duration: the records since so long ago"));
  const json::Value chosen = object({{"ids?", list(text(""), "Entries")},
                                     {"key?", text("Those of one key")},
                                     {"dataset?", text("namespace/name")},
                                     {"all?", truth("Everything")}},
                                    "Which entries of the ledger");
  OpenApiPart out;
  out.operations = {
      {product + "plan",
       "get",
       "getPlan",
       "What would be done for the stored product",
       {},
       nullptr,
       ref("Plan")},
      {product + "plan", "post", "makePlan", "What would be done for a product", {}, submitted, ref("Plan")},
      {product + "preview",
       "get",
       "getPreview",
       "Rows that the stored product gives of the newest records",
       {{"limit", "integer", "Rows, from 1 to 1000"},
        {"from", "string", "A duration: the records since so long ago"}},
       nullptr,
       ref("Preview")},
      {product + "preview",
       "post",
       "makePreview",
       "Rows that a product would give",
       {},
       sampled,
       ref("Preview")},
      {product + "progress",
       "get",
       "getProgress",
       "Moving numbers of its workers",
       {},
       nullptr,
       ref("Progress")},
      {product + "parked",
       "get",
       "listParked",
       "The ledger: what is left out",
       {revision},
       nullptr,
       ref("Ledger")},
      {product + "parked/{id}",
       "get",
       "getParked",
       "One entry, with its record",
       {revision},
       nullptr,
       any("")},
      {product + "parked/replay", "post", "replayParked", "Takes records in", {revision}, chosen, any("")},
      {product + "parked/discard", "post", "discardParked", "Leaves them out", {revision}, chosen, any("")},
      {product + "logs",
       "get",
       "getLogs",
       "The log of the newest worker",
       {{"follow", "boolean", "Goes on"},
        {"revision", "integer", "Of this revision"},
        {"of", "string", "function: what the function says"}}}};
  const json::Value problems = list(any(""), "code, message, field, line, column, hint");
  out.schemas = {
      {"Plan", object({{"action", text("None, InPlace, Create, Rebuild")},
                       {"errors", problems},
                       {"waiting", problems},
                       {"warnings", list(text(""), "")}},
                      "What would happen")},
      {"Preview", object({{"errors", problems},
                          {"waiting", problems},
                          {"warnings", list(text(""), "")},
                          {"columns", list(any(""), "name, type, targetType, masked")},
                          {"rows", list(list(text_or_null("NULL"), ""), "Cells as text")},
                          {"rowsFound", integer("")},
                          {"moreRows", truth("")},
                          {"sources", list(any(""), "What was read of each dataset")},
                          {"summary", list(text(""), "The same in sentences")}},
                         "Rows of the newest records")},
      {"Progress", object({{"revisions", list(any(""), "One entry a revision")}}, "Of a product's workers")},
      {"Ledger", object({{"entries", list(any(""), "")}}, "What a product leaves out")}};
  return out;
}

json::Value openapi_document() {
  static const json::Value kDocument = make_document();
  return kDocument;
}

}  // namespace offtake::view
