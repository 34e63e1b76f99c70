#include "base/crypto/crypto.h"
#include "controlplane/api/api.h"
#include "controlplane/api/discovery.h"
#include "controlplane/api/negotiation.h"
#include "controlplane/api/openapi.h"
#include "controlplane/api/resource_handlers.h"

namespace offtake::api {
namespace {

using resources::Kind;
using Handlers = std::shared_ptr<const ResourceHandlers>;

void add_object_routes(http::Router& router, const Handlers& handlers, const Kind& kind,
                       const std::string& path) {
  const auto on = [&](std::string_view method, const std::string& pattern, auto handler) {
    router.add(method, pattern, [handlers, &kind, handler](const http::Request& request) {
      return handler(*handlers, kind, request);
    });
  };
  using H = ResourceHandlers;
  using R = http::Request;
  on("GET", path, [](const H& h, const Kind& k, const R& r) { return h.list_or_watch(k, r); });
  on("POST", path, [](const H& h, const Kind& k, const R& r) { return h.create(k, r); });
  on("DELETE", path, [](const H& h, const Kind& k, const R& r) { return h.remove_collection(k, r); });
  const std::string object = path + "/{name}";
  on("GET", object, [](const H& h, const Kind& k, const R& r) { return h.get(k, r); });
  on("PUT", object, [](const H& h, const Kind& k, const R& r) { return h.update(k, r, false); });
  on("PATCH", object, [](const H& h, const Kind& k, const R& r) { return h.patch(k, r, false); });
  on("DELETE", object, [](const H& h, const Kind& k, const R& r) { return h.remove(k, r); });
  if (!kind.has_status) return;
  const std::string status = object + "/status";
  on("GET", status, [](const H& h, const Kind& k, const R& r) { return h.get(k, r); });
  on("PUT", status, [](const H& h, const Kind& k, const R& r) { return h.update(k, r, true); });
  on("PATCH", status, [](const H& h, const Kind& k, const R& r) { return h.patch(k, r, true); });
}

void add_kind_routes(http::Router& router, const Handlers& handlers, const Kind& kind) {
  const std::string base =
      kind.group.empty() ? "/api/" + kind.version : "/apis/" + kind.group + "/" + kind.version;
  if (!kind.namespaced) {
    add_object_routes(router, handlers, kind, base + "/" + kind.plural);
    return;
  }
  add_object_routes(router, handlers, kind, base + "/namespaces/{namespace}/" + kind.plural);
  // Across all namespaces.
  router.add("GET", base + "/" + kind.plural, [handlers, &kind](const http::Request& request) {
    return handlers->list_or_watch(kind, request);
  });
}

// Documents that never change while the server runs: with an ETag, so that clients keep them.
http::Response cached(const http::Request& request, const json::Value& value, const char* type) {
  std::string body = json::dump(value) + "\n";
  const std::string tag = "\"" + crypto::sha256_hex(body).substr(0, 32) + "\"";
  http::Response response;
  if (request.headers.get("If-None-Match") == tag) {
    response.status = 304;
  } else {
    response = http::Response::of(200, std::move(body), type);
  }
  response.headers.set("ETag", tag);
  response.headers.set("Vary", "Accept");
  return response;
}

base::Error no_such_path(const http::Request& request) {
  return base::terminal("NotFound",
                        fmt::format("the server could not find the requested resource: {}", request.path));
}

http::Response found_or_404(const http::Request& request, const json::Value& value) {
  if (value.is_null()) return status_response(no_such_path(request));
  return cached(request, value, "application/json");
}

void add_discovery_routes(http::Router& router, const OpenApiDocuments& documents) {
  router.add("GET", "/api", [](const http::Request& request) {
    if (accepts_aggregated_discovery(request))
      return cached(request, aggregated_discovery(true), kAggregatedType);
    return cached(request, api_versions(), "application/json");
  });
  router.add("GET", "/apis", [](const http::Request& request) {
    if (accepts_aggregated_discovery(request))
      return cached(request, aggregated_discovery(false), kAggregatedType);
    return cached(request, api_group_list(), "application/json");
  });
  router.add("GET", "/api/v1",
             [](const http::Request& request) { return found_or_404(request, api_resource_list("", "v1")); });
  router.add("GET", "/apis/{group}", [](const http::Request& request) {
    return found_or_404(request, api_group(request.param("group")));
  });
  router.add("GET", "/apis/{group}/{version}", [](const http::Request& request) {
    return found_or_404(request, api_resource_list(request.param("group"), request.param("version")));
  });
  router.add("GET", "/openapi/v3", [documents](const http::Request& request) {
    return cached(request, openapi_index(documents), "application/json");
  });
  router.add("GET", "/openapi/v3/{path...}", [documents](const http::Request& request) {
    return found_or_404(request, openapi_document(request.param("path"), documents));
  });
}

void add_health_routes(http::Router& router, const ApiOptions& options) {
  const auto fine = [](const http::Request&) {
    return http::Response::of(200, "ok", "text/plain; charset=utf-8");
  };
  router.add("GET", "/healthz", fine);
  router.add("GET", "/livez", fine);
  router.add("GET", "/readyz", [ready = options.ready](const http::Request&) {
    if (!ready || ready()) return http::Response::of(200, "ok", "text/plain; charset=utf-8");
    return http::Response::of(503, "not ready yet", "text/plain; charset=utf-8");
  });
  router.add("GET", "/version", [version = options.version](const http::Request&) {
    // Clients compare major and minor with the Kubernetes protocol that they speak.
    return json_response(200, json::Object{{"major", "1"},
                                           {"minor", "34"},
                                           {"gitVersion", "v1.34.0+offtake-" + version},
                                           {"gitCommit", ""},
                                           {"gitTreeState", "clean"},
                                           {"buildDate", "1970-01-01T00:00:00Z"},
                                           {"goVersion", ""},
                                           {"compiler", "g++"},
                                           {"platform", "linux/amd64"}});
  });
}

}  // namespace

void add_routes(http::Router& router, ApiOptions options) {
  const auto handlers = std::make_shared<const ResourceHandlers>(options);
  for (const Kind* kind : resources::all_kinds()) add_kind_routes(router, handlers, *kind);
  add_discovery_routes(router, options.documents);
  add_health_routes(router, options);
}

http::Response refusal(const http::Request& request, int status, const base::Error& error) {
  const bool ours = request.path.starts_with("/api") || request.path.starts_with("/openapi");
  if (!ours) return http::Response::of(status, error.text() + "\n", "text/plain; charset=utf-8");
  base::Error as_status = error;
  switch (status) {
    case 404:
      as_status = no_such_path(request);
      break;
    case 405:
      as_status.code = "MethodNotAllowed";
      break;
    case 413:
      as_status.code = "RequestEntityTooLarge";
      break;
    case 429:
      as_status.code = "TooManyRequests";
      break;
    case 503:
      as_status.code = "ServiceUnavailable";
      break;
    default:
      as_status.code = status >= 500 ? "InternalError" : "BadRequest";
      break;
  }
  http::Response response = status_response(as_status);
  response.status = status;
  return response;
}

}  // namespace offtake::api
