#include "controlplane/resources/validate.h"
#include "controlplane/store/status.h"
#include "controlplane/view/submitted.h"

namespace offtake::view {

http::Response answer(const json::Value& value) {
  return http::Response::of(200, json::dump(value), "application/json");
}

http::Response refuse(const base::Error& error) {
  return http::Response::of(store::http_code(error), json::dump(store::to_status(error)), "application/json");
}

base::Result<resources::DataProduct> stored_product(const ViewContext& context,
                                                    const http::Request& request) {
  return store::get<resources::DataProduct>(*context.resources, request.param("namespace"),
                                            request.param("name"));
}

base::Result<Submitted> read_submitted(const ViewContext& context, const http::Request& request) {
  auto body = json::parse(request.body);
  if (!body) return base::terminal("BadRequest", body.error().text());
  auto checked = resources::check((*body)["object"]);
  if (!checked.ok()) {
    return resources::invalid(resources::kind_of<resources::DataProduct>(), request.param("namespace"),
                              request.param("name"), std::move(checked.errors));
  }
  Submitted out;
  if ((*body)["objects"].is_array()) {
    for (const json::Value& object : (*body)["objects"].as_array()) {
      auto other = resources::check(object);
      // What is wrong with it is said where it is sent; here it just does not count as present.
      if (other.ok()) out.overlay.objects.push_back(std::move(other.object));
    }
  }
  if (auto found = stored_product(context, request)) {
    out.stored = *std::move(found);
  } else if (found.error().code != "NotFound") {
    return std::move(found).error();
  }
  out.product = resources::from_json<resources::DataProduct>(checked.object);
  out.body = *std::move(body);
  return out;
}

}  // namespace offtake::view
