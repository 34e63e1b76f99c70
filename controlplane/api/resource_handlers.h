// The verbs on resources. One instance serves all requests; thread-safe as its client is.
#pragma once
#include "base/http/message.h"
#include "controlplane/api/api.h"
#include "controlplane/api/shapes.h"
#include "controlplane/resources/kind.h"
#include "controlplane/store/resource_client.h"

namespace offtake::api {

class ResourceHandlers {
 public:
  explicit ResourceHandlers(const ApiOptions& options) : client_(*options.client), clock_(*options.clock) {}

  http::Response get(const resources::Kind& kind, const http::Request& request) const;
  http::Response list_or_watch(const resources::Kind& kind, const http::Request& request) const;
  http::Response create(const resources::Kind& kind, const http::Request& request) const;
  http::Response update(const resources::Kind& kind, const http::Request& request, bool status) const;
  http::Response patch(const resources::Kind& kind, const http::Request& request, bool status) const;
  http::Response remove(const resources::Kind& kind, const http::Request& request) const;
  http::Response remove_collection(const resources::Kind& kind, const http::Request& request) const;

 private:
  base::Result<ShapeOptions> shape(const http::Request& request) const;
  base::Result<store::ListOptions> list_options(const resources::Kind& kind,
                                                const http::Request& request) const;
  http::Response watch(const resources::Kind& kind, const http::Request& request,
                       store::ListOptions options) const;
  http::Response written(const resources::Kind& kind, const http::Request& request, std::string_view name,
                         base::Result<store::Written> result) const;

  store::ResourceClient& client_;
  const base::Clock& clock_;
};

}  // namespace offtake::api
