// The function that the bench calls: it takes everything and does nothing, so what is measured is the way
// there.
#include <cstdlib>

#include "base/http/server.h"
#include "base/process/signals.h"

using namespace offtake;

int main() {
  auto stop = process::StopSignal::install();
  const char* port = std::getenv("PORT");
  if (!stop || port == nullptr) return 2;
  http::Router router;
  router.add("POST", "/", [](const http::Request&) {
    http::Response response;
    response.status = 204;
    return response;
  });
  http::ServerOptions options;
  options.port = std::atoi(port);
  const auto server = http::Server::start(std::move(router), options);
  if (!server) return 3;
  stop->wait();
}
