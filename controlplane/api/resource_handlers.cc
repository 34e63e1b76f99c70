#include "controlplane/api/resource_handlers.h"

#include <charconv>

namespace offtake::api {
namespace {

using resources::Kind;

std::string namespace_in_path(const Kind& kind, const http::Request& request) {
  return kind.namespaced ? request.param("namespace") : "";
}

base::Error bad_request(std::string message) {
  return base::terminal("BadRequest", std::move(message));
}

// Fills in what the path says and refuses what contradicts it.
base::Status fit_to_path(const Kind& kind, const http::Request& request, json::Value& object) {
  if (!object.is_object()) return bad_request("the body must be an object");
  const std::string api_version = object.string_or("apiVersion", kind.api_version());
  const std::string kind_name = object.string_or("kind", kind.kind);
  if (api_version != kind.api_version() || kind_name != kind.kind) {
    return bad_request(fmt::format("the body is a {} of {}, but the path wants a {} of {}", kind_name,
                                   api_version, kind.kind, kind.api_version()));
  }
  object.set("apiVersion", api_version);
  object.set("kind", kind_name);
  json::Value& metadata = object.get_or_add("metadata");
  if (metadata.is_null()) metadata = json::Value::object();
  if (!metadata.is_object()) return bad_request("metadata must be an object");
  const std::string space = namespace_in_path(kind, request);
  if (!space.empty()) {
    if (const std::string given = metadata.string_or("namespace", space); given != space) {
      return bad_request(fmt::format(
          "the namespace of the provided object does not match the namespace sent on the request: {} and {}",
          given, space));
    }
    metadata.set("namespace", space);
  }
  const std::string& name = request.param("name");
  if (!name.empty()) {
    if (const std::string given = metadata.string_or("name", name); given != name) {
      return bad_request(
          fmt::format("the name of the object ({}) does not match the name on the URL ({})", given, name));
    }
    metadata.set("name", name);
  }
  return {};
}

base::Result<int> query_int(const http::Request& request, std::string_view name) {
  const std::string text = request.query_value(name);
  if (text.empty()) return 0;
  int value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec == std::errc() && parsed.ptr == text.data() + text.size() && value >= 0) return value;
  return bad_request(fmt::format("{}={} is no whole number", name, text));
}

json::Value success(const Kind& kind, const json::Value& object) {
  json::Value details = json::Object{{"name", object["metadata"]["name"]}};
  if (!kind.group.empty()) details.set("group", kind.group);
  details.set("kind", kind.plural);
  details.set("uid", object["metadata"]["uid"]);
  return json::Object{{"kind", "Status"},
                      {"apiVersion", "v1"},
                      {"metadata", json::Value::object()},
                      {"status", "Success"},
                      {"details", std::move(details)}};
}

// From the body, where there is one, and from the query.
base::Result<store::DeleteOptions> delete_options(const http::Request& request) {
  store::DeleteOptions out;
  auto dry = dry_run(request);
  if (!dry) return std::move(dry).error();
  out.dry_run = *dry;
  std::string propagation = request.query_value("propagationPolicy");
  if (!request.body.empty()) {
    auto body = read_body(request, nullptr);
    if (!body) return std::move(body).error();
    const json::Value& preconditions = (*body)["preconditions"];
    out.uid = preconditions.string_or("uid");
    out.resource_version = preconditions.string_or("resourceVersion");
    if (propagation.empty()) propagation = body->string_or("propagationPolicy");
    const json::Value& dry_list = (*body)["dryRun"];
    if (dry_list.is_array() && !dry_list.as_array().empty()) out.dry_run = true;
    if (body->bool_or("orphanDependents")) out.orphan = true;
  }
  if (!propagation.empty() && propagation != "Orphan" && propagation != "Background" &&
      propagation != "Foreground") {
    return bad_request(fmt::format("propagationPolicy={} is unknown", propagation));
  }
  out.orphan = out.orphan || propagation == "Orphan";
  return out;
}

}  // namespace

base::Result<ShapeOptions> ResourceHandlers::shape(const http::Request& request) const {
  auto accepted = accepted_shape(request);
  if (!accepted) return std::move(accepted).error();
  ShapeOptions out;
  out.shape = *accepted;
  out.now = clock_.now();
  const std::string include = request.query_value("includeObject");
  if (!include.empty()) out.include_object = include;
  if (include.empty() || include == "None" || include == "Metadata" || include == "Object") return out;
  return bad_request(fmt::format("includeObject={} is unknown", include));
}

base::Result<store::ListOptions> ResourceHandlers::list_options(const Kind& kind,
                                                                const http::Request& request) const {
  store::ListOptions out;
  out.namespace_name = namespace_in_path(kind, request);
  out.label_selector = request.query_value("labelSelector");
  out.field_selector = request.query_value("fieldSelector");
  out.continue_token = request.query_value("continue");
  auto limit = query_int(request, "limit");
  if (!limit) return std::move(limit).error();
  out.limit = *limit;
  return out;
}

http::Response ResourceHandlers::get(const Kind& kind, const http::Request& request) const {
  const std::string& name = request.param("name");
  auto wanted = shape(request);
  if (!wanted) return status_response(wanted.error(), &kind, name);
  auto watching = query_bool(request, "watch");
  if (!watching) return status_response(watching.error(), &kind, name);
  if (*watching) {
    store::ListOptions options;
    options.namespace_name = namespace_in_path(kind, request);
    options.field_selector = "metadata.name=" + name;
    return watch(kind, request, std::move(options));
  }
  auto found = client_.get(kind, namespace_in_path(kind, request), name);
  if (!found) return status_response(found.error(), &kind, name);
  return json_response(200, shaped_object(kind, *found, *wanted));
}

http::Response ResourceHandlers::list_or_watch(const Kind& kind, const http::Request& request) const {
  auto watching = query_bool(request, "watch");
  if (!watching) return status_response(watching.error(), &kind);
  auto options = list_options(kind, request);
  if (!options) return status_response(options.error(), &kind);
  if (*watching) return watch(kind, request, *std::move(options));
  auto wanted = shape(request);
  if (!wanted) return status_response(wanted.error(), &kind);
  auto found = client_.list(kind, *options);
  if (!found) return status_response(found.error(), &kind);
  return json_response(200, shaped_list(kind, *found, *wanted));
}

http::Response ResourceHandlers::written(const Kind& kind, const http::Request& request,
                                         std::string_view name, base::Result<store::Written> result) const {
  if (!result) return status_response(result.error(), &kind, name);
  auto wanted = shape(request);
  if (!wanted) return status_response(wanted.error(), &kind, name);
  http::Response response =
      json_response(result->created ? 201 : 200, shaped_object(kind, result->object, *wanted));
  add_warnings(response, result->warnings);
  return response;
}

http::Response ResourceHandlers::create(const Kind& kind, const http::Request& request) const {
  auto dry = dry_run(request);
  if (!dry) return status_response(dry.error(), &kind);
  auto object = read_body(request, &kind);
  if (!object) return status_response(object.error(), &kind);
  if (base::Status fits = fit_to_path(kind, request, *object); !fits)
    return status_response(fits.error(), &kind);
  const std::string name = (*object)["metadata"].string_or("name");
  return written(kind, request, name, client_.create(*object, {field_manager(request), *dry}));
}

http::Response ResourceHandlers::update(const Kind& kind, const http::Request& request, bool status) const {
  const std::string& name = request.param("name");
  auto dry = dry_run(request);
  if (!dry) return status_response(dry.error(), &kind, name);
  auto object = read_body(request, &kind);
  if (!object) return status_response(object.error(), &kind, name);
  if (base::Status fits = fit_to_path(kind, request, *object); !fits) {
    return status_response(fits.error(), &kind, name);
  }
  const store::WriteOptions options{field_manager(request), *dry};
  return written(kind, request, name,
                 status ? client_.update_status(*object, options) : client_.update(*object, options));
}

http::Response ResourceHandlers::patch(const Kind& kind, const http::Request& request, bool status) const {
  const std::string& name = request.param("name");
  auto dry = dry_run(request);
  if (!dry) return status_response(dry.error(), &kind, name);
  const std::string type = content_type(request);
  if (type == "application/apply-patch+yaml" || type == "application/apply-patch+json") {
    if (request.query_value("fieldManager").empty()) {
      base::Error error =
          base::terminal("Invalid",
                         "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is "
                         "required for apply patch");
      return status_response(error, &kind, name);
    }
    auto force = query_bool(request, "force");
    if (!force) return status_response(force.error(), &kind, name);
    auto object = parse_body(request.body, true, &kind);
    if (!object) return status_response(object.error(), &kind, name);
    if (base::Status fits = fit_to_path(kind, request, *object); !fits) {
      return status_response(fits.error(), &kind, name);
    }
    return written(kind, request, name,
                   client_.apply(*object, {request.query_value("fieldManager"), *force, *dry, status}));
  }
  if (type != "application/merge-patch+json" && type != "application/json-patch+json") {
    return status_response(
        base::terminal("UnsupportedMediaType", fmt::format("patches of type {} are not read here", type))
            .with_hint("send application/merge-patch+json, application/json-patch+json or "
                       "application/apply-patch+yaml"),
        &kind, name);
  }
  auto body = parse_body(request.body, false, nullptr);
  if (!body) return status_response(body.error(), &kind, name);
  const auto patch_type =
      type == "application/merge-patch+json" ? store::PatchType::kMerge : store::PatchType::kJson;
  return written(kind, request, name,
                 client_.patch(kind, namespace_in_path(kind, request), name, patch_type, *body,
                               {field_manager(request), *dry, status}));
}

http::Response ResourceHandlers::remove(const Kind& kind, const http::Request& request) const {
  const std::string& name = request.param("name");
  auto options = delete_options(request);
  if (!options) return status_response(options.error(), &kind, name);
  auto deleted = client_.remove(kind, namespace_in_path(kind, request), name, *options);
  if (!deleted) return status_response(deleted.error(), &kind, name);
  return json_response(200, deleted->gone ? success(kind, deleted->object) : deleted->object);
}

http::Response ResourceHandlers::remove_collection(const Kind& kind, const http::Request& request) const {
  auto options = delete_options(request);
  if (!options) return status_response(options.error(), &kind);
  auto selected = list_options(kind, request);
  if (!selected) return status_response(selected.error(), &kind);
  auto found = client_.list(kind, *selected);
  if (!found) return status_response(found.error(), &kind);
  for (json::Value& item : found->items) {
    const json::Value& metadata = item["metadata"];
    auto deleted =
        client_.remove(kind, metadata.string_or("namespace"), metadata.string_or("name"), *options);
    if (!deleted && deleted.error().code != "NotFound") return status_response(deleted.error(), &kind);
    if (deleted) item = std::move(deleted->object);
  }
  return json_response(200, shaped_list(kind, *found, {}));
}

}  // namespace offtake::api
