// The paths of `preview`: how many run at a time, and what is refused before anything is read.
#include <doctest/doctest.h>

#include "controlplane/view/handlers.h"
#include "tests/unit/reconcile/world.h"

namespace offtake::view {
namespace {

struct Paths {
  explicit Paths(reconcile::World& world) {
    ViewContext context;
    context.resources = world.resources.get();
    context.platform = world.platform.get();
    context.clock = &base::system_clock();
    add_routes(router, context);
  }
  http::Response ask(const std::string& query, const std::string& name = "x") const {
    http::Request request;
    request.method = "GET";
    request.path = "/apis/view.offtake.dev/v1alpha1/namespaces/shop/dataproducts/" + name + "/preview";
    request.target = request.path;
    request.query = http::decode_query(query);
    return router.handle(request);
  }
  http::Response post(const std::string& body, const std::string& space = "shop") const {
    http::Request request;
    request.method = "POST";
    request.path = "/apis/view.offtake.dev/v1alpha1/namespaces/" + space + "/dataproducts/x/preview";
    request.target = request.path;
    request.body = body;
    return router.handle(request);
  }
  http::Router router;
};

}  // namespace

TEST_CASE("four previews run at a time; a place is free again when its answer is done") {
  reconcile::World world;
  world.add_dataset("orders", reconcile::kOrderSchema, "type: Event");
  world.apply(
      "apiVersion: offtake.dev/v1alpha1\nkind: DataProduct\nmetadata: {name: x}\n"
      "spec: {sql: SELECT o.id FROM orders o}\n");
  const Paths paths(world);
  std::vector<http::Response> running;
  for (int i = 0; i < 4; ++i) {
    running.push_back(paths.ask(""));
    CHECK(running.back().status == 200);
    CHECK(running.back().stream);
  }
  const auto busy = paths.ask("");
  CHECK(busy.status == 429);
  CHECK(busy.headers.get("Retry-After") == "1");
  running.pop_back();
  CHECK(paths.ask("").status == 200);
  running.clear();
}

TEST_CASE("what cannot be previewed is refused with its reason") {
  reconcile::World world;
  world.add_dataset("orders", reconcile::kOrderSchema, "type: Event");
  const Paths paths(world);
  CHECK(paths.ask("").status == 404);
  world.apply(
      "apiVersion: offtake.dev/v1alpha1\nkind: DataProduct\nmetadata: {name: x}\n"
      "spec: {sql: SELECT o.nothing FROM orders o}\n");
  CHECK(paths.ask("limit=0").status == 400);
  CHECK(paths.ask("limit=1001").status == 400);
  CHECK(paths.ask("from=soon").status == 400);
  const auto wrong = paths.ask("limit=5&from=1h");
  CHECK(wrong.status == 200);
  CHECK_FALSE(wrong.stream);
  CHECK(wrong.body.find("nothing") != std::string::npos);
  CHECK(paths.post("{").status == 400);
  CHECK(paths.post(R"({"object": {"kind": "DataProduct"}})").status == 422);
  const std::string object =
      R"({"apiVersion": "offtake.dev/v1alpha1", "kind": "DataProduct", "metadata": {"name": "x", "namespace": "shop"},
          "spec": {"sql": "SELECT o.id FROM orders o"}})";
  CHECK(paths.post(R"({"object": )" + object + "}").status == 200);
  // Whose rights count is told by the path.
  CHECK(paths.post(R"({"object": )" + object + "}", "other").status == 400);
}

}  // namespace offtake::view
