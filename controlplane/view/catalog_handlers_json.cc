#include <semaphore>

#include "controlplane/view/catalog_handlers.h"
#include "controlplane/view/catalog_json.h"
#include "controlplane/view/openapi.h"
#include "controlplane/view/sample.h"
#include "controlplane/view/submitted.h"

namespace offtake::view {
namespace {

constexpr int kSamplesAtATime = 4;

struct Context {
  std::shared_ptr<ViewContext> view;
  std::shared_ptr<catalog::Catalog> catalog;
  std::counting_semaphore<kSamplesAtATime> samples{kSamplesAtATime};
};

base::Result<std::size_t> read_limit(const http::Request& request, std::size_t otherwise, std::size_t most) {
  if (!request.has_query("limit")) return otherwise;
  const std::string text = request.query_value("limit");
  const bool number =
      !text.empty() && text.size() < 6 && text.find_first_not_of("0123456789") == std::string::npos;
  const std::size_t limit = number ? std::stoul(text) : 0;
  if (limit < 1 || limit > most) {
    return base::terminal("BadRequest", fmt::format("limit is `{}`; it is from 1 to {}", text, most));
  }
  return limit;
}

http::Response search(Context& context, const http::Request& request) {
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

http::Response show(Context& context, const http::Request& request) {
  auto found = context.catalog->dataset(request.param("namespace"), request.param("name"),
                                        request.query_value("reader"));
  if (!found) return refuse(found.error());
  return answer(dataset_json(*found));
}

http::Response lineage_of(Context& context, const http::Request& request, catalog::NodeKind kind) {
  auto found = context.catalog->lineage(kind, request.param("namespace"), request.param("name"),
                                        request.query_value("reader"));
  if (!found) return refuse(found.error());
  return answer(lineage_json(*found));
}

http::Response dataset_lineage(Context& context, const http::Request& request) {
  return lineage_of(context, request, catalog::NodeKind::kDataset);
}
http::Response product_lineage(Context& context, const http::Request& request) {
  return lineage_of(context, request, catalog::NodeKind::kProduct);
}

http::Response sample(const std::shared_ptr<Context>& context, const http::Request& request) {
  auto limit = read_limit(request, 20, kMostSampleRows);
  if (!limit) return refuse(limit.error());
  if (!context->samples.try_acquire()) {
    http::Response busy = refuse(base::transient(
        "TooManyRequests", fmt::format("{} samples are read; ask again in a moment", kSamplesAtATime)));
    busy.headers.set("Retry-After", "1");
    return busy;
  }
  // Given back with the last copy.
  const std::shared_ptr<void> place(context.get(), [context](void*) { context->samples.release(); });
  auto made =
      PreparedSample::make(request.param("namespace"), request.param("name"), request.query_value("reader"),
                           *limit, *context->view->resources, *context->view->platform);
  if (!made) {
    base::Error error = std::move(made).error();
    if (error.code == "AccessDenied") error.code = "Forbidden";
    return refuse(error);
  }
  auto prepared = std::make_shared<PreparedSample>(*std::move(made));
  if (!prepared->runnable()) return answer(to_json(std::move(*prepared).report()));
  http::Response response;
  response.headers.set("Content-Type", "application/json");
  // As a stream, because only there a caller that goes away is noticed before the answer.
  response.stream = [prepared, place](http::StreamWriter& writer) {
    const SampleReport report = std::move(*prepared).run([&] { return writer.alive(); });
    writer.write(json::dump(to_json(report)));
  };
  return response;
}

}  // namespace

void add_catalog_routes(http::Router& router, std::shared_ptr<ViewContext> context,
                        std::shared_ptr<catalog::Catalog> catalog) {
  auto shared = std::make_shared<Context>();
  shared->view = std::move(context);
  shared->catalog = std::move(catalog);
  const auto bind = [&](auto handler) {
    return [shared, handler](const http::Request& request) { return handler(*shared, request); };
  };
  const std::string dataset = kPaths + "/namespaces/{namespace}/datasets/{name}";
  router.add("GET", kPaths + "/catalog", bind(search));
  router.add("GET", dataset, bind(show));
  router.add("GET", dataset + "/lineage", bind(dataset_lineage));
  router.add("GET", kProductPaths + "lineage", bind(product_lineage));
  router.add("GET", dataset + "/sample",
             [shared](const http::Request& request) { return sample(shared, request); });
}

}  // namespace offtake::view
