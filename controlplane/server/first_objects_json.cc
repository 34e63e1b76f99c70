#include "controlplane/server/first_objects.h"

namespace offtake::server {
namespace {

constexpr const char* kObjects[] = {
    R"({"apiVersion": "offtake.dev/v1alpha1", "kind": "EventStore", "metadata": {"name": "embedded"},
        "spec": {"embedded": {}, "registry": {"embedded": {}}}})",
    R"({"apiVersion": "offtake.dev/v1alpha1", "kind": "TargetClass",
        "metadata": {"name": "sqlite", "annotations": {"offtake.dev/is-default-class": "true"}},
        "spec": {"engine": "sqlite", "description": "A SQLite file per product, on this machine",
                 "provisioner": {"local": {}}}})",
};

}  // namespace

base::Status make_first_objects(store::ResourceClient& client, bool fresh) {
  if (!fresh) return {};
  for (const char* text : kObjects) {
    auto object = json::parse(text);
    if (!object) return std::move(object).error();
    auto created = client.create(*object);
    if (!created && created.error().code != "AlreadyExists") return std::move(created).error();
  }
  return {};
}

}  // namespace offtake::server
