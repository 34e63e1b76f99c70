#include "controlplane/view/catalog_handlers.h"

#include "controlplane/view/catalog_json.h"
#include "controlplane/view/openapi.h"
#include "controlplane/view/submitted.h"

namespace offtake::view {
namespace {

struct Context {
  std::shared_ptr<ViewContext> view;
  std::unique_ptr<catalog::Catalog> catalog;
};

base::Result<std::size_t> read_limit(const http::Request& request, std::size_t otherwise, std::size_t most) {
  if (!request.has_query("limit")) return otherwise;
  const std::string text = request.query_value("limit");
  const bool number = !text.empty() && text.size() < 6 &&
                      text.find_first_not_of("0123456789") == std::string::npos;
  const std::size_t limit = number ? std::stoul(text) : 0;
  if (limit < 1 || limit > most) {
    return base::terminal("BadRequest", fmt::format("limit is `{}`; it is from 1 to {}", text, most));
  }
  return limit;
}

http::Response search(const Context& context, const http::Request& request) {
  catalog::Query query;
  auto limit = read_limit(request, query.limit, catalog::kMostItems);
  if (!limit) return refuse(limit.error());
  query.limit = *limit;
  query.words = request.query_value("q");
  query.after = request.query_value("continue");
  for (const catalog::Facet facet : catalog::kFacets) {
    for (const auto& [name, value] : request.query) {
      if (name == catalog::to_string(facet) && !value.empty()) query.filters[facet].push_back(value);
    }
  }
  auto answered = context.catalog->search(query, request.query_value("reader"));
  if (!answered) {
    base::Error error = std::move(answered).error();
    if (error.code == "BadContinue") error.code = "BadRequest";
    return refuse(error);
  }
  return answer(catalog_json(*answered));
}

}  // namespace

void add_catalog_routes(http::Router& router, std::shared_ptr<ViewContext> context) {
  auto shared = std::make_shared<Context>();
  shared->view = context;
  shared->catalog =
      std::make_unique<catalog::Catalog>(*context->resources, *context->platform, *context->clock);
  const auto bind = [&](auto handler) {
    return [shared, handler](const http::Request& request) { return handler(*shared, request); };
  };
  router.add("GET", kPaths + "/catalog", bind(search));
}

}  // namespace offtake::view
