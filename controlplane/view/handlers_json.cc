#include <condition_variable>

#include "controlplane/view/builder_handlers.h"
#include "controlplane/view/catalog_handlers.h"
#include "controlplane/view/parked_handlers.h"
#include "controlplane/view/preview_handlers.h"
#include "controlplane/view/submitted.h"

namespace offtake::view {
namespace {

using namespace std::chrono_literals;

http::Response get_plan(const ViewContext& context, const http::Request& request) {
  auto product = stored_product(context, request);
  if (!product) return refuse(product.error());
  return answer(to_json(
      plan_product(*product, *product, {}, context.clock->now(), *context.resources, *context.platform)));
}

http::Response post_plan(const ViewContext& context, const http::Request& request) {
  auto submitted = read_submitted(context, request);
  if (!submitted) return refuse(submitted.error());
  return answer(to_json(plan_product(submitted->product, submitted->stored, submitted->overlay,
                                     context.clock->now(), *context.resources, *context.platform)));
}

http::Response get_progress(const ViewContext& context, const http::Request& request) {
  auto product = stored_product(context, request);
  if (!product) return refuse(product.error());
  return answer(progress_json(*product, context.runners, context.clock->now()));
}

void follow_log(const ViewContext& context, const resources::DataProduct& product, int revision,
                runners::LogOf of, LogPiece piece, http::StreamWriter& writer) {
  std::mutex mutex;
  std::condition_variable_any wake;
  for (;;) {
    if (!piece.text.empty() && !writer.write(piece.text)) return;
    if (piece.text.empty()) {
      if (!writer.alive()) return;
      std::unique_lock lock(mutex);
      if (wake.wait_for(lock, writer.stop_token(), 300ms,
                        [&] { return writer.stop_token().stop_requested(); }))
        return;
    }
    auto next = read_log(product, context.runners, revision, piece.next, of);
    if (!next) return;
    // A new revision's log begins at its first line.
    if (next->revision != piece.revision) {
      next = read_log(product, context.runners, revision, {}, of);
      if (!next) return;
    }
    piece = *std::move(next);
  }
}

http::Response get_logs(const ViewContext& context, const http::Request& request) {
  auto product = stored_product(context, request);
  if (!product) return refuse(product.error());
  const int revision = std::atoi(request.query_value("revision").c_str());
  const auto of =
      request.query_value("of") == "function" ? runners::LogOf::kFunction : runners::LogOf::kWorker;
  auto piece = read_log(*product, context.runners, revision, {}, of);
  if (!piece) return refuse(piece.error());
  const bool follow = request.query_value("follow") == "true" || request.query_value("follow") == "1";
  http::Response response;
  response.headers.set("Content-Type", "text/plain; charset=utf-8");
  response.stream = [context, product = *product, revision, of, piece = *piece,
                     follow](http::StreamWriter& writer) {
    if (follow) return follow_log(context, product, revision, of, piece, writer);
    LogPiece rest = piece;
    while (!rest.text.empty() && writer.write(rest.text)) {
      auto next = read_log(product, context.runners, revision, rest.next, of);
      if (!next) return;
      rest = *std::move(next);
    }
  };
  return response;
}

}  // namespace

void add_routes(http::Router& router, ViewContext context) {
  auto shared = std::make_shared<ViewContext>(std::move(context));
  const auto bind = [shared](auto handler) {
    return [shared, handler](const http::Request& request) { return handler(*shared, request); };
  };
  router.add("GET", kProductPaths + "plan", bind(get_plan));
  router.add("POST", kProductPaths + "plan", bind(post_plan));
  router.add("GET", kProductPaths + "progress", bind(get_progress));
  router.add("GET", kProductPaths + "logs", bind(get_logs));
  add_preview_routes(router, shared);
  add_parked_routes(router, shared);
  const auto catalog =
      std::make_shared<catalog::Catalog>(*shared->resources, *shared->platform, *shared->clock);
  add_catalog_routes(router, shared, catalog);
  add_builder_routes(router, shared, catalog);
}

}  // namespace offtake::view
