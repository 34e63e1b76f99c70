// /schemas, /contexts, /v1/metadata and the root.
#include "schemas/registry/call.h"

namespace offtake::registry {
namespace {

base::Result<Content> find_schema(const Call& call) {
  const auto id = call.id();
  if (!id) return id.error();
  return call.store().read([&](const State& state) { return state.by_id(call.context(), *id); });
}

Answer get_schema(const Call& call) {
  const auto content = find_schema(call);
  if (!content) return content.error();
  json::Value value = json::Value::object();
  add_content(value, *content);
  if (call.flag("fetchMaxId")) {
    value.set("maxId",
              call.store().read([&](const State& state) { return state.next_id(call.context()) - 1; }));
  }
  return json::dump(value);
}

Answer get_schema_text(const Call& call) {
  const auto content = find_schema(call);
  if (!content) return content.error();
  return content->text;
}

base::Result<std::vector<SubjectVersion>> users(const Call& call) {
  if (const auto content = find_schema(call); !content) return content.error();
  const int id = *call.id();
  return call.store().read(
      [&](const State& state) { return state.users_of(call.context(), id, call.flag("deleted")); });
}

Answer get_subjects(const Call& call) {
  const auto found = users(call);
  if (!found) return found.error();
  std::vector<std::string> names;
  for (const SubjectVersion& user : *found) {
    if (names.empty() || names.back() != user.subject) names.push_back(user.subject);
  }
  return json::dump(names_json(names));
}

Answer get_versions(const Call& call) {
  const auto found = users(call);
  if (!found) return found.error();
  json::Value list = json::Value::array();
  for (const SubjectVersion& user : *found) {
    json::Value value = json::Value::object();
    value.set("subject", user.subject);
    value.set("version", user.version);
    list.push_back(std::move(value));
  }
  return json::dump(list);
}

Answer list_schemas(const Call& call) {
  std::string prefix = call.text("subjectPrefix");
  if (prefix.substr(0, 3) == ":*:") prefix.erase(0, 3);
  const auto found = call.store().read(
      [&](const State& state) { return state.all(prefix, call.flag("deleted"), call.flag("latestOnly")); });
  const std::size_t offset = call.number("offset", 0), limit = call.number("limit", found.size());
  json::Value list = json::Value::array();
  for (std::size_t i = offset; i < found.size() && i - offset < limit; ++i) {
    list.push_back(registered_json(found[i]));
  }
  return json::dump(list);
}

Answer get_types(const Call&) {
  return std::string(R"(["AVRO"])");
}
Answer get_root(const Call&) {
  return std::string("{}");
}
Answer get_contexts(const Call& call) {
  return json::dump(names_json(call.store().read([](const State& state) { return state.contexts(); })));
}
Answer get_registry_id(const Call&) {
  return std::string(R"({"scope":{"path":[],"clusters":{"schema-registry-cluster":"offtake"}},"id":""})");
}
Answer get_registry_version(const Call&) {
  return std::string(R"({"version":"0.1.0","commitId":""})");
}

}  // namespace

void add_schema_routes(http::Router& router, Store& store, const std::string& prefix) {
  const auto add = [&](const std::string& path, Answer (*handle)(const Call&)) {
    router.add("GET", prefix + path,
               [&store, handle](const http::Request& request) { return respond(request, store, handle); });
  };
  add("/schemas", list_schemas);
  add("/schemas/types", get_types);
  add("/schemas/ids/{id}", get_schema);
  add("/schemas/ids/{id}/schema", get_schema_text);
  add("/schemas/ids/{id}/subjects", get_subjects);
  add("/schemas/ids/{id}/versions", get_versions);
  add("/contexts", get_contexts);
  add("/v1/metadata/id", get_registry_id);
  add("/v1/metadata/version", get_registry_version);
  add("/", get_root);
  if (!prefix.empty()) add("", get_root);
}

}  // namespace offtake::registry
