// Products that would feed themselves.
#pragma once
#include "controlplane/planning/draft.h"

namespace offtake::planning {

// Code Cycle (terminal) where the product would read, through others or at once, what it writes: the records
// that it is on a topic, or what its receiver answers. The message shows the shortest path. Located.
base::Status check_cycle(const resources::DataProduct& product, const Overlay* overlay,
                         store::ResourceClient& resources);

}  // namespace offtake::planning
