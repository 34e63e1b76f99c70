// What a worker consists of in a cluster, as objects to apply. Pure.
//
// Everything of a revision carries the labels offtake.dev/product-{namespace,name,uid} and
// offtake.dev/revision.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json/value.h"
#include "operators/runners/runner.h"

namespace offtake::runners {

namespace annotation {
inline constexpr std::string_view kIncarnation = "offtake.dev/incarnation";
inline constexpr std::string_view kJobHash = "offtake.dev/job-hash";
inline constexpr std::string_view kManifest = "offtake.dev/manifest";  // digest of what was asked for
inline constexpr std::string_view kSecrets = "offtake.dev/secrets";    // of those that want a restart
}  // namespace annotation

inline constexpr std::string_view kUidLabel = "offtake.dev/product-uid";
inline constexpr std::string_view kRevisionLabel = "offtake.dev/revision";
inline constexpr int kWorkerPort = 7070;
inline constexpr std::string_view kTokenFile = "worker/token";

struct PodSettings {
  std::string worker_namespace;
  std::string image;
  std::string pull_policy;                // empty: as Kubernetes chooses
  std::vector<std::string> pull_secrets;  // names of Secrets
  // A quantity, of the volume that keeps the state of a worker that has some: its pod's successor goes on
  // from there instead of reading its sources again. Empty: state lives and ends with the pod.
  std::string volume_size;
  std::string storage_class;  // empty: the cluster's default
};

// Of the pod, and of the other objects: readable, unique, at most 52 characters.
std::string worker_name(const worker::Job& job);
std::string selector_of(const WorkerKey& key);
// Of an object's labels; absent where they name no revision.
std::optional<WorkerKey> key_of(const json::Value& object);

// The job as text, in immutable ConfigMaps named by its hash.
std::vector<json::Value> job_config_maps(const PodSettings& settings, const worker::Job& job);
// `files`: folder/name -> content.
json::Value worker_secret(const PodSettings& settings, const worker::Job& job,
                          const std::map<std::string, std::string>& files);
// What is claimed for the worker's state; absent where it has none, or none is to be kept.
std::optional<json::Value> state_claim(const PodSettings& settings, const worker::Job& job);
// The Deployment; its annotation kManifest is the digest of all of it but the incarnation.
json::Value worker_deployment(const PodSettings& settings, const worker::Job& job,
                              const std::map<std::string, std::string>& files, std::int64_t incarnation);
// A Secret's data as files again.
std::map<std::string, std::string> secret_files(const json::Value& secret);

}  // namespace offtake::runners
