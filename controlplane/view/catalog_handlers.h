// The paths of the catalogue: docs/view-api.md.
#pragma once
#include <memory>

#include "controlplane/catalog/catalog.h"
#include "controlplane/view/handlers.h"

namespace offtake::view {

void add_catalog_routes(http::Router& router, std::shared_ptr<ViewContext> context,
                        std::shared_ptr<catalog::Catalog> catalog);

}  // namespace offtake::view
