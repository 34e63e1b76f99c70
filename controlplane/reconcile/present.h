// What is asked once more before something that cannot be taken back.
#pragma once
#include <functional>

#include "controlplane/store/resource_client.h"

namespace offtake::reconcile {

// The metadata of what has `seen`'s name now, by the server's own word and not a cache's: the caller compares
// uid and generation. `leads`, which may be null, is asked last: what was read before may be from before this
// process was held. Codes NotFound, NotLeader (transient).
base::Result<json::Value> present_metadata(store::ResourceClient& client, const resources::Kind& kind,
                                           const resources::ObjectMeta& seen,
                                           const std::function<bool()>& leads);

}  // namespace offtake::reconcile
