// Watches of the embedded store: a cursor into its ring, and what the watcher wants to see.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "controlplane/store/event_ring.h"
#include "controlplane/store/resource_client.h"
#include "controlplane/store/selector.h"

namespace offtake::store {

struct WatchFilter {
  const resources::Kind* kind = nullptr;
  std::string namespace_name;  // empty: all
  LabelQuery labels;
  FieldQuery fields;

  bool matches(const json::Value& object) const;
};

// `present` come first, as added; then changes after `version`.
std::unique_ptr<Watch> make_embedded_watch(std::shared_ptr<EventRing> ring, WatchFilter filter,
                                           std::int64_t version, std::vector<ObjectPtr> present);

}  // namespace offtake::store
