#include "controlplane/api/discovery.h"

#include "controlplane/resources/kind.h"
#include "controlplane/resources/schema/field_schema.h"

namespace offtake::api {
namespace {

using resources::Kind;
using resources::schema::texts;

json::Value verbs() {
  return texts({"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"});
}

json::Value status_verbs() {
  return texts({"get", "patch", "update"});
}

// Groups but core, each with its version: what all_kinds has.
std::vector<std::pair<std::string, std::string>> groups() {
  std::vector<std::pair<std::string, std::string>> out;
  for (const Kind* kind : resources::all_kinds()) {
    const std::pair<std::string, std::string> group{kind->group, kind->version};
    if (!kind->group.empty() && std::find(out.begin(), out.end(), group) == out.end()) out.push_back(group);
  }
  return out;
}

json::Value group_json(const std::string& group, const std::string& version) {
  const json::Value entry = json::Object{{"groupVersion", group + "/" + version}, {"version", version}};
  return json::Object{{"name", group}, {"versions", json::Array{entry}}, {"preferredVersion", entry}};
}

json::Value gvk(const Kind& kind) {
  return json::Object{{"group", kind.group}, {"version", kind.version}, {"kind", kind.kind}};
}

json::Value aggregated_resource(const Kind& kind) {
  json::Object out{{"resource", kind.plural},
                   {"responseKind", gvk(kind)},
                   {"scope", kind.namespaced ? "Namespaced" : "Cluster"},
                   {"singularResource", kind.singular},
                   {"verbs", verbs()}};
  if (!kind.short_names.empty()) out.emplace_back("shortNames", texts(kind.short_names));
  if (!kind.categories.empty()) out.emplace_back("categories", texts(kind.categories));
  if (kind.has_status) {
    out.emplace_back("subresources",
                     json::Array{json::Object{
                         {"subresource", "status"}, {"responseKind", gvk(kind)}, {"verbs", status_verbs()}}});
  }
  return out;
}

json::Value aggregated_group(const std::string& group, const std::string& version) {
  json::Value resources = json::Value::array();
  for (const Kind* kind : resources::all_kinds()) {
    if (kind->group == group && kind->version == version) resources.push_back(aggregated_resource(*kind));
  }
  json::Value metadata = json::Value::object();
  if (!group.empty()) metadata.set("name", group);
  const json::Value entry =
      json::Object{{"version", version}, {"resources", std::move(resources)}, {"freshness", "Current"}};
  return json::Object{{"metadata", std::move(metadata)}, {"versions", json::Array{entry}}};
}

}  // namespace

json::Value api_versions() {
  return json::Object{{"kind", "APIVersions"},
                      {"versions", texts({"v1"})},
                      {"serverAddressByClientCIDRs", json::Value::array()}};
}

json::Value api_group_list() {
  json::Value list = json::Value::array();
  for (const auto& [group, version] : groups()) list.push_back(group_json(group, version));
  return json::Object{{"kind", "APIGroupList"}, {"apiVersion", "v1"}, {"groups", std::move(list)}};
}

json::Value api_group(const std::string& group) {
  for (const auto& [name, version] : groups()) {
    if (name != group) continue;
    json::Value out = group_json(name, version);
    out.set("kind", "APIGroup");
    out.set("apiVersion", "v1");
    return out;
  }
  return nullptr;
}

json::Value api_resource_list(const std::string& group, const std::string& version) {
  json::Value list = json::Value::array();
  for (const Kind* kind : resources::all_kinds()) {
    if (kind->group != group || kind->version != version) continue;
    json::Object resource{{"name", kind->plural},
                          {"singularName", kind->singular},
                          {"namespaced", kind->namespaced},
                          {"kind", kind->kind},
                          {"verbs", verbs()}};
    if (!kind->short_names.empty()) resource.emplace_back("shortNames", texts(kind->short_names));
    if (!kind->categories.empty()) resource.emplace_back("categories", texts(kind->categories));
    list.push_back(std::move(resource));
    if (!kind->has_status) continue;
    list.push_back(json::Object{{"name", kind->plural + "/status"},
                                {"singularName", ""},
                                {"namespaced", kind->namespaced},
                                {"kind", kind->kind},
                                {"verbs", status_verbs()}});
  }
  if (list.is_null() || list.as_array().empty()) return nullptr;
  return json::Object{{"kind", "APIResourceList"},
                      {"apiVersion", "v1"},
                      {"groupVersion", group.empty() ? version : group + "/" + version},
                      {"resources", std::move(list)}};
}

json::Value aggregated_discovery(bool core) {
  json::Value items = json::Value::array();
  if (core) {
    items.push_back(aggregated_group("", "v1"));
  } else {
    for (const auto& [group, version] : groups()) items.push_back(aggregated_group(group, version));
  }
  return json::Object{{"kind", "APIGroupDiscoveryList"},
                      {"apiVersion", "apidiscovery.k8s.io/v2"},
                      {"metadata", json::Value::object()},
                      {"items", std::move(items)}};
}

}  // namespace offtake::api
