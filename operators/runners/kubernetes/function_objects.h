// A product's function in a cluster: a Deployment and a Service in the product's own namespace, where its
// owner sees them and their logs. They hold no credentials of ours. They belong to the product: the cluster
// removes them with it. Pure.
#pragma once
#include <vector>

#include "base/json/value.h"
#include "operators/runners/runner.h"

namespace offtake::runners {

// Each with the annotation offtake.dev/manifest, the digest of all of it.
std::vector<json::Value> function_objects(const worker::Job& job, const Function& function);

}  // namespace offtake::runners
