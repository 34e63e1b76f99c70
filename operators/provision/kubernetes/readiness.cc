#include "operators/provision/kubernetes/readiness.h"

#include <array>

namespace offtake::provision::kubernetes {
namespace {

Readiness ready() {
  return {};
}
Readiness pending(std::string says) {
  return {Progress::kPending, std::move(says)};
}
Readiness failed(std::string says) {
  return {Progress::kFailed, std::move(says)};
}

struct Condition {
  std::string status, reason, message;
  explicit operator bool() const { return !status.empty(); }
  bool is(std::string_view wanted) const { return status == wanted; }
  std::string words(std::string_view otherwise) const {
    if (reason.empty() && message.empty()) return std::string(otherwise);
    return reason.empty() || message.empty() ? reason + message : fmt::format("{}: {}", reason, message);
  }
};

Condition condition(const json::Value& object, std::string_view type) {
  const json::Value& conditions = object.at({"status", "conditions"});
  if (!conditions.is_array()) return {};
  for (const json::Value& each : conditions.as_array()) {
    if (each.string_or("type") == type)
      return {each.string_or("status"), each.string_or("reason"), each.string_or("message")};
  }
  return {};
}

std::string counted(std::int64_t there, std::int64_t wanted, std::string_view what) {
  return fmt::format("{} of {} {}", there, wanted, what);
}

Readiness by_condition(const json::Value& object) {
  const Condition is_ready = condition(object, "Ready");
  if (!is_ready || is_ready.is("True")) return ready();
  return pending(is_ready.words("is not Ready"));
}

Readiness deployment(const json::Value& object) {
  const json::Value& status = object["status"];
  const std::int64_t wanted = object["spec"].int_or("replicas", 1);
  const Condition progressing = condition(object, "Progressing");
  if (progressing.reason == "ProgressDeadlineExceeded") return failed(progressing.words(""));
  if (status.int_or("updatedReplicas") < wanted)
    return pending(counted(status.int_or("updatedReplicas"), wanted, "replicas are up to date"));
  if (status.int_or("replicas") > status.int_or("updatedReplicas"))
    return pending("replicas of before are going");
  if (status.int_or("availableReplicas") < wanted)
    return pending(counted(status.int_or("availableReplicas"), wanted, "replicas are available"));
  return ready();
}

Readiness stateful_set(const json::Value& object) {
  const json::Value& status = object["status"];
  const std::int64_t wanted = object["spec"].int_or("replicas", 1);
  if (status.int_or("readyReplicas") < wanted)
    return pending(counted(status.int_or("readyReplicas"), wanted, "replicas are ready"));
  const bool rolls = object["spec"].at({"updateStrategy", "type"}) != json::Value("OnDelete") &&
                     object["spec"].at({"updateStrategy", "rollingUpdate", "partition"}).is_null();
  if (rolls && !status.string_or("updateRevision").empty() &&
      status.string_or("currentRevision") != status.string_or("updateRevision") &&
      status.int_or("updatedReplicas") < wanted)
    return pending(counted(status.int_or("updatedReplicas"), wanted, "replicas are up to date"));
  return ready();
}

Readiness daemon_set(const json::Value& object) {
  const json::Value& status = object["status"];
  const std::int64_t wanted = status.int_or("desiredNumberScheduled", -1);
  if (wanted < 0) return pending("its controller has not looked at it yet");
  if (status.int_or("numberAvailable") < wanted)
    return pending(counted(status.int_or("numberAvailable"), wanted, "pods are available"));
  return ready();
}

Readiness job(const json::Value& object) {
  if (const auto has_failed = condition(object, "Failed"); has_failed.is("True"))
    return failed(has_failed.words("has failed"));
  if (condition(object, "Complete").is("True")) return ready();
  return pending(counted(object["status"].int_or("succeeded"), object["spec"].int_or("completions", 1),
                         "pods have succeeded"));
}

Readiness claim(const json::Value& object) {
  const std::string phase = object["status"].string_or("phase");
  if (phase == "Bound") return ready();
  if (phase == "Lost") return failed("its volume is lost");
  return pending("no volume is bound to it yet");
}

Readiness service(const json::Value& object) {
  const json::Value& spec = object["spec"];
  const std::string type = spec.string_or("type", "ClusterIP");
  if (type == "ExternalName") return ready();
  if (spec.string_or("clusterIP").empty()) return pending("it has no address yet");
  if (type != "LoadBalancer") return ready();
  const json::Value& ingress = object.at({"status", "loadBalancer", "ingress"});
  if (ingress.is_array() && !ingress.as_array().empty()) return ready();
  return pending("its load balancer has no address yet");
}

Readiness pod(const json::Value& object) {
  const std::string phase = object["status"].string_or("phase");
  if (phase == "Succeeded") return ready();
  if (phase == "Failed") return failed(object["status"].string_or("message", "has failed"));
  if (condition(object, "Ready").is("True")) return ready();
  const json::Value& containers = object.at({"status", "containerStatuses"});
  if (containers.is_array()) {
    for (const json::Value& each : containers.as_array()) {
      const std::string reason = each.at({"state", "waiting"}).string_or("reason");
      if (!reason.empty() && reason != "ContainerCreating")
        return pending(fmt::format("container {}: {}", each.string_or("name"), reason));
    }
  }
  if (const auto scheduled = condition(object, "PodScheduled"); scheduled.is("False"))
    return pending(scheduled.words("is not scheduled"));
  return pending(phase.empty() ? "its controller has not looked at it yet" : "is not ready");
}

// CloudNativePG.
Readiness postgres_cluster(const json::Value& object) {
  const json::Value& status = object["status"];
  const std::int64_t wanted = object["spec"].int_or("instances", 1);
  const std::string phase = status.string_or("phase");
  if (phase.empty()) return pending("its controller has not looked at it yet");
  const std::string why = status.string_or("phaseReason");
  if (status.int_or("readyInstances") < wanted) {
    return pending(fmt::format("{} ({}{}{})",
                               counted(status.int_or("readyInstances"), wanted, "instances are ready"), phase,
                               why.empty() ? "" : ": ", why));
  }
  if (const auto is_ready = condition(object, "Ready"); is_ready && !is_ready.is("True"))
    return pending(is_ready.words(phase));
  return ready();
}

// ECK: Elasticsearch and the like.
Readiness elastic(const json::Value& object) {
  const json::Value& status = object["status"];
  const std::string phase = status.string_or("phase"), health = status.string_or("health");
  if (phase.empty() && health.empty()) return pending("its controller has not looked at it yet");
  if (phase == "Invalid") return failed("its spec is refused (phase Invalid)");
  const bool healthy = health == "green" || health == "yellow";
  if (healthy && (phase.empty() || phase == "Ready")) return ready();
  return pending(fmt::format("health is {}, phase {}", health.empty() ? "unknown" : health,
                             phase.empty() ? "unknown" : phase));
}

struct Rule {
  std::string_view group, kind;  // kind empty: all of the group
  Readiness (*look)(const json::Value&);
  bool observed = false;  // its controller always says which generation it has seen
};
constexpr std::array kRules{
    Rule{"apps", "Deployment", deployment, true},
    Rule{"apps", "ReplicaSet", stateful_set, true},
    Rule{"apps", "StatefulSet", stateful_set, true},
    Rule{"apps", "DaemonSet", daemon_set, true},
    Rule{"batch", "Job", job},
    Rule{"", "PersistentVolumeClaim", claim},
    Rule{"", "Service", service},
    Rule{"", "Pod", pod},
    Rule{"postgresql.cnpg.io", "Cluster", postgres_cluster},
    Rule{"elasticsearch.k8s.elastic.co", "", elastic},
    Rule{"kibana.k8s.elastic.co", "", elastic},
    // Its controller writes conditions at once; without them it has not come by.
    Rule{"serving.knative.dev", "", by_condition, true},
};

std::string group_of(const json::Value& object) {
  const std::string version = object.string_or("apiVersion");
  const auto slash = version.find('/');
  return slash == std::string::npos ? "" : version.substr(0, slash);
}

}  // namespace

Readiness readiness_of(const json::Value& object) {
  const json::Value& metadata = object["metadata"];
  const json::Value& status = object["status"];
  if (metadata.find("deletionTimestamp") != nullptr) return pending("is being deleted");
  const std::string group = group_of(object), kind = object.string_or("kind");
  const Rule* rule = nullptr;
  for (const Rule& each : kRules) {
    if (each.group == group && (each.kind.empty() || each.kind == kind)) rule = &each;
  }
  const json::Value* seen = status.find("observedGeneration");
  const bool unseen = rule != nullptr && rule->observed && seen == nullptr;
  if (unseen || (seen != nullptr && seen->is_int() && seen->as_int() < metadata.int_or("generation")))
    return pending("its controller has not looked at it yet");
  if (const auto stalled = condition(object, "Stalled"); stalled.is("True"))
    return failed(stalled.words("is Stalled"));
  if (const auto reconciling = condition(object, "Reconciling"); reconciling.is("True"))
    return pending(reconciling.words("is Reconciling"));
  return rule != nullptr ? rule->look(object) : by_condition(object);
}

std::string title_of(const json::Value& object) {
  return fmt::format("{} {}", object.string_or("kind"), object["metadata"].string_or("name"));
}

}  // namespace offtake::provision::kubernetes
