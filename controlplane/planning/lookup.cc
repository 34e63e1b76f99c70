#include "controlplane/planning/lookup.h"

#include <algorithm>

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

const base::Error* Overlay::why_refused(const resources::Kind& kind, std::string_view namespace_name,
                                        std::string_view name) const {
  for (const Refused& one : refused) {
    if (one.kind == &kind && one.namespace_name == namespace_name && one.name == name) return &one.why;
  }
  return nullptr;
}

std::vector<std::string> missing_datasets(store::ResourceClient& resources,
                                          const resources::DataProduct& product) {
  std::vector<std::string> out;
  for (const auto& name : sql::referenced_datasets(product.spec.sql, product.metadata.namespace_name)) {
    auto found = resources.get(resources::kind_of<resources::Dataset>(), name.dataset_namespace, name.name);
    if (found || found.error().code != "NotFound") continue;
    out.push_back(
        fmt::format("spec.sql: Dataset {} in namespace {} does not exist yet; the DataProduct waits for it",
                    name.name, name.dataset_namespace));
  }
  return out;
}

base::Result<resources::EventStore> store_of(const Overlay* overlay, store::ResourceClient& resources,
                                             const resources::Dataset& dataset) {
  const std::string& name = dataset.spec.source.event_store_name;
  auto found = look_up<resources::EventStore>(overlay, resources, "", name, "EventStoreMissing");
  if (!found || !found->metadata.deleting()) return found;
  const auto& made = dataset.metadata.creation_time;
  if (made && made->micros <= found->metadata.deletion_time->micros) return found;
  return base::waiting("EventStoreMissing", fmt::format("EventStore {} is being deleted", name))
      .with_hint("it serves the datasets it has and takes no new ones; name another store");
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

// A class takes a product in while it is not being deleted, and while it has room. Those that are in count by
// their status: deleted ones until they are gone.
base::Status may_enter(const resources::TargetClass& target_class, const resources::DataProduct& product,
                       store::ResourceClient& resources) {
  const std::string& name = target_class.metadata.name;
  if (target_class.metadata.deleting()) {
    return base::waiting("ClassMissing", fmt::format("TargetClass {} is being deleted", name))
        .with_hint("it serves the products it has and takes no new ones; name another class");
  }
  if (!target_class.spec.limits || !target_class.spec.limits->products) return {};
  auto products = store::list<resources::DataProduct>(resources);
  if (!products) return std::move(products).error();
  const auto count = std::count_if(products->begin(), products->end(), [&](const auto& other) {
    return other.status.class_name == name && other.metadata.key() != product.metadata.key();
  });
  if (count < *target_class.spec.limits->products) return {};
  return base::waiting("ClassFull", fmt::format("TargetClass {} has {} products, and limits.products is {}",
                                                name, count, *target_class.spec.limits->products))
      .with_hint("it is waited for that one goes; or name another class");
}

}  // namespace

base::Result<resources::TargetClass> find_class(const resources::DataProduct& product, const Overlay* overlay,
                                                store::ResourceClient& resources) {
  std::string name = product.status.class_name;
  if (name.empty()) name = product.spec.target.class_name;
  auto found = name.empty() ? default_class(overlay, resources)
                            : look_up<resources::TargetClass>(overlay, resources, "", name, "ClassMissing");
  if (!found) return found;
  if (product.status.class_name.empty()) {
    if (auto entered = may_enter(*found, product, resources); !entered) return base::Error(entered.error());
  }
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
