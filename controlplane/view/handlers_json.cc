#include <condition_variable>

#include "controlplane/resources/validate.h"
#include "controlplane/store/status.h"
#include "controlplane/view/handlers.h"

namespace offtake::view {
namespace {

using namespace std::chrono_literals;

const std::string kPrefix = "/apis/view.offtake.dev/v1alpha1/namespaces/{namespace}/dataproducts/{name}/";

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

http::Response get_plan(const ViewContext& context, const http::Request& request) {
  auto product = stored_product(context, request);
  if (!product) return refuse(product.error());
  return answer(to_json(
      plan_product(*product, *product, {}, context.clock->now(), *context.resources, *context.platform)));
}

http::Response post_plan(const ViewContext& context, const http::Request& request) {
  auto body = json::parse(request.body);
  if (!body) return refuse(base::terminal("BadRequest", body.error().text()));
  auto checked = resources::check((*body)["object"]);
  if (!checked.ok()) {
    return refuse(resources::invalid(resources::kind_of<resources::DataProduct>(), request.param("namespace"),
                                     request.param("name"), std::move(checked.errors)));
  }
  planning::Overlay overlay;
  if ((*body)["objects"].is_array()) {
    for (const json::Value& object : (*body)["objects"].as_array()) {
      auto other = resources::check(object);
      // What is wrong with it is said where it is sent; here it just does not count as present.
      if (other.ok()) overlay.objects.push_back(std::move(other.object));
    }
  }
  std::optional<resources::DataProduct> stored;
  if (auto found = stored_product(context, request)) {
    stored = *std::move(found);
  } else if (found.error().code != "NotFound") {
    return refuse(found.error());
  }
  const auto product = resources::from_json<resources::DataProduct>(checked.object);
  return answer(to_json(
      plan_product(product, stored, overlay, context.clock->now(), *context.resources, *context.platform)));
}

http::Response get_progress(const ViewContext& context, const http::Request& request) {
  auto product = stored_product(context, request);
  if (!product) return refuse(product.error());
  return answer(progress_json(*product, context.runners, context.clock->now()));
}

void follow_log(const ViewContext& context, const resources::DataProduct& product, int revision,
                LogPiece piece, http::StreamWriter& writer) {
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
    auto next = read_log(product, context.runners, revision, piece.next);
    if (!next) return;
    // A new revision's log begins at its first line.
    if (next->revision != piece.revision) {
      next = read_log(product, context.runners, revision);
      if (!next) return;
    }
    piece = *std::move(next);
  }
}

http::Response get_logs(const ViewContext& context, const http::Request& request) {
  auto product = stored_product(context, request);
  if (!product) return refuse(product.error());
  const int revision = std::atoi(request.query_value("revision").c_str());
  auto piece = read_log(*product, context.runners, revision);
  if (!piece) return refuse(piece.error());
  const bool follow = request.query_value("follow") == "true" || request.query_value("follow") == "1";
  http::Response response;
  response.headers.set("Content-Type", "text/plain; charset=utf-8");
  response.stream = [context, product = *product, revision, piece = *piece,
                     follow](http::StreamWriter& writer) {
    if (follow) return follow_log(context, product, revision, piece, writer);
    LogPiece rest = piece;
    while (!rest.text.empty() && writer.write(rest.text)) {
      auto next = read_log(product, context.runners, revision, rest.next);
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
  router.add("GET", kPrefix + "plan", bind(get_plan));
  router.add("POST", kPrefix + "plan", bind(post_plan));
  router.add("GET", kPrefix + "progress", bind(get_progress));
  router.add("GET", kPrefix + "logs", bind(get_logs));
}

}  // namespace offtake::view
