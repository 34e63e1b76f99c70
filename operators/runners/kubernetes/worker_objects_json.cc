#include <algorithm>
#include <charconv>

#include "base/crypto/crypto.h"
#include "operators/delivery/pipeline.h"
#include "operators/runners/kubernetes/worker_objects.h"
#include "operators/worker/environment.h"
#include "operators/worker/job_parts.h"

namespace offtake::runners {
namespace {

using json::Array;
using json::Object;
using json::Value;

constexpr std::int64_t kUser = 65532;  // nobody's, as in images without a shell
constexpr std::string_view kJobFolder = "/etc/offtake/job";
constexpr std::string_view kSecretsFolder = "/etc/offtake/secrets";
constexpr std::string_view kStateFolder = "/var/lib/offtake";
constexpr std::int64_t kMebi = 1 << 20;
constexpr std::int64_t kBesideState = 192 * kMebi;  // code, buffers of the clients, the records in work
constexpr std::string_view kFileAnnotation = "offtake.dev/files";

// Labels hold at most 63 characters; names of products and namespaces have no more.
Value labels_of(const worker::Job& job) {
  return Object{{"app.kubernetes.io/name", "offtake-worker"},
                {"app.kubernetes.io/managed-by", "offtake"},
                {"offtake.dev/product-namespace", job.product_namespace},
                {"offtake.dev/product-name", job.product},
                {std::string(kUidLabel), job.product_uid},
                {std::string(kRevisionLabel), std::to_string(job.revision)}};
}

Value selector_labels(const worker::Job& job) {
  return Object{{"app.kubernetes.io/name", "offtake-worker"},
                {std::string(kUidLabel), job.product_uid},
                {std::string(kRevisionLabel), std::to_string(job.revision)}};
}

Value metadata_of(const PodSettings& settings, const worker::Job& job, std::string name) {
  return Object{
      {"name", std::move(name)}, {"namespace", settings.worker_namespace}, {"labels", labels_of(job)}};
}

// Keys of a Secret have no slash: f0, f1, … in the order of the files; which is which is an annotation.
std::string secret_key(std::size_t number) {
  return fmt::format("f{}", number);
}

std::string config_map_name(const worker::Job& job, std::string_view hash, std::size_t part) {
  return fmt::format("{}-job-{}-{}", worker_name(job), hash.substr(0, 10), part);
}

std::string restart_digest(const std::map<std::string, std::string>& files) {
  std::string all;
  for (const auto& [name, content] : files) {
    all += fmt::format("{}:{}", name.size(), name);
    // What is read at each use is followed without a restart, but that it is there has to be mounted.
    if (!worker::is_read_at_use(name)) all += fmt::format("{}:{}", content.size(), content);
  }
  return crypto::sha256_hex(all).substr(0, 32);
}

Value job_volume(const worker::Job& job, std::string_view hash, std::size_t parts) {
  Array sources;
  for (std::size_t part = 0; part < parts; ++part) {
    sources.push_back(Object{{"configMap", Object{{"name", config_map_name(job, hash, part)}}}});
  }
  return Object{{"name", "job"},
                {"projected", Object{{"sources", std::move(sources)}, {"defaultMode", 0444}}}};
}

Value secrets_volume(const worker::Job& job, const std::map<std::string, std::string>& files) {
  Array items;
  for (const auto& [name, content] : files) {
    items.push_back(Object{{"key", secret_key(items.size())}, {"path", name}});
  }
  return Object{
      {"name", "secrets"},
      {"secret",
       Object{{"secretName", worker_name(job)}, {"defaultMode", 0440}, {"items", std::move(items)}}}};
}

bool keeps_state(const PodSettings& settings, const worker::Job& job) {
  return !settings.volume_size.empty() && !delivery::runs_without_state(job.plan);
}

Value state_volume(const PodSettings& settings, const worker::Job& job) {
  Value out = Object{{"name", "state"}};
  if (keeps_state(settings, job)) {
    out.set("persistentVolumeClaim", Object{{"claimName", worker_name(job)}});
  } else {
    out.set("emptyDir", Value::object());
  }
  return out;
}

Value probe(std::string_view path, int period, int failures) {
  return Object{{"httpGet", Object{{"path", path}, {"port", "status"}}},
                {"periodSeconds", period},
                {"timeoutSeconds", 3},
                {"failureThreshold", failures}};
}

Value container_of(const PodSettings& settings, const worker::Job& job, std::int64_t incarnation) {
  const std::int64_t memory = job.memory_bytes + kBesideState;
  Value out = Object{
      {"name", "worker"},
      {"image", settings.image},
      {"args",
       Array{"worker", "--job", kJobFolder, "--secrets", kSecretsFolder, "--state", kStateFolder, "--status",
             fmt::format("0.0.0.0:{}", kWorkerPort), "--incarnation", std::to_string(incarnation),
             "--token-file", fmt::format("{}/{}", kSecretsFolder, kTokenFile), "--stay"}},
      {"ports", Array{Object{{"name", "status"}, {"containerPort", kWorkerPort}}}},
      {"resources",
       Object{{"requests", Object{{"cpu", "100m"}, {"memory", fmt::format("{}Mi", memory / kMebi)}}},
              // Room for what comes in bursts; beyond it the worker is ended rather than its neighbours.
              {"limits", Object{{"memory", fmt::format("{}Mi", (memory + memory / 2) / kMebi)}}}}},
      {"securityContext", Object{{"allowPrivilegeEscalation", false},
                                 {"readOnlyRootFilesystem", true},
                                 {"capabilities", Object{{"drop", Array{"ALL"}}}}}},
      {"startupProbe", probe("/livez", 2, 30)},
      {"livenessProbe", probe("/livez", 10, 6)},
      {"readinessProbe", probe("/readyz", 5, 2)},
      {"volumeMounts", Array{Object{{"name", "job"}, {"mountPath", kJobFolder}, {"readOnly", true}},
                             Object{{"name", "secrets"}, {"mountPath", kSecretsFolder}, {"readOnly", true}},
                             Object{{"name", "state"}, {"mountPath", kStateFolder}},
                             Object{{"name", "tmp"}, {"mountPath", "/tmp"}}}}};
  if (!settings.pull_policy.empty()) out.set("imagePullPolicy", settings.pull_policy);
  return out;
}

Value pod_spec(const PodSettings& settings, const worker::Job& job, std::int64_t incarnation,
               const std::map<std::string, std::string>& files) {
  const std::string hash = worker::job_hash(job);
  const std::size_t parts = worker::job_parts(worker::job_text(job)).size();
  Value out = Object{
      {"automountServiceAccountToken", false},
      {"enableServiceLinks", false},
      {"terminationGracePeriodSeconds", 30},
      {"securityContext", Object{{"runAsNonRoot", true},
                                 {"runAsUser", kUser},
                                 {"runAsGroup", kUser},
                                 {"fsGroup", kUser},
                                 {"seccompProfile", Object{{"type", "RuntimeDefault"}}}}},
      {"containers", Array{container_of(settings, job, incarnation)}},
      {"volumes", Array{job_volume(job, hash, parts), secrets_volume(job, files), state_volume(settings, job),
                        Object{{"name", "tmp"}, {"emptyDir", Value::object()}}}}};
  Array pull;
  for (const std::string& name : settings.pull_secrets) pull.push_back(Object{{"name", name}});
  if (!pull.empty()) out.set("imagePullSecrets", std::move(pull));
  return out;
}

Value deployment_of(const PodSettings& settings, const worker::Job& job,
                    const std::map<std::string, std::string>& files, std::int64_t incarnation) {
  Value labels = labels_of(job);
  return Object{
      {"apiVersion", "apps/v1"},
      {"kind", "Deployment"},
      {"metadata", metadata_of(settings, job, worker_name(job))},
      {"spec", Object{{"replicas", 1},
                      {"revisionHistoryLimit", 0},
                      {"strategy", Object{{"type", "Recreate"}}},
                      {"selector", Object{{"matchLabels", selector_labels(job)}}},
                      {"template",
                       Object{{"metadata",
                               Object{{"labels", std::move(labels)},
                                      {"annotations",
                                       Object{{std::string(annotation::kJobHash), worker::job_hash(job)},
                                              {std::string(annotation::kSecrets), restart_digest(files)}}}}},
                              {"spec", pod_spec(settings, job, incarnation, files)}}}}}};
}

}  // namespace

std::string worker_name(const worker::Job& job) {
  std::string product = job.product.substr(0, 32);
  while (product.ends_with('-')) product.pop_back();
  return fmt::format("{}-{}-r{}", product, crypto::sha256_hex(job.product_uid).substr(0, 8), job.revision);
}

std::string selector_of(const WorkerKey& key) {
  return fmt::format("{}={},{}={}", kUidLabel, key.product_uid, kRevisionLabel, key.revision);
}

std::optional<WorkerKey> key_of(const json::Value& object) {
  const Value& labels = object.at({"metadata", "labels"});
  WorkerKey key;
  key.product_uid = labels.string_or(kUidLabel);
  const std::string revision = labels.string_or(kRevisionLabel);
  const auto read = std::from_chars(revision.data(), revision.data() + revision.size(), key.revision);
  if (key.product_uid.empty() || read.ec != std::errc()) return std::nullopt;
  return key;
}

std::vector<json::Value> job_config_maps(const PodSettings& settings, const worker::Job& job) {
  std::vector<Value> out;
  const std::string hash = worker::job_hash(job);
  for (const std::string& part : worker::job_parts(worker::job_text(job))) {
    const std::size_t number = out.size();
    out.push_back(Object{{"apiVersion", "v1"},
                         {"kind", "ConfigMap"},
                         {"metadata", metadata_of(settings, job, config_map_name(job, hash, number))},
                         {"immutable", true},
                         {"binaryData", Object{{worker::job_part_name(number), crypto::base64(part)}}}});
  }
  return out;
}

json::Value worker_secret(const PodSettings& settings, const worker::Job& job,
                          const std::map<std::string, std::string>& files) {
  Value data = Value::object();
  std::string names;
  for (const auto& [name, content] : files) {
    data.set(secret_key(data.as_object().size()), crypto::base64(content));
    names += (names.empty() ? "" : " ") + name;
  }
  Value metadata = metadata_of(settings, job, worker_name(job));
  metadata.set("annotations", Object{{std::string(kFileAnnotation), names}});
  return Object{{"apiVersion", "v1"},
                {"kind", "Secret"},
                {"metadata", std::move(metadata)},
                {"type", "offtake.dev/worker"},
                {"data", std::move(data)}};
}

std::optional<json::Value> state_claim(const PodSettings& settings, const worker::Job& job) {
  if (!keeps_state(settings, job)) return std::nullopt;
  Value spec = Object{{"accessModes", Array{"ReadWriteOnce"}},
                      {"resources", Object{{"requests", Object{{"storage", settings.volume_size}}}}}};
  if (!settings.storage_class.empty()) spec.set("storageClassName", settings.storage_class);
  return Object{{"apiVersion", "v1"},
                {"kind", "PersistentVolumeClaim"},
                {"metadata", metadata_of(settings, job, worker_name(job))},
                {"spec", std::move(spec)}};
}

std::map<std::string, std::string> secret_files(const json::Value& secret) {
  std::map<std::string, std::string> out;
  const std::string names = secret.at({"metadata", "annotations"}).string_or(kFileAnnotation);
  std::size_t number = 0;
  for (std::size_t from = 0; from < names.size(); ++number) {
    const std::size_t to = std::min(names.find(' ', from), names.size());
    auto content = crypto::base64_decode(secret["data"].string_or(secret_key(number)));
    if (content) out[names.substr(from, to - from)] = *std::move(content);
    from = to + 1;
  }
  return out;
}

json::Value worker_deployment(const PodSettings& settings, const worker::Job& job,
                              const std::map<std::string, std::string>& files, std::int64_t incarnation) {
  const std::string digest =
      crypto::sha256_hex(json::dump_canonical(deployment_of(settings, job, files, 0))).substr(0, 32);
  Value out = deployment_of(settings, job, files, incarnation);
  out.find("metadata")
      ->set("annotations", Object{{std::string(annotation::kIncarnation), std::to_string(incarnation)},
                                  {std::string(annotation::kJobHash), worker::job_hash(job)},
                                  {std::string(annotation::kManifest), digest}});
  return out;
}

}  // namespace offtake::runners
