// What a request to the view API is about: a product as it would be sent, with what goes with it; and how
// handlers answer.
#pragma once
#include "controlplane/view/handlers.h"

namespace offtake::view {

inline const std::string kProductPaths =
    "/apis/view.offtake.dev/v1alpha1/namespaces/{namespace}/dataproducts/{name}/";

http::Response answer(const json::Value& value);
http::Response refuse(const base::Error& error);

base::Result<resources::DataProduct> stored_product(const ViewContext& context, const http::Request& request);

struct Submitted {
  resources::DataProduct product;                // as it would be stored
  std::optional<resources::DataProduct> stored;  // the present one
  planning::Overlay overlay;                     // sent along
  json::Value body;
};

// {"object": …, "objects": […]}. BadRequest; Invalid with a cause for everything that is wrong.
base::Result<Submitted> read_submitted(const ViewContext& context, const http::Request& request);

}  // namespace offtake::view
