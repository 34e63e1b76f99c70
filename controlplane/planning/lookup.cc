#include "controlplane/planning/lookup.h"

#include "base/crypto/crypto.h"
#include "controlplane/access/access.h"

namespace offtake::planning {

const json::Value* Overlay::find(const resources::Kind& kind, std::string_view namespace_name,
                                 std::string_view name) const {
  for (const json::Value& object : objects) {
    if (object.string_or("kind") != kind.kind || object.string_or("apiVersion") != kind.api_version())
      continue;
    const json::Value& metadata = object["metadata"];
    if (metadata.string_or("name") != name) continue;
    if (kind.namespaced && metadata.string_or("namespace") != namespace_name) continue;
    return &object;
  }
  return nullptr;
}

base::Result<std::map<std::string, std::string>> labels_of(const Overlay* overlay,
                                                           store::ResourceClient& resources,
                                                           std::string_view namespace_name) {
  auto found = look_up<resources::Namespace>(overlay, resources, "", namespace_name, "NamespaceMissing");
  if (found) return found->metadata.labels;
  if (found.error().retry == base::Retry::kWaiting) return std::map<std::string, std::string>();
  return std::move(found).error();
}

std::string spec_hash(const resources::DataProduct& product) {
  return crypto::sha256_hex(json::dump_canonical(resources::pipeline_spec(product))).substr(0, 16);
}

namespace {

// The newest of the classes that carry the default annotation.
base::Result<resources::TargetClass> default_class(const Overlay* overlay, store::ResourceClient& resources) {
  auto classes = store::list<resources::TargetClass>(resources);
  if (!classes) return std::move(classes).error();
  if (overlay != nullptr) {
    for (const json::Value& object : overlay->objects) {
      if (object.string_or("kind") == resources::kind_of<resources::TargetClass>().kind) {
        classes->push_back(resources::from_json<resources::TargetClass>(object));
      }
    }
  }
  const resources::TargetClass* newest = nullptr;
  for (const auto& candidate : *classes) {
    if (!candidate.is_default() || candidate.metadata.deleting()) continue;
    if (newest == nullptr || candidate.metadata.creation_time > newest->metadata.creation_time)
      newest = &candidate;
  }
  if (newest == nullptr) {
    return base::waiting("NoDefaultClass",
                         "spec.target.className is not given and no TargetClass is the default")
        .with_hint(fmt::format("name a class, or annotate one with {}: \"true\"",
                               resources::kDefaultClassAnnotation));
  }
  return *newest;
}

}  // namespace

base::Result<resources::TargetClass> find_class(const resources::DataProduct& product, const Overlay* overlay,
                                                store::ResourceClient& resources) {
  std::string name = product.status.class_name;
  if (name.empty()) name = product.spec.target.class_name;
  auto found = name.empty() ? default_class(overlay, resources)
                            : look_up<resources::TargetClass>(overlay, resources, "", name, "ClassMissing");
  if (!found) return found;
  auto labels = labels_of(overlay, resources, product.metadata.namespace_name);
  if (!labels) return std::move(labels).error();
  if (auto allowed = access::may_use(*found, product.metadata.namespace_name, *labels); !allowed) {
    return std::move(allowed).error();
  }
  return found;
}

base::Status check_access(const resources::DataProduct& product, const Overlay* overlay,
                          store::ResourceClient& resources) {
  auto labels = labels_of(overlay, resources, product.metadata.namespace_name);
  if (!labels) return std::move(labels).error();
  for (const auto& name : sql::referenced_datasets(product.spec.sql, product.metadata.namespace_name)) {
    auto dataset =
        look_up<resources::Dataset>(overlay, resources, name.dataset_namespace, name.name, "DatasetMissing");
    if (!dataset) continue;  // what is missing is not denied
    if (auto allowed = access::may_read(*dataset, product.metadata.namespace_name, *labels); !allowed) {
      return allowed;
    }
  }
  return {};
}

}  // namespace offtake::planning
