#include "api.h"

namespace offtake::provision_test {
namespace {

http::Response say(int status, const json::Value& body) {
  return http::Response::of(status, json::dump(body), "application/json");
}

http::Response status(int code, const char* reason) {
  return say(code, json::Object{{"kind", "Status"}, {"reason", reason}, {"message", reason}, {"code", code}});
}

}  // namespace

Api::Api() {
  http::Router router;
  router.add("*", "/{path...}", [this](const http::Request& request) { return answer(request); });
  auto started = http::Server::start(std::move(router), {});
  server_ = *std::move(started);
}

std::shared_ptr<kubernetes::Client> Api::client() {
  kubernetes::Settings settings;
  settings.cluster.url = "http://" + server_->address();
  settings.writes_per_second = 0;
  return std::make_shared<kubernetes::Client>(std::move(settings));
}

void Api::serve(const std::string& api_version, const std::string& kind, const std::string& plural,
                bool namespaced) {
  std::lock_guard lock(mutex_);
  served_[api_version].push_back(json::Object{{"name", plural}, {"kind", kind}, {"namespaced", namespaced}});
  served_[api_version].push_back(
      json::Object{{"name", plural + "/status"}, {"kind", kind}, {"namespaced", namespaced}});
}

json::Value Api::get(const std::string& plural, const std::string& name) {
  std::lock_guard lock(mutex_);
  const auto found = objects_.find(plural + "/" + name);
  return found == objects_.end() ? json::Value() : found->second;
}

void Api::put(const std::string& plural, json::Value object) {
  std::lock_guard lock(mutex_);
  const std::string name = object["metadata"].string_or("name");
  object.get_or_add("metadata").set("uid", fmt::format("uid-{}", ++uids_));
  objects_[plural + "/" + name] = std::move(object);
}

void Api::set_status(const std::string& plural, const std::string& name, json::Value status) {
  std::lock_guard lock(mutex_);
  objects_.at(plural + "/" + name).set("status", std::move(status));
}

void Api::let_go() {
  std::lock_guard lock(mutex_);
  held_.clear();
  std::erase_if(objects_, [](const auto& each) {
    return each.second.at({"metadata", "deletionTimestamp"}).is_string();
  });
}

std::vector<std::string> Api::writes() {
  std::lock_guard lock(mutex_);
  return std::exchange(writes_, {});
}

std::vector<std::string> Api::names() {
  std::lock_guard lock(mutex_);
  std::vector<std::string> out;
  for (const auto& [name, object] : objects_) out.push_back(name);
  return out;
}

http::Response Api::answer(const http::Request& request) {
  std::lock_guard lock(mutex_);
  std::vector<std::string> parts;
  for (std::size_t from = 1; from <= request.path.size();) {
    const auto end = std::min(request.path.find('/', from), request.path.size());
    parts.push_back(request.path.substr(from, end - from));
    from = end + 1;
  }
  const std::size_t version = parts[0] == "api" ? 1 : 2;  // where the version stands
  const std::string api_version = version == 1 ? parts[1] : parts[1] + "/" + parts[2];
  if (parts.size() == version + 1) return discover(api_version);
  // …/namespaces/NS/PLURAL[/NAME]
  const std::string plural = parts.at(version + 3);
  if (parts.size() == version + 4 && request.method == "GET")
    return say(200, listed(plural, request.query_value("labelSelector")));
  if (parts.size() == version + 4)
    return write(request, plural, (*json::parse(request.body))["metadata"].string_or("name"));
  const std::string name = parts.at(version + 4);
  if (request.method != "GET") return write(request, plural, name);
  const auto found = objects_.find(plural + "/" + name);
  return found == objects_.end() ? status(404, "NotFound") : say(200, found->second);
}

http::Response Api::write(const http::Request& request, const std::string& plural, const std::string& name) {
  const std::string key = plural + "/" + name;
  writes_.push_back(request.method + " " + key);
  const auto found = objects_.find(key);
  if (request.method == "DELETE") {
    if (found == objects_.end()) return status(404, "NotFound");
    if (plural == held_) {
      found->second.get_or_add("metadata").set("deletionTimestamp", "2026-01-01T00:00:00Z");
      return say(200, found->second);
    }
    objects_.erase(found);
    return say(200, json::Object{{"kind", "Status"}, {"status", "Success"}});
  }
  json::Value body = *json::parse(request.body);
  if (request.method == "POST" && found != objects_.end()) return status(409, "AlreadyExists");
  json::Value object = found == objects_.end() ? json::Value::object() : found->second;
  const bool is_apply = body.find("kind") != nullptr;
  if (is_apply) {
    const json::Value was = object["status"];
    const std::string uid = object["metadata"].string_or("uid", fmt::format("uid-{}", ++uids_));
    object = std::move(body);
    object.get_or_add("metadata").set("uid", uid);
    if (!was.is_null()) object.set("status", was);
  } else {
    json::Value& annotations = object.get_or_add("metadata").get_or_add("annotations");
    for (const auto& [annotation, value] : body["metadata"]["annotations"].as_object())
      annotations.set(annotation, value);
  }
  return say(found == objects_.end() ? 201 : 200, objects_[key] = std::move(object));
}

http::Response Api::discover(const std::string& api_version) const {
  const auto found = served_.find(api_version);
  if (found == served_.end()) return http::Response::of(404, "404 page not found", "text/plain");
  return say(200, json::Object{{"kind", "APIResourceList"}, {"resources", found->second}});
}

json::Value Api::listed(const std::string& plural, const std::string& selector) const {
  const auto equals = selector.find('=');
  json::Array items;
  for (const auto& [key, object] : objects_) {
    if (!key.starts_with(plural + "/")) continue;
    if (object.at({"metadata", "labels"}).string_or(selector.substr(0, equals)) ==
        selector.substr(equals + 1))
      items.push_back(object);
  }
  return json::Object{{"kind", "List"}, {"metadata", json::Object{}}, {"items", std::move(items)}};
}

}  // namespace offtake::provision_test
