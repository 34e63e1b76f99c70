// The server that the command line talks to: its resources, and its other calls. Errors are those of
// store::ResourceClient, worded for who sits at the command line. Thread-safe.
#pragma once
#include "controlplane/cli/server_address.h"
#include "controlplane/store/api_client.h"

namespace offtake::cli {

class ApiClient : public store::ApiClient {
 public:
  explicit ApiClient(const ServerAddress& address);

  base::Result<json::Value> get(const resources::Kind& kind, std::string_view namespace_name,
                                std::string_view name) override;
  // Whether anything changed is told by reading the object before: one more request.
  base::Result<store::Written> apply(const json::Value& object,
                                     const store::ApplyOptions& options = {}) override;
  base::Result<store::Deleted> remove(const resources::Kind& kind, std::string_view namespace_name,
                                      std::string_view name,
                                      const store::DeleteOptions& options = {}) override;

  // The answer of any other path, as JSON; a refusal is an error.
  base::Result<json::Value> call(http::ClientRequest request) { return api().call(std::move(request)); }
  // Text as it comes; false from `on_bytes` ends it.
  base::Status stream(const http::ClientRequest& request, const http::Client::OnBytes& on_bytes,
                      std::stop_token stop = {}) {
    return api().stream(request, on_bytes, stop);
  }

  const ServerAddress& address() const { return address_; }

 private:
  ServerAddress address_;
};

// /apis/view.offtake.dev/v1alpha1/namespaces/NS/dataproducts/NAME/WHAT
std::string view_path(std::string_view namespace_name, std::string_view name, std::string_view what);

}  // namespace offtake::cli
