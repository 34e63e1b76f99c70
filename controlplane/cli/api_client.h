// A resource API over HTTP as a store::ResourceClient, and the other calls the command line makes to the same
// server. Errors are those of store::ResourceClient, and Unreachable with a hint where nothing answers.
// Thread-safe.
#pragma once
#include <memory>

#include "base/http/client.h"
#include "controlplane/cli/server_address.h"
#include "controlplane/store/resource_client.h"

namespace offtake::cli {

class ApiClient : public store::ResourceClient {
 public:
  explicit ApiClient(const ServerAddress& address);

  base::Result<json::Value> get(const resources::Kind& kind, std::string_view namespace_name,
                                std::string_view name) override;
  base::Result<store::ObjectList> list(const resources::Kind& kind,
                                       const store::ListOptions& options = {}) override;
  base::Result<std::unique_ptr<store::Watch>> watch(const resources::Kind& kind,
                                                    std::string_view resource_version,
                                                    const store::ListOptions& options = {}) override;
  base::Result<store::Written> create(const json::Value& object,
                                      const store::WriteOptions& options = {}) override;
  base::Result<store::Written> update(const json::Value& object,
                                      const store::WriteOptions& options = {}) override;
  base::Result<store::Written> update_status(const json::Value& object,
                                             const store::WriteOptions& options = {}) override;
  // Whether anything changed is told by reading the object before: one more request.
  base::Result<store::Written> apply(const json::Value& object,
                                     const store::ApplyOptions& options = {}) override;
  base::Result<store::Written> patch(const resources::Kind& kind, std::string_view namespace_name,
                                     std::string_view name, store::PatchType type, const json::Value& patch,
                                     const store::PatchOptions& options = {}) override;
  base::Result<store::Deleted> remove(const resources::Kind& kind, std::string_view namespace_name,
                                      std::string_view name,
                                      const store::DeleteOptions& options = {}) override;

  // The answer of any other path, as JSON; a refusal is an error.
  base::Result<json::Value> call(http::ClientRequest request);
  // Text as it comes; false from `on_bytes` ends it.
  base::Status stream(const http::ClientRequest& request, const http::Client::OnBytes& on_bytes,
                      std::stop_token stop = {});

  const ServerAddress& address() const { return address_; }

 private:
  base::Result<http::ClientResponse> send(const http::ClientRequest& request);
  base::Result<store::Written> write(http::ClientRequest request);
  base::Error unreachable(base::Error error) const;

  ServerAddress address_;
  std::shared_ptr<http::Client> http_;
};

// /apis/GROUP/VERSION/namespaces/NS/PLURAL[/NAME]; without a namespace: across all.
std::string resource_path(const resources::Kind& kind, std::string_view namespace_name,
                          std::string_view name = "");
// /apis/view.offtake.dev/v1alpha1/namespaces/NS/dataproducts/NAME/WHAT
std::string view_path(std::string_view namespace_name, std::string_view name, std::string_view what);

}  // namespace offtake::cli
