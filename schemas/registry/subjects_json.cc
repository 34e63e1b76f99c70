// /subjects and /compatibility.
#include "schemas/registry/call.h"

namespace offtake::registry {
namespace {

Answer list_subjects(const Call& call) {
  std::string prefix = call.text("subjectPrefix");
  if (prefix.substr(0, 3) == ":*:") prefix.erase(0, 3);  // in every context
  auto names = call.store().read([&](const State& state) {
    return state.subjects(call.flag("deleted"), call.flag("deletedOnly"), normal_subject(prefix));
  });
  return json::dump(names_json(names));
}

Answer list_versions(const Call& call) {
  const auto versions = call.store().read([&](const State& state) {
    return state.versions(call.subject(), call.flag("deleted"), call.flag("deletedOnly"));
  });
  if (!versions) return versions.error();
  return json::dump(numbers_json(*versions));
}

base::Result<Registered> find_version(const Call& call) {
  const auto version = call.version();
  if (!version) return version.error();
  return call.store().read(
      [&](const State& state) { return state.version(call.subject(), *version, call.flag("deleted")); });
}

Answer get_version(const Call& call) {
  const auto found = find_version(call);
  if (!found) return found.error();
  return json::dump(registered_json(*found));
}

Answer get_version_text(const Call& call) {
  const auto found = find_version(call);
  if (!found) return found.error();
  return found->content.text;
}

Answer get_referrers(const Call& call) {
  const auto found = find_version(call);
  if (!found) return found.error();
  return json::dump(numbers_json(call.store().read(
      [&](const State& state) { return state.referrers(found->subject, found->version); })));
}

Answer register_schema(const Call& call) {
  const auto registration = call.registration();
  if (!registration) return registration.error();
  const auto registered = call.store().register_schema(*registration);
  if (!registered) return registered.error();
  json::Value value = json::Value::object();
  value.set("id", registered->id);
  value.set("version", registered->version);
  add_content(value, registered->content);
  return json::dump(value);
}

Answer look_up(const Call& call) {
  const auto registration = call.registration();
  if (!registration) return registration.error();
  const auto found = call.store().lookup(*registration, call.flag("deleted"));
  if (!found) return found.error();
  return json::dump(registered_json(*found));
}

Answer delete_subject(const Call& call) {
  const auto versions = call.store().delete_subject(call.subject(), call.flag("permanent"));
  if (!versions) return versions.error();
  return json::dump(numbers_json(*versions));
}

Answer delete_version(const Call& call) {
  const auto version = call.version();
  if (!version) return version.error();
  const auto deleted = call.store().delete_version(call.subject(), *version, call.flag("permanent"));
  if (!deleted) return deleted.error();
  return std::to_string(*deleted);
}

// Against one version, or against all that the level covers.
Answer check(const Call& call, bool one) {
  const auto registration = call.registration();
  if (!registration) return registration.error();
  std::optional<int> version;
  if (one) {
    const auto given = call.version();
    if (!given) return given.error();
    version = *given;
  }
  const auto problems = call.store().read([&](const State& state) -> base::Result<std::vector<std::string>> {
    if (version == kLatest) {
      // Without any version there is nothing to be incompatible with.
      const auto latest = state.version(registration->subject, kLatest, false);
      version = latest ? std::optional(latest->version) : std::nullopt;
    }
    const auto understood = state.understand(registration->content, registration->normalize);
    if (!understood) return understood.error();
    return state.conflicts(registration->subject, understood->schema, version);
  });
  if (!problems) return problems.error();
  json::Value value = json::Value::object();
  value.set("is_compatible", problems->empty());
  if (call.flag("verbose")) value.set("messages", names_json(*problems));
  return json::dump(value);
}

}  // namespace

void add_subject_routes(http::Router& router, Store& store, const std::string& prefix) {
  const auto add = [&](std::string_view method, const std::string& path, Answer (*handle)(const Call&)) {
    router.add(method, prefix + path,
               [&store, handle](const http::Request& request) { return respond(request, store, handle); },
               {.max_body_bytes = 16 << 20});
  };
  add("GET", "/subjects", list_subjects);
  add("POST", "/subjects/{subject}", look_up);
  add("DELETE", "/subjects/{subject}", delete_subject);
  add("GET", "/subjects/{subject}/versions", list_versions);
  add("POST", "/subjects/{subject}/versions", register_schema);
  add("GET", "/subjects/{subject}/versions/{version}", get_version);
  add("DELETE", "/subjects/{subject}/versions/{version}", delete_version);
  add("GET", "/subjects/{subject}/versions/{version}/schema", get_version_text);
  add("GET", "/subjects/{subject}/versions/{version}/referencedby", get_referrers);
  add("POST", "/compatibility/subjects/{subject}/versions",
      [](const Call& call) { return check(call, false); });
  add("POST", "/compatibility/subjects/{subject}/versions/{version}",
      [](const Call& call) { return check(call, true); });
}

}  // namespace offtake::registry
