// The paths of the console's builder: docs/builder-api.md.
#pragma once
#include <memory>

#include "controlplane/catalog/catalog.h"
#include "controlplane/view/handlers.h"

namespace offtake::view {

void add_builder_routes(http::Router& router, std::shared_ptr<ViewContext> context,
                        std::shared_ptr<catalog::Catalog> catalog);

}  // namespace offtake::view
