#include "controlplane/view/catalog_json.h"
#include "controlplane/view/openapi.h"

namespace offtake::view {
namespace {

using catalog::Relationship;

json::Value texts(const std::vector<std::string>& values) {
  json::Value out = json::Value::array();
  for (const auto& value : values) out.push_back(value);
  return out;
}

void set_text(json::Value& out, std::string_view name, const std::string& value) {
  if (!value.empty()) out.set(name, value);
}

json::Value column_json(const catalog::Column& column) {
  json::Value out =
      json::Object{{"path", column.path},
                   {"name", column.name},
                   {"type", column.refused.empty() ? types::to_string(column.type) : std::string()},
                   {"nullable", column.nullable}};
  if (column.key) out.set("key", true);
  set_text(out, "doc", column.doc);
  set_text(out, "description", column.description);
  set_text(out, "classification", column.classification);
  if (column.default_value) out.set("default", *column.default_value);
  if (!column.symbols.empty()) out.set("values", texts(column.symbols));
  set_text(out, "refused", column.refused);
  if (!column.children.empty()) {
    json::Value children = json::Value::array();
    for (const auto& child : column.children) children.push_back(column_json(child));
    out.set("children", std::move(children));
  }
  return out;
}

json::Value version_json(const catalog::SchemaVersion& version) {
  json::Value out = json::Object{{"version", version.version}, {"id", version.id}};
  if (version.compatible) out.set("compatible", catalog::to_string(*version.compatible));
  if (!version.problems.empty()) out.set("problems", texts(version.problems));
  json::Value changes = json::Value::array();
  for (const auto& change : version.changes) {
    json::Value one = json::Object{{"kind", catalog::to_string(change.kind)}, {"path", change.path}};
    set_text(one, "from", change.from);
    set_text(one, "to", change.to);
    if (change.nullable) one.set("nullable", *change.nullable);
    changes.push_back(std::move(one));
  }
  out.set("changes", std::move(changes));
  return out;
}

json::Value relationship_json(const catalog::Related& related) {
  const Relationship& relationship = related.relationship;
  json::Value out =
      json::Object{{"declared", relationship.declared},
                   {"direction", relationship.direction == Relationship::Direction::kOut ? "Out" : "In"}};
  set_text(out, "name", relationship.name);
  json::Value other =
      json::Object{{"namespace", relationship.namespace_name}, {"name", relationship.dataset}};
  if (relationship.other != nullptr) {
    set_text(other, "owner", relationship.other->dataset.spec.owner);
    other.set("readable", related.readable.ok());
  }
  out.set("dataset", std::move(other));
  json::Value columns = json::Value::array();
  for (const auto& pair : relationship.columns) {
    json::Value one = json::Object{{"from", pair.from}, {"to", pair.to}};
    set_text(one, "fromType", pair.from_type);
    set_text(one, "toType", pair.to_type);
    columns.push_back(std::move(one));
  }
  out.set("columns", std::move(columns));
  out.set("reason", relationship.reason);
  set_text(out, "problem", relationship.problem);
  return out;
}

json::Value reference_json(const resources::ObjectMeta& metadata) {
  return json::Object{{"namespace", metadata.namespace_name}, {"name", metadata.name}};
}

void add_ready(const resources::Conditions& conditions, json::Value& out) {
  const auto* ready = resources::find_condition(conditions, resources::condition::kReady);
  out.set("ready", ready != nullptr && ready->status == resources::Truth::kTrue);
  if (ready != nullptr) set_text(out, "reason", ready->reason);
}

std::string class_of(const resources::DataProduct& product) {
  return product.status.class_name.empty() ? product.spec.target.class_name : product.status.class_name;
}

json::Value user_json(const catalog::UsedBy& user, const std::string& dataset) {
  const resources::DataProduct& product = user.product->product;
  json::Value out = reference_json(product.metadata);
  out.set("owner", product.spec.owner);
  add_ready(product.status.conditions, out);
  set_text(out, "className", class_of(product));
  if (user.reads != nullptr) {
    const auto found = user.reads->find(dataset);
    if (found != user.reads->end()) out.set("columns", texts(found->second));
  }
  return out;
}

json::Value access_json(const resources::NamespaceAccess& access) {
  json::Value out = json::Object{{"from", resources::text_of(access.from)}};
  if (!access.selector) return out;
  json::Value labels = json::Value::object(), expressions = json::Value::array();
  for (const auto& [name, value] : access.selector->match_labels) labels.set(name, value);
  for (const auto& one : access.selector->match_expressions) {
    expressions.push_back(
        json::Object{{"key", one.key}, {"operator", one.op}, {"values", texts(one.values)}});
  }
  json::Value selector = json::Value::object();
  if (!labels.as_object().empty()) selector.set("matchLabels", std::move(labels));
  if (!expressions.as_array().empty()) selector.set("matchExpressions", std::move(expressions));
  out.set("selector", std::move(selector));
  return out;
}

void add_topic(const catalog::Figures& figures, json::Value& out) {
  json::Value partitions = json::Value::array();
  for (const auto& [partition, bounds] : figures.bounds) {
    partitions.push_back(json::Object{
        {"partition", partition}, {"earliest", bounds.earliest}, {"latest", bounds.last_stable}});
  }
  out.set("partitions", std::move(partitions));
  const std::int64_t retention = figures.topic.retention_ms;
  out.set("retention", retention < 0 ? std::string("Forever") : base::format_duration(retention * 1'000));
  out.set("cleanup", figures.topic.cleanup == sources::CleanupPolicy::kDelete ? "Delete" : "Compact");
}

json::Value node_json(const catalog::LineageNode& node) {
  json::Value out = json::Object{{"id", node.place.id}};
  const resources::DataProduct* product = node.product == nullptr ? nullptr : &node.product->product;
  switch (node.kind) {
    case catalog::NodeKind::kDataset:
      out.set("kind", "Dataset");
      break;
    case catalog::NodeKind::kProduct:
      out.set("kind", "DataProduct");
      break;
    case catalog::NodeKind::kTarget:
      out.set("kind", "Target");
      break;
  }
  out.set("namespace", node.namespace_name);
  const bool target = node.kind == catalog::NodeKind::kTarget && product != nullptr;
  out.set("name", target ? product->target_name() : node.name);
  if (node.entry != nullptr) {
    const resources::Dataset& dataset = node.entry->dataset;
    set_text(out, "owner", dataset.spec.owner);
    out.set("type", resources::text_of(dataset.spec.type));
    add_ready(dataset.status.conditions, out);
    out.set("readable", node.readable.ok());
  } else if (target) {
    set_text(out, "className", class_of(*product));
    if (product->status.endpoint) set_text(out, "engine", product->status.endpoint->type);
  } else if (product != nullptr) {
    set_text(out, "owner", product->spec.owner);
    add_ready(product->status.conditions, out);
  } else {
    out.set("missing", true);
  }
  out.set("depth", node.place.depth);
  if (node.place.more > 0) out.set("more", node.place.more);
  return out;
}

}  // namespace

json::Value dataset_json(const catalog::Detail& detail) {
  json::Value out = json::Object{{"apiVersion", kGroupVersion}, {"kind", "CatalogDataset"}};
  add_item(detail.item, out);
  const catalog::Entry& entry = *detail.item.hit.entry;
  const resources::Dataset& dataset = entry.dataset;
  if (dataset.metadata.creation_time) out.set("createdAt", dataset.metadata.creation_time->text());
  if (detail.item.figures != nullptr) add_topic(*detail.item.figures, out);
  out.set("subject", dataset.spec.subject());
  if (entry.schema_version > 0) out.set("schemaVersion", entry.schema_version);
  if (dataset.spec.key) out.set("keyFrom", resources::text_of(dataset.spec.key->from));
  out.set("access", access_json(dataset.spec.access.namespaces));
  json::Value sla = json::Value::array(), schema = json::Value::array(), versions = json::Value::array(),
              relationships = json::Value::array(), users = json::Value::array();
  for (const auto& one : dataset.spec.sla_properties)
    sla.push_back(json::Object{{"property", one.property}, {"value", one.value}, {"unit", one.unit}});
  for (const auto& column : entry.columns) schema.push_back(column_json(column));
  for (const auto& version : detail.versions) versions.push_back(version_json(version));
  for (const auto& related : detail.relationships) relationships.push_back(relationship_json(related));
  for (const auto& user : detail.used_by) users.push_back(user_json(user, dataset.metadata.key()));
  out.set("sla", std::move(sla));
  out.set("schema", std::move(schema));
  out.set("versions", std::move(versions));
  out.set("versionsTotal", detail.versions_total);
  out.set("relationships", std::move(relationships));
  out.set("usedBy", std::move(users));
  if (detail.producer != nullptr) out.set("producer", reference_json(detail.producer->product.metadata));
  out.set("pending", texts(detail.pending));
  out.set("unavailable", texts(detail.unavailable));
  return out;
}

json::Value lineage_json(const catalog::Lineage& lineage) {
  json::Value out = json::Object{{"apiVersion", kGroupVersion}, {"kind", "Lineage"}};
  out.set("root", lineage.nodes.front().place.id);
  json::Value nodes = json::Value::array(), edges = json::Value::array();
  for (const auto& node : lineage.nodes) nodes.push_back(node_json(node));
  for (const auto& edge : lineage.edges) {
    json::Value one = json::Object{{"from", edge.from}, {"to", edge.to}};
    if (!edge.columns.empty()) one.set("columns", texts(edge.columns));
    edges.push_back(std::move(one));
  }
  out.set("nodes", std::move(nodes));
  out.set("edges", std::move(edges));
  out.set("truncated", lineage.truncated);
  return out;
}

}  // namespace offtake::view
