// /config and /mode. A config is kept as the JSON object that GET answers.
#include "schemas/registry/call.h"

namespace offtake::registry {
namespace {

// An empty subject (in the path there is none) is the whole registry.
Answer get_config(const Call& call) {
  const std::string subject = call.subject();
  auto text = call.store().read([&](const State& state) {
    auto own = state.config(subject);
    if (!own && (subject.empty() || call.flag("defaultToGlobal"))) {
      own = state.config("").value_or(R"({"compatibilityLevel":"BACKWARD"})");
    }
    return own;
  });
  if (!text) return errors::no_level(subject);
  return *text;
}

Answer put_config(const Call& call) {
  auto body = call.body();
  if (!body) return body.error();
  const std::string subject = call.subject();
  json::Value kept = json::Value::object();
  const json::Value* level = body->find("compatibility");
  if (level != nullptr && !level->is_null()) {
    const auto parsed = level->is_string() ? parse_level(level->as_string()) : std::nullopt;
    if (!parsed) return errors::invalid_level();
    kept.set("compatibilityLevel", std::string(level_name(*parsed)));
    body->set("compatibility", std::string(level_name(*parsed)));
  } else {
    // A change of something else leaves the level as it is.
    kept.set("compatibilityLevel", std::string(level_name(call.store().read(
                                       [&](const State& state) { return state.level_of(subject); }))));
  }
  if (const json::Value* normalize = body->find("normalize"); normalize != nullptr && normalize->is_bool()) {
    kept.set("normalize", *normalize);
  }
  if (auto done = call.store().put_config(subject, json::dump(kept)); !done) return done.error();
  return json::dump(*body);
}

Answer delete_config(const Call& call) {
  const auto before = call.store().put_config(call.subject(), std::nullopt);
  if (!before) return before.error();
  return before->value_or(R"({"compatibilityLevel":"BACKWARD"})");
}

Answer mode_answer(Mode mode) {
  json::Value value = json::Value::object();
  value.set("mode", std::string(mode_name(mode)));
  return json::dump(value);
}

Answer get_mode(const Call& call) {
  const std::string subject = call.subject();
  const auto mode = call.store().read([&](const State& state) {
    const bool general = subject.empty() || call.flag("defaultToGlobal");
    const auto own = state.mode(subject);
    return own || !general ? own : std::optional(state.mode("").value_or(Mode::kReadWrite));
  });
  if (!mode) return errors::no_mode(subject);
  return mode_answer(*mode);
}

Answer put_mode(const Call& call) {
  const auto body = call.body();
  if (!body) return body.error();
  const auto mode = parse_mode(body->string_or("mode"));
  if (!mode) return errors::invalid_mode();
  const auto put = call.store().put_mode(call.subject(), mode, call.flag("force"));
  if (!put) return put.error();
  return mode_answer(*put);
}

Answer delete_mode(const Call& call) {
  const auto before = call.store().put_mode(call.subject(), std::nullopt, false);
  if (!before) return before.error();
  return mode_answer(*before);
}

}  // namespace

void add_setting_routes(http::Router& router, Store& store, const std::string& prefix) {
  const auto add = [&](std::string_view method, const std::string& path, Answer (*handle)(const Call&)) {
    const auto answer = [&store, handle](const http::Request& request) {
      return respond(request, store, handle);
    };
    router.add(method, prefix + path, answer);
    router.add(method, prefix + path + "/{subject}", answer);
  };
  add("GET", "/config", get_config);
  add("PUT", "/config", put_config);
  add("DELETE", "/config", delete_config);
  add("GET", "/mode", get_mode);
  add("PUT", "/mode", put_mode);
  add("DELETE", "/mode", delete_mode);
}

}  // namespace offtake::registry
