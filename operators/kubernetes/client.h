// The calls of a Kubernetes API.
//
// Error codes are the reasons of Kubernetes' Status: NotFound, AlreadyExists, Conflict (resourceVersion or
// uid is not the present one; field ownership), Invalid (with causes), BadRequest, Forbidden, Unauthorized,
// Expired (resourceVersion too old: list again), Timeout, ServiceUnavailable, TooManyRequests; and
//   PathMissing   send, call, stream: the server has nothing at this path
//   KindMissing   the server does not know this type (its CustomResourceDefinition is not there)
//   Unreachable, TimedOut, ConnectionLost, CertificateRefused   the way there (base/http/client.h)
//   NotLeader     Settings::may_write says no: nothing was sent
// Writes wait for their turn (Settings::writes_per_second). Where the server says 429 and when to come again,
// the request waits for that and is sent again, a few times; so it is with 503 and reads.
//
// Thread-safe; calls block on the network.
#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>

#include "base/http/client.h"
#include "operators/kubernetes/cluster.h"
#include "operators/kubernetes/credentials.h"
#include "operators/kubernetes/objects.h"
#include "operators/kubernetes/pace.h"
#include "operators/kubernetes/resource_type.h"

namespace offtake::kubernetes {

struct Settings {
  Cluster cluster;
  std::string user_agent = "offtake";
  double writes_per_second = 500;  // 0: no limit
  double burst = 1'000;
  std::chrono::milliseconds timeout{30'000};
  std::function<bool()> may_write;                    // absent: always
  std::function<base::Error(base::Error)> explained;  // puts errors into the words of who asks; may be null
};

struct WatchOptions {
  std::string namespace_name, label_selector, field_selector;
  std::string resource_version;             // empty: synthetic kAdded for what is there, then changes
  std::chrono::seconds lasting{0};          // the server ends it then; 0: as the server likes
  std::function<void()> on_open = nullptr;  // the server has begun to watch; may be null
  std::chrono::milliseconds silence{0};     // http::ClientRequest::silence
};

class Client {
 public:
  explicit Client(Settings settings);

  base::Result<json::Value> get(const ResourceType& type, std::string_view namespace_name,
                                std::string_view name);
  base::Result<ObjectList> list(const ResourceType& type, const ListOptions& options = {},
                                std::string_view resource_version = "");
  // Blocks while the watch lasts; `on_event` is called by the calling thread. Success: the server ended it,
  // or `stop` was requested. Code Expired also when the server says so within the stream.
  base::Status watch(const ResourceType& type, const WatchOptions& options,
                     const std::function<void(WatchEvent)>& on_event, std::stop_token stop = {});

  // metadata.name and namespace are taken from the object.
  base::Result<Written> create(const ResourceType& type, const json::Value& object,
                               const WriteOptions& options = {});
  base::Result<Written> update(const ResourceType& type, const json::Value& object,
                               const WriteOptions& options = {});
  base::Result<Written> update_status(const ResourceType& type, const json::Value& object,
                                      const WriteOptions& options = {});
  base::Result<Written> apply(const ResourceType& type, const json::Value& object,
                              const ApplyOptions& options = {});
  base::Result<Written> patch(const ResourceType& type, std::string_view namespace_name,
                              std::string_view name, PatchType patch_type, const json::Value& patch,
                              const PatchOptions& options = {});
  base::Result<Deleted> remove(const ResourceType& type, std::string_view namespace_name,
                               std::string_view name, const DeleteOptions& options = {});

  // Any other path. An answer of 400 and above is an error.
  base::Result<http::ClientResponse> send(http::ClientRequest request);
  // The same, as JSON.
  base::Result<json::Value> call(http::ClientRequest request);
  // Text as it comes; false from `on_bytes` ends it.
  base::Status stream(http::ClientRequest request, const http::Client::OnBytes& on_bytes,
                      std::stop_token stop = {});

  const Cluster& cluster() const { return settings_.cluster; }
  std::uint64_t writes() const { return writes_; }  // sent so far

 private:
  base::Result<Written> write(const ResourceType& type, http::ClientRequest request);
  base::Result<http::ClientResponse> exchange(http::ClientRequest& request);
  base::Error refused(const http::ClientResponse& response) const;
  base::Error way_error(base::Error error) const;
  std::shared_ptr<http::Client> http_for(const Credentials::Shown& shown);

  Settings settings_;
  Pace pace_;
  std::atomic<std::uint64_t> writes_ = 0;
  Credentials credentials_;
  std::mutex http_mutex_;  // guards what follows
  std::string certificate_pem_, key_pem_;
  std::shared_ptr<http::Client> http_;
};

}  // namespace offtake::kubernetes
