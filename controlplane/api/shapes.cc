#include "controlplane/api/shapes.h"

#include "controlplane/resources/cells.h"

namespace offtake::api {
namespace {

json::Value partial(const json::Value& object) {
  return json::Object{
      {"kind", "PartialObjectMetadata"}, {"apiVersion", "meta.k8s.io/v1"}, {"metadata", object["metadata"]}};
}

json::Value column(std::string_view name, std::string_view type, std::string_view format,
                   std::string_view description, int priority) {
  return json::Object{{"name", name},
                      {"type", type},
                      {"format", format},
                      {"description", description},
                      {"priority", priority}};
}

json::Value table(const resources::Kind& kind, std::span<const json::Value> objects, json::Value metadata,
                  const ShapeOptions& options) {
  json::Value columns = json::Value::array();
  const bool event = &kind == &resources::kind_of<resources::Event>();
  if (!event) columns.push_back(column("Name", "string", "name", "Name of the object", 0));
  for (const resources::PrinterColumn& printed : kind.columns) {
    columns.push_back(column(printed.name, printed.type == "date" ? "string" : printed.type, "",
                             printed.description, printed.priority));
  }
  json::Value rows = json::Value::array();
  for (const json::Value& object : objects) {
    json::Value cells = json::Value::array();
    if (!event) cells.push_back(object["metadata"]["name"]);
    for (json::Value& cell : resources::cells(kind, object, options.now)) cells.push_back(std::move(cell));
    json::Value row = json::Object{{"cells", std::move(cells)}};
    if (options.include_object == "Object") row.set("object", object);
    if (options.include_object == "Metadata") row.set("object", partial(object));
    rows.push_back(std::move(row));
  }
  return json::Object{{"kind", "Table"},
                      {"apiVersion", "meta.k8s.io/v1"},
                      {"metadata", std::move(metadata)},
                      {"columnDefinitions", std::move(columns)},
                      {"rows", std::move(rows)}};
}

}  // namespace

json::Value shaped_object(const resources::Kind& kind, const json::Value& object,
                          const ShapeOptions& options) {
  switch (options.shape) {
    case Shape::kTable: {
      json::Value metadata = json::Object{{"resourceVersion", object["metadata"]["resourceVersion"]}};
      return table(kind, std::span(&object, 1), std::move(metadata), options);
    }
    case Shape::kPartialObject:
      return partial(object);
    case Shape::kObject:
      break;
  }
  return object;
}

json::Value shaped_list(const resources::Kind& kind, const store::ObjectList& list,
                        const ShapeOptions& options) {
  json::Value metadata = json::Object{{"resourceVersion", list.resource_version}};
  if (!list.continue_token.empty()) {
    metadata.set("continue", list.continue_token);
    if (list.remaining > 0) metadata.set("remainingItemCount", list.remaining);
  }
  if (options.shape == Shape::kTable) return table(kind, list.items, std::move(metadata), options);
  json::Value items = json::Value::array();
  const bool part = options.shape == Shape::kPartialObject;
  for (const json::Value& item : list.items) items.push_back(part ? partial(item) : item);
  return json::Object{{"kind", part ? "PartialObjectMetadataList" : kind.kind + "List"},
                      {"apiVersion", part ? "meta.k8s.io/v1" : kind.api_version()},
                      {"metadata", std::move(metadata)},
                      {"items", std::move(items)}};
}

json::Value shaped_bookmark(const resources::Kind& kind, const std::string& version, bool initial_end,
                            const ShapeOptions& options) {
  json::Value metadata = json::Object{{"resourceVersion", version}};
  if (initial_end) {
    metadata.set("annotations", json::Object{{"k8s.io/initial-events-end", "true"}});
  }
  const json::Value object = json::Object{
      {"kind", kind.kind}, {"apiVersion", kind.api_version()}, {"metadata", std::move(metadata)}};
  if (options.shape == Shape::kTable) {
    json::Value out = table(kind, {}, json::Object{{"resourceVersion", version}}, options);
    // Clients find the version and the annotation in the row's object.
    out.set("rows", json::Array{json::Object{{"cells", json::Value::array()}, {"object", partial(object)}}});
    return out;
  }
  return options.shape == Shape::kPartialObject ? partial(object) : object;
}

}  // namespace offtake::api
