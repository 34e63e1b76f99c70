// The paths of `preview`. A preview runs on its connection's thread, at most some at a time (beyond: 429),
// and ends when the caller has gone away.
#pragma once
#include "controlplane/view/handlers.h"

namespace offtake::view {

void add_preview_routes(http::Router& router, std::shared_ptr<ViewContext> context);

}  // namespace offtake::view
