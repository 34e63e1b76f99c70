#include "operators/runners/kubernetes/worker_pod.h"

#include "base/clock.h"

namespace offtake::runners {
namespace {

using json::Value;

base::Error pending(const std::string& name, const std::string& why, const std::string& message) {
  if (why.empty())
    return base::waiting("WorkerStarting", fmt::format("The worker's pod {} is starting.", name));
  std::string text = fmt::format("the worker's pod {} does not run: {}", name, why);
  if (!message.empty()) text += fmt::format(": {}", message);
  return base::waiting("WorkerPending", text);
}

// PodScheduled=False says which nodes do not take it and why.
std::optional<base::Error> unscheduled(const std::string& name, const Value& status) {
  const Value& conditions = status["conditions"];
  if (!conditions.is_array()) return std::nullopt;
  for (const Value& condition : conditions.as_array()) {
    if (condition.string_or("type") != "PodScheduled" || condition.string_or("status") != "False") continue;
    return pending(name, condition.string_or("reason"), condition.string_or("message"));
  }
  return std::nullopt;
}

const Value& worker_container(const Value& status) {
  static const Value kNone;
  const Value& containers = status["containerStatuses"];
  if (!containers.is_array()) return kNone;
  for (const Value& container : containers.as_array()) {
    if (container.string_or("name") == "worker") return container;
  }
  return kNone;
}

}  // namespace

PodFacts pod_facts(const Value& pod) {
  PodFacts out;
  const Value& status = pod["status"];
  out.name = pod["metadata"].string_or("name");
  out.uid = pod["metadata"].string_or("uid");
  if (auto created = base::parse_instant(pod["metadata"].string_or("creationTimestamp")))
    out.created = *created;
  out.ip = status.string_or("podIP");
  out.ending = pod.at({"metadata", "deletionTimestamp"}).is_string();
  const Value& container = worker_container(status);
  out.restarts = static_cast<int>(container.int_or("restartCount"));
  const Value& running = container.at({"state", "running"});
  out.running = running.is_object();
  if (out.running) {
    if (auto started = base::parse_instant(running.string_or("startedAt"))) out.started = *started;
  }
  const Value& ended = container.at({"lastState", "terminated"});
  if (ended.is_object()) out.last_exit = static_cast<int>(ended.int_or("exitCode"));
  if (out.running) return out;
  if (const Value& state = container.at({"state", "waiting"}); state.is_object()) {
    std::string reason = state.string_or("reason");
    if (reason == "ContainerCreating" || reason == "PodInitializing") reason.clear();
    out.waits = pending(out.name, reason, state.string_or("message"));
    return out;
  }
  if (status.string_or("phase") == "Failed") {
    out.waits = pending(out.name, status.string_or("reason"), status.string_or("message"));
    return out;
  }
  out.waits = unscheduled(out.name, status);
  if (!out.waits) out.waits = pending(out.name, "", "");
  return out;
}

std::optional<PodFacts> present_pod(const std::vector<json::Value>& pods) {
  const Value* best = nullptr;
  const auto born = [](const Value& pod) { return pod["metadata"].string_or("creationTimestamp"); };
  const auto ending = [](const Value& pod) { return pod.at({"metadata", "deletionTimestamp"}).is_string(); };
  for (const Value& pod : pods) {
    const std::string phase = pod["status"].string_or("phase");
    // Evicted and the like: another one is made.
    if (phase == "Succeeded" || (phase == "Failed" && best != nullptr)) continue;
    if (best == nullptr || (ending(*best) && !ending(pod)) ||
        (ending(*best) == ending(pod) && born(pod) > born(*best))) {
      best = &pod;
    }
  }
  if (best == nullptr) return std::nullopt;
  return pod_facts(*best);
}

}  // namespace offtake::runners
