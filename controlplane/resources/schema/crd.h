// A kind of ours as a CustomResourceDefinition (apiextensions.k8s.io/v1). Pure.
// What a structural schema may say: https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/
#pragma once
#include <string>

#include "controlplane/resources/kind.h"

namespace offtake::resources::schema {

// REQUIRES a kind with a group: core ones are Kubernetes' own.
json::Value custom_resource_definition(const Kind& kind);

// The file of manifests/crds: "offtake.dev_dataproducts.yaml", and its text.
std::string crd_file_name(const Kind& kind);
std::string crd_yaml(const Kind& kind);

// Those that have a CRD.
std::vector<const Kind*> custom_kinds();

}  // namespace offtake::resources::schema
