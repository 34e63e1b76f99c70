// Many calls to one server at a time, made by the thread that calls: for who sends more than it can wait for
// one by one. Connections stay open from call to call. One thread uses an Exchanges.
// Over libcurl's multi interface: https://curl.se/libcurl/c/libcurl-multi.html
#pragma once
#include <cstdint>
#include <memory>
#include <stop_token>
#include <vector>

#include "base/http/client.h"

namespace offtake::http {

class Exchanges {
 public:
  explicit Exchanges(ClientOptions options);  // as a Client's
  ~Exchanges();                               // cuts off what still runs
  Exchanges(const Exchanges&) = delete;
  Exchanges& operator=(const Exchanges&) = delete;

  // In flight from now on. `id`: the caller's; none that runs has it.
  void start(std::uint64_t id, ClientRequest request);
  std::size_t running() const;

  struct Done {
    std::uint64_t id = 0;
    base::Result<ClientResponse> response;  // as Client::send's
    int status = 0;                         // also where the body was not had; 0: no head came
  };
  // Those that have ended, in that order. Waits for the first of them, at most `timeout`, and not once `stop`
  // is requested.
  std::vector<Done> wait(std::chrono::milliseconds timeout, std::stop_token stop = {});

  // Ends all that run; their connections are closed.
  void abandon();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace offtake::http
