// What objects say of themselves, as data: YAML, and the sentence it means.
#include "operators/provision/kubernetes/readiness.h"

#include <doctest/doctest.h>

#include "base/yaml/node.h"

namespace offtake::provision::kubernetes {
namespace {

struct Case {
  const char* yaml;
  Progress progress;
  const char* says;
};

const Case kCases[] = {
    // What says nothing is there.
    {"{apiVersion: v1, kind: ConfigMap}", Progress::kReady, ""},
    {"{apiVersion: v1, kind: Secret, metadata: {deletionTimestamp: x}}", Progress::kPending,
     "is being deleted"},
    {"{apiVersion: a.b/v1, kind: X, status: {conditions: [{type: Ready, status: \"True\"}]}}",
     Progress::kReady, ""},
    {"{apiVersion: a.b/v1, kind: X, status: {conditions: [{type: Ready, status: \"False\", reason: Wait, "
     "message: for it}]}}",
     Progress::kPending, "Wait: for it"},
    {"{apiVersion: a.b/v1, kind: X, status: {conditions: [{type: Ready, status: Unknown}]}}",
     Progress::kPending, "is not Ready"},
    {"{apiVersion: a.b/v1, kind: X, status: {conditions: [{type: Ready, status: \"True\"}, {type: Stalled, "
     "status: \"True\", message: broken}]}}",
     Progress::kFailed, "broken"},
    {"{apiVersion: a.b/v1, kind: X, status: {conditions: [{type: Ready, status: \"True\"}, {type: "
     "Reconciling, status: \"True\"}]}}",
     Progress::kPending, "is Reconciling"},
    {"{apiVersion: a.b/v1, kind: X, metadata: {generation: 2}, status: {observedGeneration: 1, conditions: "
     "[{type: Ready, status: \"True\"}]}}",
     Progress::kPending, "its controller has not looked at it yet"},
    // Deployments.
    {"{apiVersion: apps/v1, kind: Deployment}", Progress::kPending,
     "its controller has not looked at it yet"},
    {"{apiVersion: apps/v1, kind: Deployment, spec: {replicas: 2}, status: {observedGeneration: 1, replicas: "
     "1, updatedReplicas: 1}}",
     Progress::kPending, "1 of 2 replicas are up to date"},
    {"{apiVersion: apps/v1, kind: Deployment, spec: {replicas: 1}, status: {observedGeneration: 1, replicas: "
     "2, updatedReplicas: 1, availableReplicas: 2}}",
     Progress::kPending, "replicas of before are going"},
    {"{apiVersion: apps/v1, kind: Deployment, status: {observedGeneration: 1, replicas: 1, updatedReplicas: "
     "1}}",
     Progress::kPending, "0 of 1 replicas are available"},
    {"{apiVersion: apps/v1, kind: Deployment, status: {observedGeneration: 1, conditions: [{type: "
     "Progressing, status: \"False\", reason: ProgressDeadlineExceeded, message: too slow}]}}",
     Progress::kFailed, "ProgressDeadlineExceeded: too slow"},
    {"{apiVersion: apps/v1, kind: Deployment, status: {observedGeneration: 1, replicas: 1, updatedReplicas: "
     "1, availableReplicas: 1}}",
     Progress::kReady, ""},
    // StatefulSets.
    {"{apiVersion: apps/v1, kind: StatefulSet, metadata: {generation: 1}}", Progress::kPending,
     "its controller has not looked at it yet"},
    {"{apiVersion: apps/v1, kind: StatefulSet, status: {observedGeneration: 1, replicas: 1}}",
     Progress::kPending, "0 of 1 replicas are ready"},
    {"{apiVersion: apps/v1, kind: StatefulSet, spec: {replicas: 2}, status: {observedGeneration: 1, "
     "readyReplicas: 2, currentRevision: a, updateRevision: b, updatedReplicas: 1}}",
     Progress::kPending, "1 of 2 replicas are up to date"},
    {"{apiVersion: apps/v1, kind: StatefulSet, spec: {updateStrategy: {type: OnDelete}}, status: "
     "{observedGeneration: 1, readyReplicas: 1, currentRevision: a, updateRevision: b}}",
     Progress::kReady, ""},
    {"{apiVersion: apps/v1, kind: StatefulSet, status: {observedGeneration: 1, readyReplicas: 1, "
     "currentRevision: a, updateRevision: a}}",
     Progress::kReady, ""},
    {"{apiVersion: apps/v1, kind: DaemonSet, status: {observedGeneration: 1, desiredNumberScheduled: 3, "
     "numberAvailable: 2}}",
     Progress::kPending, "2 of 3 pods are available"},
    // Jobs.
    {"{apiVersion: batch/v1, kind: Job}", Progress::kPending, "0 of 1 pods have succeeded"},
    {"{apiVersion: batch/v1, kind: Job, status: {conditions: [{type: Failed, status: \"True\", reason: "
     "BackoffLimitExceeded}]}}",
     Progress::kFailed, "BackoffLimitExceeded"},
    {"{apiVersion: batch/v1, kind: Job, status: {succeeded: 1, conditions: [{type: Complete, status: "
     "\"True\"}]}}",
     Progress::kReady, ""},
    // Claims, Services, Pods.
    {"{apiVersion: v1, kind: PersistentVolumeClaim, status: {phase: Pending}}", Progress::kPending,
     "no volume is bound to it yet"},
    {"{apiVersion: v1, kind: PersistentVolumeClaim, status: {phase: Lost}}", Progress::kFailed,
     "its volume is lost"},
    {"{apiVersion: v1, kind: PersistentVolumeClaim, status: {phase: Bound}}", Progress::kReady, ""},
    {"{apiVersion: v1, kind: Service, spec: {type: ClusterIP}}", Progress::kPending, "it has no address yet"},
    {"{apiVersion: v1, kind: Service, spec: {clusterIP: None}}", Progress::kReady, ""},
    {"{apiVersion: v1, kind: Service, spec: {type: ExternalName, externalName: x}}", Progress::kReady, ""},
    {"{apiVersion: v1, kind: Service, spec: {type: LoadBalancer, clusterIP: 10.0.0.1}}", Progress::kPending,
     "its load balancer has no address yet"},
    {"{apiVersion: v1, kind: Service, spec: {type: LoadBalancer, clusterIP: 10.0.0.1}, status: "
     "{loadBalancer: {ingress: [{ip: 1.2.3.4}]}}}",
     Progress::kReady, ""},
    {"{apiVersion: v1, kind: Pod, status: {phase: Pending, conditions: [{type: PodScheduled, status: "
     "\"False\", reason: Unschedulable, message: no room}]}}",
     Progress::kPending, "Unschedulable: no room"},
    {"{apiVersion: v1, kind: Pod, status: {phase: Pending, containerStatuses: [{name: c, state: {waiting: "
     "{reason: ImagePullBackOff}}}]}}",
     Progress::kPending, "container c: ImagePullBackOff"},
    {"{apiVersion: v1, kind: Pod, status: {phase: Succeeded}}", Progress::kReady, ""},
    {"{apiVersion: v1, kind: Pod, status: {phase: Failed, message: evicted}}", Progress::kFailed, "evicted"},
    // CloudNativePG.
    {"{apiVersion: postgresql.cnpg.io/v1, kind: Cluster, spec: {instances: 1}}", Progress::kPending,
     "its controller has not looked at it yet"},
    {"{apiVersion: postgresql.cnpg.io/v1, kind: Cluster, spec: {instances: 3}, status: {phase: Setting up "
     "primary, readyInstances: 1}}",
     Progress::kPending, "1 of 3 instances are ready (Setting up primary)"},
    {"{apiVersion: postgresql.cnpg.io/v1, kind: Cluster, spec: {instances: 1}, status: {phase: Cluster in "
     "healthy state, readyInstances: 1, conditions: [{type: Ready, status: \"True\"}]}}",
     Progress::kReady, ""},
    {"{apiVersion: postgresql.cnpg.io/v1, kind: Database, status: {conditions: []}}", Progress::kReady, ""},
    // ECK.
    {"{apiVersion: elasticsearch.k8s.elastic.co/v1, kind: Elasticsearch}", Progress::kPending,
     "its controller has not looked at it yet"},
    {"{apiVersion: elasticsearch.k8s.elastic.co/v1, kind: Elasticsearch, status: {phase: ApplyingChanges, "
     "health: red}}",
     Progress::kPending, "health is red, phase ApplyingChanges"},
    {"{apiVersion: elasticsearch.k8s.elastic.co/v1, kind: Elasticsearch, status: {phase: Invalid}}",
     Progress::kFailed, "its spec is refused (phase Invalid)"},
    {"{apiVersion: elasticsearch.k8s.elastic.co/v1, kind: Elasticsearch, status: {phase: Ready, health: "
     "yellow}}",
     Progress::kReady, ""},
    // Knative.
    {"{apiVersion: serving.knative.dev/v1, kind: Service}", Progress::kPending,
     "its controller has not looked at it yet"},
    {"{apiVersion: serving.knative.dev/v1, kind: Service, metadata: {generation: 1}, status: "
     "{observedGeneration: 1, conditions: [{type: Ready, status: Unknown, reason: RevisionMissing}]}}",
     Progress::kPending, "RevisionMissing"},
    {"{apiVersion: serving.knative.dev/v1, kind: Service, metadata: {generation: 1}, status: "
     "{observedGeneration: 1, conditions: [{type: Ready, status: \"True\"}]}}",
     Progress::kReady, ""},
};

TEST_CASE("objects say whether they are ready") {
  for (const Case& each : kCases) {
    CAPTURE(each.yaml);
    auto documents = yaml::parse(each.yaml);
    REQUIRE(documents.ok());
    const Readiness found = readiness_of(yaml::to_json(documents->front().root));
    CHECK(found.progress == each.progress);
    CHECK(found.says == each.says);
  }
}

}  // namespace
}  // namespace offtake::provision::kubernetes
