#include <unistd.h>

#include <cstdio>
#include <string>

#include "base/http/server.h"
#include "schemas/registry/handlers.h"

// Serves until its standard input ends.
int main(int argc, char** argv) {
  using namespace offtake;
  auto store = registry::Store::open(argc > 1 ? argv[1] : ":memory:");
  if (!store) {
    std::fprintf(stderr, "%s\n", store.error().text().c_str());
    return 1;
  }
  http::Router router;
  registry::add_routes(router, **store, "/registry");
  auto server = http::Server::start(std::move(router), {});
  if (!server) {
    std::fprintf(stderr, "%s\n", server.error().text().c_str());
    return 1;
  }
  std::printf("http://%s/registry\n", (*server)->address().c_str());
  std::fflush(stdout);
  char byte = 0;
  while (::read(STDIN_FILENO, &byte, 1) > 0) {
  }
  return 0;
}
