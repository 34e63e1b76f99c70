// A product's ledger through its worker: …/parked (handlers.h).
#pragma once
#include <memory>

#include "controlplane/view/handlers.h"

namespace offtake::view {

void add_parked_routes(http::Router& router, std::shared_ptr<ViewContext> context);

}  // namespace offtake::view
