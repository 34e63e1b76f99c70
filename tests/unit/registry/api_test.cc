// The cases in api/*.api: requests and the answers they must get, in order, against a registry of their own.
//
//   METHOD path
//   optional JSON body
//   -> status body          (a body of only "*" is not compared)
#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

#include "base/files/files.h"
#include "base/json/value.h"
#include "schemas/registry/handlers.h"

namespace offtake::registry {
namespace {

http::Response ask(const http::Router& router, const std::string& method, const std::string& target,
                   const std::string& body) {
  http::Request request;
  request.method = method;
  request.target = target;
  const auto question = target.find('?');
  request.path = target.substr(0, question);
  if (question != std::string::npos) request.query = http::decode_query(target.substr(question + 1));
  request.body = body;
  if (!body.empty()) request.headers.set("Content-Type", "application/vnd.schemaregistry.v1+json");
  return router.handle(request);
}

TEST_CASE("recorded exchanges") {
  const auto names = files::list_names(REGISTRY_CASES);
  REQUIRE(names.ok());
  for (const std::string& name : *names) {
    CAPTURE(name);
    auto store = Store::open(":memory:");
    REQUIRE(store.ok());
    http::Router router;
    add_routes(router, **store, "");
    std::ifstream file(std::string(REGISTRY_CASES) + "/" + name);
    std::string line, method, target, body;
    int number = 0, compared = 0;
    while (std::getline(file, line)) {
      ++number;
      if (line.empty() || line[0] == '#') continue;
      if (line.rfind("-> ", 0) == 0) {
        CAPTURE(number);
        const http::Response response = ask(router, method, target, body);
        std::istringstream expected(line.substr(3));
        int status = 0;
        std::string text;
        expected >> status;
        std::getline(expected >> std::ws, text);
        INFO(method, " ", target, " ", body, " gave ", response.status, " ", response.body);
        CHECK(response.status == status);
        if (text != "*") {
          const auto want = json::parse(text);
          const auto got = json::parse(response.body);
          REQUIRE_MESSAGE(want.ok(), text);
          REQUIRE(got.ok());
          if (want->is_object()) {
            // Members that are not named do not count.
            for (const auto& [member, value] : want->as_object()) {
              INFO(member);
              CHECK(json::dump((*got)[member]) == json::dump(value));
            }
          } else {
            CHECK(json::dump(*got) == json::dump(*want));
          }
        }
        ++compared;
        body.clear();
      } else if (line[0] == '{' || line[0] == '[' || line[0] == '"') {
        body = line;
      } else {
        std::istringstream words(line);
        words >> method >> target;
      }
    }
    CHECK(compared > 0);
  }
}

}  // namespace
}  // namespace offtake::registry
