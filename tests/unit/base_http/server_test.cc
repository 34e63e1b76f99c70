#include "base/http/server.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <condition_variable>
#include <latch>
#include <thread>

#include "base/files/files.h"
#include "base/http/client.h"

using namespace offtake;
using http::Client;
using http::ClientOptions;
using http::ClientRequest;
using http::Request;
using http::Response;
using http::Router;
using http::Server;
using http::ServerOptions;
using http::StreamWriter;

namespace {

Response echo(const Request& request) {
  return Response::of(200, fmt::format("{} {} [{}]", request.method, request.path, request.body),
                      "text/plain");
}

Router example() {
  Router router;
  router.add("*", "/echo", echo);
  router.add("*", "/echo/{path...}", echo);
  router.add("POST", "/small", echo, {.max_body_bytes = 10});
  router.add("POST", "/large",
             [](const Request& request) {
               return Response::of(200, std::to_string(request.body.size()), "text/plain");
             },
             {.max_body_bytes = 16 << 20});
  router.add("GET", "/large/{size}", [](const Request& request) {
    return Response::of(200, std::string(std::stoul(request.param("size")), 'x'), "text/plain");
  });
  router.add("GET", "/count", [](const Request&) {
    Response response;
    response.stream = [](StreamWriter& out) {
      for (int i = 0; i < 5; ++i) {
        if (!out.write(fmt::format("{}\n", i))) return;
      }
    };
    return response;
  });
  router.add("GET", "/watch", [](const Request&) {
    Response response;
    response.stream = [](StreamWriter& out) {
      std::mutex mutex;
      std::condition_variable_any changed;
      std::unique_lock lock(mutex);
      out.write("begun\n");
      while (out.alive())
        changed.wait_for(lock, out.stop_token(), std::chrono::milliseconds(20), [] { return false; });
    };
    return response;
  });
  router.add("GET", "/broken", [](const Request&) {
    Response response;
    response.stream = [](StreamWriter& out) {
      out.write("part");
      throw std::runtime_error("no more");
    };
    return response;
  });
  router.add("GET", "/peer", [](const Request& request) {
    return Response::of(200, fmt::format("{} {}", request.remote_address, request.from_loopback()),
                        "text/plain");
  });
  router.add("GET", "/inject", [](const Request&) {
    Response response = Response::of(200, "x", "text/plain");
    response.headers.set("X-Data", "a\r\nX-Evil: 1");
    return response;
  });
  router.add("GET", "/nothing", [](const Request&) {
    Response response;
    response.status = 204;
    return response;
  });
  return router;
}

std::unique_ptr<Server> start(const ServerOptions& options = {}, Router router = example()) {
  auto server = Server::start(std::move(router), options);
  REQUIRE_MESSAGE(server.ok(), server.error().text());
  return *std::move(server);
}

Client client_of(const Server& server) {
  ClientOptions options;
  options.base_url = "http://" + server.address();
  return Client(options);
}

// A client that sends exactly these bytes.
class Raw {
 public:
  explicit Raw(const Server& server) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(server.port()));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  }
  ~Raw() { ::close(fd_); }
  Raw(const Raw&) = delete;
  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  // Until the server closes, or `end` was seen.
  std::string read(std::string_view end = "\r\n\r\n\r\n") {
    std::string out;
    std::array<char, 4096> buffer;
    while (out.find(end) == std::string::npos) {
      const ssize_t got = ::recv(fd_, buffer.data(), buffer.size(), 0);
      if (got <= 0) break;
      out.append(buffer.data(), static_cast<std::size_t>(got));
    }
    return out;
  }

 private:
  int fd_;
};

template <class Condition>
bool eventually(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

}  // namespace

TEST_CASE("every method, with and without a body") {
  const auto server = start();
  CHECK(server->port() > 0);
  const Client client = client_of(*server);
  for (const char* method : {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PURGE"}) {
    for (const char* body : {"", "some text"}) {
      ClientRequest request;
      request.method = method;
      request.path = "/echo/a%20b";
      request.body = body;
      const auto response = client.send(request);
      REQUIRE_MESSAGE(response.ok(), response.error().text());
      CHECK(response->status == 200);
      CHECK(response->body == fmt::format("{} /echo/a b [{}]", method, body));
    }
  }
  CHECK(client.get("/nothing")->status == 204);
  CHECK(client.get("/absent")->status == 404);
  const auto wrong = client.put("/small", "x");
  CHECK(wrong->status == 405);
  CHECK(wrong->headers.get("allow") == "POST");
  CHECK(client.get("/peer")->body == "127.0.0.1 true");
  CHECK(client.get("/inject")->headers.has("x-evil") == false);
  ClientRequest head;
  head.method = "HEAD";
  head.path = "/large/1000";
  const auto headed = client.send(head);
  CHECK(headed->headers.get("content-length") == "1000");
  CHECK(headed->body.empty());
  // All of it over one; what was closed after a refused body is counted until its thread has noticed.
  CHECK(eventually([&] { return server->load().connections == 1; }));
}

TEST_CASE("bodies: limits per route, large ones, forms and chunks") {
  const auto server = start();
  const Client client = client_of(*server);
  CHECK(client.post("/small", "0123456789")->status == 200);
  CHECK(client.post("/small", "0123456789x")->status == 413);
  const std::string large(15 << 20, 'x');
  CHECK(client.post("/large", large)->body == std::to_string(large.size()));
  CHECK(client.post("/large", large, "application/x-www-form-urlencoded")->status == 200);
  CHECK(client.post("/echo", large)->status == 413);
  CHECK(client.get("/large/8000000")->body.size() == 8000000);

  Raw raw(*server);
  raw.send("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  raw.send("4;ext=1\r\ndefg\r\n0\r\nTrailer: x\r\n\r\nGET /echo HTTP/1.1\r\nHost: x\r\n\r\n");
  const std::string answers = raw.read("GET /echo []");
  CHECK(answers.find("POST /echo [abcdefg]") != std::string::npos);
  CHECK(answers.find("GET /echo []") != std::string::npos);

  Raw endless(*server);
  endless.send("POST /small HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n12345678\r\n8\r\n");
  CHECK(endless.read().starts_with("HTTP/1.1 413"));

  Raw polite(*server);
  polite.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  CHECK(polite.read("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
  polite.send("ab");
  CHECK(polite.read("[ab]").find("POST /echo [ab]") != std::string::npos);
}

TEST_CASE("a body that was not read is never taken for a request") {
  const auto server = start();
  Raw raw(*server);
  const std::string hidden = "GET /echo/hidden HTTP/1.1\r\nHost: x\r\n\r\n";
  raw.send(
      fmt::format("POST /absent HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{}", hidden.size(), hidden));
  const std::string answer = raw.read();
  CHECK(answer.starts_with("HTTP/1.1 404"));
  CHECK(answer.find("Connection: close") != std::string::npos);
  CHECK(answer.find("hidden") == std::string::npos);
}

TEST_CASE("bad requests end the connection with an answer") {
  ServerOptions options;
  options.head_deadline = std::chrono::milliseconds(200);
  options.max_head_bytes = 1000;
  const auto server = start(options);
  for (const auto& [sent, status] : std::initializer_list<std::pair<std::string, std::string>>{
           {"NONSENSE\r\n\r\n", "400"},
           {"GET / HTTP/3.0\r\n\r\n", "505"},
           {"GET / HTTP/1.1\r\nHost: x\r\nX: " + std::string(2000, 'y'), "431"},
           {"GET / HTTP/1.1\r\nHo", "408"},
           {"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "400"},
           {"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n", "400"}}) {
    CAPTURE(sent.substr(0, 60));
    Raw raw(*server);
    raw.send(sent);
    CHECK(raw.read().substr(9, 3) == status);
  }
  Raw old(*server);
  old.send("GET /echo HTTP/1.0\r\n\r\n");
  CHECK(old.read().find("Connection: close") != std::string::npos);
}

TEST_CASE("streams: written as they go, cut off when broken, ended by the reader or by a stop") {
  const auto server = start();
  const Client client = client_of(*server);
  std::string seen;
  const auto keep = [&](std::string_view bytes) {
    seen += bytes;
    return true;
  };
  ClientRequest request;
  request.path = "/count";
  REQUIRE(client.stream(request, keep).ok());
  CHECK(seen == "0\n1\n2\n3\n4\n");
  CHECK(client.get("/count")->body == seen);

  request.path = "/broken";
  const auto broken = client.stream(request, keep);
  REQUIRE_FALSE(broken.ok());
  CHECK(broken.error().code == "ConnectionLost");

  request.path = "/absent";
  CHECK(client.stream(request, keep)->status == 404);

  request.path = "/watch";
  CHECK(client.stream(request, [](std::string_view) { return false; })->status == 200);
  CHECK(eventually(
      [&] { return server->load().streams == 0; }));  // the server notices that the reader has gone

  std::latch begun(1);
  base::Result<http::ClientResponse> result = base::internal("not run");
  std::jthread reader([&](const std::stop_token& stop) {
    result = client.stream(
        request,
        [&](std::string_view) {
          begun.count_down();
          return true;
        },
        stop);
  });
  begun.wait();
  CHECK(server->load().streams == 1);
  reader.request_stop();
  reader.join();
  CHECK(result.error().code == "Cancelled");
}

TEST_CASE("a stop ends streams and idle connections and lets requests finish") {
  std::latch running(1);
  std::latch may_finish(1);
  Router router = example();
  router.add("GET", "/slow", [&](const Request&) {
    running.count_down();
    may_finish.wait();
    return Response::of(200, "done", "text/plain");
  });
  auto server = start({}, std::move(router));
  const Client client = client_of(*server);
  CHECK(client.get("/echo")->status == 200);  // leaves an idle connection
  std::latch begun(1);
  std::string slow;
  base::Result<http::ClientResponse> stream = base::internal("not run");
  std::jthread watching([&] {
    ClientRequest request;
    request.path = "/watch";
    stream = client.stream(request, [&](std::string_view) {
      begun.count_down();
      return true;
    });
  });
  std::jthread asking([&] { slow = client.get("/slow")->body; });
  begun.wait();
  running.wait();
  std::jthread stopping([&] { server->stop(); });
  watching.join();
  CHECK(stream.ok());  // ended properly, not torn
  may_finish.count_down();
  stopping.join();
  asking.join();
  CHECK(slow == "done");
  CHECK(server->load().connections == 0);
  CHECK(server->load().threads == 0);
  CHECK(client.get("/echo").error().code == "Unreachable");
  CHECK(client.get("/echo").error().retry == base::Retry::kTransient);
}

TEST_CASE("limits: streams are refused before ordinary requests are, idle connections make room") {
  ServerOptions options;
  options.max_connections = 8;
  options.reserved_connections = 2;
  options.max_streams = 3;
  const auto server = start(options);
  std::vector<std::unique_ptr<Raw>> watchers;
  for (int i = 0; i < 3; ++i) {
    watchers.push_back(std::make_unique<Raw>(*server));
    watchers.back()->send("GET /watch HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK(watchers.back()->read("begun").find("200 OK") != std::string::npos);
  }
  const Client client = client_of(*server);
  const auto refused = client.get("/watch");
  CHECK(refused->status == 429);
  CHECK(refused->headers.get("retry-after") == "5");
  CHECK(client.get("/echo")->status == 200);

  // Idle connections fill the rest; each further one costs the longest idle one its place.
  std::vector<std::unique_ptr<Raw>> idle;
  for (int i = 0; i < 10; ++i) {
    idle.push_back(std::make_unique<Raw>(*server));
    idle.back()->send("GET /echo HTTP/1.1\r\nHost: x\r\n\r\n");
    const std::string answer = idle.back()->read("[]");
    CAPTURE(answer);
    CHECK(answer.starts_with("HTTP/1.1 200"));
  }
  watchers.clear();
  CHECK(eventually([&] { return server->load().streams == 0; }));
}

TEST_CASE("too many connections at once are told so") {
  ServerOptions options;
  options.max_connections = 2;
  std::latch running(2);
  std::latch may_finish(1);
  Router router;
  router.add("GET", "/slow", [&](const Request&) {
    running.count_down();
    may_finish.wait();
    return Response::of(200, "done", "text/plain");
  });
  const auto server = start(options, std::move(router));
  Raw one(*server);
  Raw two(*server);
  one.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
  two.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
  running.wait();
  Raw three(*server);
  const std::string answer = three.read();
  CHECK(answer.starts_with("HTTP/1.1 503"));
  CHECK(answer.find("Retry-After: 5") != std::string::npos);
  may_finish.count_down();
  CHECK(one.read("done").find("200 OK") != std::string::npos);
}

TEST_CASE("many clients at once") {
  const auto server = start();
  const Client client = client_of(*server);
  std::atomic<int> good{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 16; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 100; ++i) {
          const auto response = client.post("/echo", fmt::format("{} {}", t, i));
          if (response.ok() && response->body == fmt::format("POST /echo [{} {}]", t, i)) ++good;
        }
      });
    }
  }
  CHECK(good == 1600);
}

TEST_CASE("idle threads end") {
  ServerOptions options;
  options.idle_thread = std::chrono::milliseconds(20);
  options.idle_connection = std::chrono::milliseconds(20);
  const auto server = start(options);
  { CHECK(client_of(*server).get("/echo")->status == 200); }
  CHECK(eventually([&] { return server->load().threads == 0 && server->load().connections == 0; }));
  CHECK(client_of(*server).get("/echo")->status == 200);
}

TEST_CASE("a unix socket: private, taken over when left behind, removed at the end") {
  const auto dir = files::TempDir::make();
  ServerOptions options;
  options.unix_socket = (dir->path() / "worker.sock").string();
  {
    const auto server = start(options);
    CHECK(server->address() == "unix:" + options.unix_socket);
    ClientOptions to;
    to.base_url = "http://worker";
    to.unix_socket = options.unix_socket;
    const Client client(to);
    CHECK(client.get("/peer")->body == "unix true");
    const auto second = Server::start(example(), options);
    REQUIRE_FALSE(second.ok());
    CHECK(second.error().code == "AddressInUse");
    CHECK(client.get("/echo")->status == 200);
  }
  CHECK_FALSE(files::exists(options.unix_socket));
  // What a killed process leaves.
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr address{};
  std::array<char, 110> raw{};
  raw[0] = AF_UNIX;
  std::copy(options.unix_socket.begin(), options.unix_socket.end(), raw.begin() + 2);
  REQUIRE(sizeof address <= raw.size());
  REQUIRE(::bind(fd, reinterpret_cast<sockaddr*>(raw.data()), raw.size()) == 0);
  ::close(fd);
  CHECK(start(options)->port() == 0);
  options.unix_socket = std::string(200, 'x');
  CHECK(Server::start(example(), options).error().code == "AddressNotUsable");
}

TEST_CASE("addresses that cannot be used") {
  const auto server = start();
  ServerOptions options;
  options.port = server->port();
  CHECK(Server::start(example(), options).error().code == "AddressInUse");
  options.host = "203.0.113.1";
  CHECK(Server::start(example(), options).error().code == "AddressNotUsable");
}

TEST_CASE("what a client can meet") {
  Router router;
  router.add("GET", "/slow", [](const Request&) {
    std::mutex mutex;
    std::condition_variable never;
    std::unique_lock lock(mutex);
    never.wait_for(lock, std::chrono::milliseconds(500));
    return Response{};
  });
  router.add("GET", "/auth", [](const Request& request) {
    return Response::of(200, std::string(request.headers.get("authorization")), "text/plain");
  });
  router.add("GET", "/query", [](const Request& request) {
    return Response::of(200, request.query_value("a b"), "text/plain");
  });
  router.add("GET", "/large",
             [](const Request&) { return Response::of(200, std::string(2000, 'x'), "text/plain"); });
  const auto server = start({}, std::move(router));
  ClientOptions options;
  options.base_url = "http://" + server->address() + "/";
  options.timeout = std::chrono::milliseconds(50);
  CHECK(Client(options).get("/slow").error().code == "TimedOut");
  options.timeout = std::chrono::milliseconds(5000);
  options.bearer_token = "secret";
  CHECK(Client(options).get("/auth")->body == "Bearer secret");
  options.bearer_token = "";
  options.user = "u";
  options.password = "p";
  CHECK(Client(options).get("/auth")->body == "Basic dTpw");
  ClientRequest request;
  request.path = "/query";
  request.query = {{"a b", "c&d=é"}};
  CHECK(Client(options).send(request)->body == "c&d=é");
  options.max_response_bytes = 1000;
  CHECK(Client(options).get("/large").error().code == "ResponseTooLarge");
  options.base_url = "ftp://127.0.0.1/";
  CHECK(Client(options).get("/").error().code == "BadUrl");
}
