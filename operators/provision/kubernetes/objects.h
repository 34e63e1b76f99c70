// Objects of any kind in one namespace of a cluster: found, applied where they differ, marked, taken away.
// Types are found by the API's discovery and kept. Thread-safe; calls block on the network.
#pragma once
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/json/value.h"
#include "operators/kubernetes/client.h"

namespace offtake::provision::kubernetes {

using Type = offtake::kubernetes::ResourceType;

inline constexpr std::string_view kManifestAnnotation = "offtake.dev/manifest";  // digest of what was applied
inline constexpr std::string_view kRetainedAnnotation = "offtake.dev/retained";  // the product that left it

// The object with the digest of all of it as an annotation.
json::Value with_digest(json::Value object);
bool same_digest(const json::Value& wanted, const json::Value& live);

class Objects {
 public:
  Objects(std::shared_ptr<offtake::kubernetes::Client> api, std::string namespace_name)
      : api_(std::move(api)), namespace_(std::move(namespace_name)) {}

  // KindMissing (waiting): the cluster does not know it. ClusterScoped (terminal): it lives in no namespace.
  base::Result<Type> type_of(const std::string& api_version, const std::string& kind);
  // Null: there is none, or nothing of its type can be there.
  base::Result<json::Value> find(const Type& type, std::string_view name);
  // What is there now. Writes nothing where `live` carries the digest of `wanted`. `anew`: only if there is
  // none (AlreadyExists).
  base::Result<json::Value> keep(const Type& type, const json::Value& wanted, const json::Value& live,
                                 bool anew);
  base::Status annotate(const Type& type, const json::Value& live, std::string_view name,
                        std::string_view value);
  // Begins to take it away, unless that has begun; what hangs on it goes in the background.
  base::Status remove(const Type& type, const json::Value& live);
  // By labels, as "a=b,c=d".
  base::Result<std::vector<json::Value>> selected(const Type& type, std::string selector);

  const std::string& namespace_name() const { return namespace_; }

 private:
  using Clock = std::chrono::steady_clock;
  base::Result<Type> discover(const std::string& api_version, const std::string& kind);

  const std::shared_ptr<offtake::kubernetes::Client> api_;
  const std::string namespace_;
  std::mutex mutex_;
  std::map<std::string, Type> types_;
  std::map<std::string, Clock::time_point> missing_;  // when it was asked last
};

}  // namespace offtake::provision::kubernetes
