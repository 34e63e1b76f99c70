// The resource API over HTTP, in Kubernetes' paths, shapes and errors, for kubectl, other clients and our
// CLI. What is not there answers 404, 405, 406 or 415, never half.
#pragma once
#include <functional>
#include <string>

#include "base/clock.h"
#include "base/http/router.h"
#include "controlplane/api/openapi.h"
#include "controlplane/store/resource_client.h"

namespace offtake::api {

struct ApiOptions {
  store::ResourceClient* client = nullptr;  // must outlive the router
  const base::Clock* clock = &base::system_clock();
  std::string version;              // of the product: "0.1.0"
  std::function<bool()> ready;      // for /readyz; none: always
  OpenApiDocuments documents = {};  // of other groups that are served beside this one
};

// Adds /api, /apis, /openapi/v3, /version, /healthz, /readyz, /livez and everything below them. Other groups
// may be added below /apis by others.
void add_routes(http::Router& router, ApiOptions options);

// For http::Router::set_refusal: Status objects below /api, /apis and /openapi, text elsewhere.
http::Response refusal(const http::Request& request, int status, const base::Error& error);

}  // namespace offtake::api
