// Resources as a draft sees them: those about to be sent first, then the stored ones.
#pragma once
#include "controlplane/planning/draft.h"

namespace offtake::planning {

// NotFound becomes a waiting error with `missing_code`, or why what was sent does not count.
template <class T>
base::Result<T> look_up(const Overlay* overlay, store::ResourceClient& resources,
                        std::string_view namespace_name, std::string_view name,
                        std::string_view missing_code) {
  const resources::Kind& kind = resources::kind_of<T>();
  if (overlay != nullptr) {
    if (const json::Value* object = overlay->find(kind, namespace_name, name)) {
      return resources::from_json<T>(*object);
    }
  }
  auto found = store::get<T>(resources, namespace_name, name);
  if (found || found.error().code != "NotFound") return found;
  if (overlay != nullptr) {
    if (const base::Error* why = overlay->why_refused(kind, namespace_name, name)) return *why;
  }
  const std::string full =
      namespace_name.empty() ? std::string(name) : fmt::format("{}/{}", namespace_name, name);
  return base::waiting(std::string(missing_code), fmt::format("{} {} does not exist", kind.kind, full))
      .with_hint("it is waited for; `offtake get " + kind.plural + "` lists those there are");
}

// The event store that a dataset names. One that is being deleted serves only the datasets that were there
// before: EventStoreMissing (waiting) for others, and when there is none.
base::Result<resources::EventStore> store_of(const Overlay* overlay, store::ResourceClient& resources,
                                             const resources::Dataset& dataset);

// Warnings for datasets that a product's SQL names and that are not there yet: accepted, and waited for.
std::vector<std::string> missing_datasets(store::ResourceClient& resources,
                                          const resources::DataProduct& product);

// Labels of a namespace; none when it does not exist yet.
base::Result<std::map<std::string, std::string>> labels_of(const Overlay* overlay,
                                                           store::ResourceClient& resources,
                                                           std::string_view namespace_name);

}  // namespace offtake::planning
