#include "base/crypto/crypto.h"
#include "operators/runners/kubernetes/function_objects.h"
#include "operators/runners/kubernetes/worker_objects.h"

namespace offtake::runners {
namespace {

using json::Array;
using json::Object;
using json::Value;

constexpr int kPort = 8080;
constexpr std::int64_t kRequestedMebi = 64;

Value selector_of(const worker::Job& job) {
  return Object{{"app.kubernetes.io/name", "offtake-function"}, {std::string(kUidLabel), job.product_uid}};
}

Value labels_of(const worker::Job& job) {
  Value out = selector_of(job);
  out.set("app.kubernetes.io/managed-by", "offtake");
  out.set("offtake.dev/product-namespace", job.product_namespace);
  out.set("offtake.dev/product-name", job.product);
  return out;
}

Value metadata_of(const worker::Job& job, const Function& function) {
  return Object{{"name", function.name},
                {"namespace", function.namespace_name},
                {"labels", labels_of(job)},
                {"ownerReferences", Array{Object{{"apiVersion", "offtake.dev/v1alpha1"},
                                                 {"kind", "DataProduct"},
                                                 {"name", job.product},
                                                 {"uid", job.product_uid}}}}};
}

Value environment_of(const Function& function) {
  Array out{Object{{"name", "PORT"}, {"value", std::to_string(kPort)}},
            Object{{"name", "K_SERVICE"}, {"value", function.name}}};
  for (const auto& variable : function.environment) {
    if (variable.secret_name.empty()) {
      out.push_back(Object{{"name", variable.name}, {"value", variable.value}});
    } else {
      out.push_back(Object{{"name", variable.name},
                           {"valueFrom", Object{{"secretKeyRef", Object{{"name", variable.secret_name},
                                                                        {"key", variable.secret_key}}}}}});
    }
  }
  return out;
}

Value container_of(const Function& function) {
  Value out =
      Object{{"name", "function"},
             {"image", function.image},
             {"env", environment_of(function)},
             {"ports", Array{Object{{"name", "http"}, {"containerPort", kPort}}}},
             {"readinessProbe", Object{{"tcpSocket", Object{{"port", "http"}}}, {"periodSeconds", 2}}},
             {"resources",
              Object{{"limits", Object{{"memory", fmt::format("{}Mi", function.memory_bytes >> 20)}}},
                     {"requests", Object{{"cpu", "50m"},
                                         {"memory", fmt::format("{}Mi", std::min(function.memory_bytes >> 20,
                                                                                 kRequestedMebi))}}}}},
             {"securityContext",
              Object{{"allowPrivilegeEscalation", false}, {"capabilities", Object{{"drop", Array{"ALL"}}}}}}};
  if (!function.command.empty()) {
    Array command;
    for (const std::string& word : function.command) command.push_back(word);
    out.set("command", std::move(command));
  }
  return out;
}

Value with_digest(Value object) {
  const std::string digest = crypto::sha256_hex(json::dump_canonical(object)).substr(0, 32);
  object.find("metadata")->set("annotations", Object{{std::string(annotation::kManifest), digest}});
  return object;
}

}  // namespace

std::vector<json::Value> function_objects(const worker::Job& job, const Function& function) {
  Value service = Object{
      {"apiVersion", "v1"},
      {"kind", "Service"},
      {"metadata", metadata_of(job, function)},
      {"spec", Object{{"selector", selector_of(job)},
                      {"ports", Array{Object{{"name", "http"}, {"port", 80}, {"targetPort", "http"}}}}}}};
  Value pod = Object{{"automountServiceAccountToken", false},
                     {"enableServiceLinks", false},
                     {"securityContext",
                      Object{{"runAsNonRoot", true}, {"seccompProfile", Object{{"type", "RuntimeDefault"}}}}},
                     {"containers", Array{container_of(function)}}};
  Value deployment = Object{
      {"apiVersion", "apps/v1"},
      {"kind", "Deployment"},
      {"metadata", metadata_of(job, function)},
      {"spec", Object{{"replicas", 1},
                      {"revisionHistoryLimit", 0},
                      {"selector", Object{{"matchLabels", selector_of(job)}}},
                      {"template",
                       Object{{"metadata", Object{{"labels", labels_of(job)}}}, {"spec", std::move(pod)}}}}}};
  return {with_digest(std::move(service)), with_digest(std::move(deployment))};
}

}  // namespace offtake::runners
