// A real OpenSearch of our own, from the distribution in the cache of the tests.
#include <doctest/doctest.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "base/http/client.h"
#include "fixture.h"
#include "operators/provision/servers/opensearch/java.h"

namespace offtake::provision_test {
namespace {

constexpr const char* kDistribution = "opensearch-2.19.6";

files::Path cached_distribution() {
  const auto variable = [](const char* name) -> std::string {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
  };
  // Another version: an unpacked distribution.
  if (const std::string other = variable("OFFTAKE_TEST_OPENSEARCH"); !other.empty()) return other;
  files::Path cache = variable("OFFTAKE_CACHE");
  if (cache.empty()) {
    const std::string base = variable("XDG_CACHE_HOME");
    cache = (base.empty() ? files::Path(variable("HOME")) / ".cache" : files::Path(base)) / "offtake";
  }
  REQUIRE_MESSAGE(files::exists(cache / kDistribution / ".complete"),
                  kDistribution << " is missing: run ./dev deps test");
  return cache / kDistribution;
}

// Where the server's account may reach it: the cache may be below a closed home directory.
files::Path installed_in(const Place& place) {
  const files::Path home = place.path() / "opensearch";
  std::filesystem::copy(cached_distribution(), home, std::filesystem::copy_options::recursive);
  return home;
}

servers::ServerOrder opensearch_order(const std::string& home) {
  servers::ServerOrder order;
  order.name = "search";
  order.uid = "class-search";
  order.generation = 1;
  order.engine = "opensearch";
  order.parameters = {{"home", home}, {"memory", "256m"}};
  // The account that PostgreSQL's package made does for this one as well: any ordinary one does.
  if (::geteuid() == 0) order.parameters["runAs"] = "postgres";
  return order;
}

std::string body_of(const base::Result<http::ClientResponse>& response, int status) {
  REQUIRE_MESSAGE(response.ok(), response.error().text());
  REQUIRE_MESSAGE(response->status == status, response->body);
  return response->body;
}

http::Client client_of(int port) {
  http::ClientOptions options;
  options.base_url = fmt::format("http://127.0.0.1:{}", port);
  return http::Client(options);
}

}  // namespace

TEST_CASE("a private OpenSearch starts, outlives kill -9 with its documents, is adopted, and goes") {
  const Place place;
  Running running(place);
  const auto order = opensearch_order(installed_in(place).string());
  REQUIRE(running->keep(order).ok());
  const auto before = wait_usable(*running, order);
  body_of(client_of(before.port).put("/things/_doc/1?refresh=true", R"({"name": "kept"})"), 201);
  REQUIRE(::kill(static_cast<pid_t>(before.pid), SIGKILL) == 0);
  eventually([&] { return running->look("search", "class-search").pid != before.pid; }, "another process");
  const auto after = wait_usable(*running, order);
  CHECK(after.port == before.port);
  CHECK(body_of(client_of(after.port).get("/things/_doc/1"), 200).find("kept") != std::string::npos);

  running.forget_and_begin_anew();
  REQUIRE(running->keep(order).ok());
  CHECK(wait_usable(*running, order).pid == after.pid);
  // Its words are in the log that we keep.
  CHECK(files::read_file(place.servers() / "search/server.log")->find("started") != std::string::npos);
  REQUIRE(running->remove(order).ok());
  CHECK_FALSE(process::identify(static_cast<pid_t>(after.pid)).has_value());
  CHECK_FALSE(files::exists(place.servers() / "search"));
}

TEST_CASE("an installation or a runtime that is not there is named") {
  const Place place;
  Running running(place);
  auto order = opensearch_order(place.path() / "nowhere");
  REQUIRE(running->keep(order).ok());
  CHECK(wait_code(*running, order, "BinariesMissing")
            .usable.error()
            .text()
            .find("lib/opensearch-<version>.jar in") != std::string::npos);
  order.generation = 2;
  order.parameters.erase("home");
  REQUIRE(running->keep(order).ok());
  eventually(
      [&] {
        const auto view = running->look("search", "class-search");
        return !view.usable && view.usable.error().message.find("does not say where") != std::string::npos;
      },
      "the missing parameter");

  namespace opensearch = servers::opensearch;
  opensearch::JavaPlaces places;
  places.installed = place.path() / "jvm";
  const auto install = [&](const files::Path& home, const std::string& version) {
    REQUIRE(files::make_dirs(home / "bin").ok());
    REQUIRE(files::write_file_atomic(home / "bin/java", "", 0755).ok());
    REQUIRE(files::write_file_atomic(home / "release", "JAVA_VERSION=\"" + version + "\"\n").ok());
  };
  install(place.path() / "jvm/old", "1.8.0_392");
  install(place.path() / "jvm/seventeen", "17.0.15");
  CHECK(*opensearch::find_java(places, 11) == place.path() / "jvm/seventeen");
  const auto none = opensearch::find_java(places, 21).error();
  CHECK(none.code == "BinariesMissing");
  CHECK(none.message.find("seventeen (Java 17)") != std::string::npos);
  install(place.path() / "bundled", "21.0.2");
  places.bundled = place.path() / "bundled";
  CHECK(*opensearch::find_java(places, 11) == places.bundled);
  places.wanted = (place.path() / "jvm/old").string();
  CHECK(opensearch::find_java(places, 11).error().message.find("parameters.javaHome") != std::string::npos);
}

}  // namespace offtake::provision_test
