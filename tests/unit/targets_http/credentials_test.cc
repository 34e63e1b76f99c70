#include "operators/targets/http/credentials.h"

#include <sys/stat.h>

#include <thread>

#include "base/crypto/crypto.h"
#include "base/process/process.h"
#include "tests/unit/targets_http/receiver.h"

using namespace offtake;
using namespace offtake::targets::http;
using Kind = Outcome::Kind;
using std::chrono::milliseconds;

namespace {
struct Place {
  files::TempDir dir = *files::TempDir::make();
  files::Path write(const char* name, std::string_view text) const {
    REQUIRE(files::write_file_atomic(dir.path() / name, text, 0600).ok());
    return dir.path() / name;
  }
};
}  // namespace

TEST_CASE("bearer and basic come from files, and a rotated one is taken at once") {
  const Place place;
  Receiver receiver([](const web::Request&) { return status(200); });
  SenderOptions options{.url = receiver.url()};
  options.credentials.bearer_token = place.write("token", "first\n");
  auto sender = open(options);
  send_all(*sender, {message("a")});
  CHECK(receiver.requests().back().bearer_token() == "first");
  place.write("token", "second-one");
  send_all(*sender, {message("a")});
  CHECK(receiver.requests().back().bearer_token() == "second-one");
  REQUIRE(files::remove_file(options.credentials.bearer_token).ok());
  send_all(*sender, {message("a")});
  CHECK(receiver.requests().back().bearer_token() == "second-one");

  options.credentials = {};
  options.credentials.user = place.write("username", "me");
  options.credentials.password = place.write("password", "p:w ü");
  send_all(*open(options), {message("a")});
  CHECK(receiver.requests().back().headers.get("authorization") == "Basic " + crypto::base64("me:p:w ü"));
}

TEST_CASE("the signature is over id, time and the exact body, as Standard Webhooks has it") {
  const Place place;
  Receiver receiver([](const web::Request&) { return status(200); });
  const base::ManualClock clock(1'800'000'000'999'999);
  SenderOptions options{.url = receiver.url(), .mode = EventMode::kStructured};
  options.credentials.signing_key = place.write("key", "whsec_" + crypto::base64("a key of bytes\x01"));
  send_all(*open(options, clock), {message("ü\"", 5)});
  const auto request = receiver.requests().back();
  CHECK(request.headers.get("webhook-timestamp") == "1800000000");
  const auto content = fmt::format("{}.1800000000.{}", request.headers.get("webhook-id"), request.body);
  CHECK(request.headers.get("webhook-signature") ==
        "v1," + crypto::base64(crypto::hmac_sha256("a key of bytes\x01", content)));
  // The specification's own example.
  Credentials credentials({.signing_key = place.write("key", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")});
  REQUIRE(credentials.refresh().ok());
  web::Headers headers;
  credentials.add_to(headers, "msg_p5jXN8AQM9LWM0D4loKWxJek", R"({"test": 2432232314})",
                     1'614'265'330'000'000);
  CHECK(headers.get("webhook-signature") == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST_CASE("a secret that is missing is waited for, one that is wrong is said, and none is shown") {
  const Place place;
  SenderOptions options{.url = "http://127.0.0.1:1/x?key=geheim"};
  options.credentials.bearer_token = place.dir.path() / "none";
  CHECK(MessageSender::open(options).error().retry == base::Retry::kWaiting);
  for (const char* bad : {"", "\n", "geheim\r\nX-Evil: 1"}) {
    options.credentials.bearer_token = place.write("token", bad);
    const auto sender = MessageSender::open(options);
    REQUIRE_FALSE(sender.ok());
    CHECK(sender.error().code == "BadSecret");
    CHECK(sender.error().text().find("geheim") == std::string::npos);
  }
}

TEST_CASE("no outcome shows a credential, not even where the receiver says it back") {
  const Place place;
  const std::string secret = "geheim-4711";
  Receiver receiver([&](const web::Request& request) {
    const auto code = std::stoi(std::string(request.headers.get("ce-subject")));
    auto response = web::Response::of(code, std::string(request.headers.get("authorization")), "text/plain");
    response.headers.set("X-Said", request.headers.get("authorization"));
    response.headers.set("Location", "http://me:geheim-4711@127.0.0.2/?token=geheim-4711");
    return response;
  });
  SenderOptions options{.url = receiver.url("/x?token=" + secret), .answer_deadline = milliseconds(300)};
  options.credentials.bearer_token = place.write("token", secret);
  for (const char* code : {"400", "401", "404", "418", "500", "307"}) {
    CAPTURE(code);
    const auto outcome = send_all(*open(options), {message(code)})[0];
    REQUIRE(outcome.error.has_value());
    CHECK((outcome.error->text() + outcome.error->detail).find("geheim") == std::string::npos);
  }
  options.url = "http://127.0.0.1:1/x?token=" + secret;
  const auto outcome = send_all(*open(options), {message("200")})[0];
  REQUIRE(outcome.error.has_value());
  CHECK((outcome.error->text() + outcome.error->detail).find("geheim") == std::string::npos);
}

TEST_CASE("TLS: the CA given is the one that counts") {
  const Place place;
  const auto run = [&](std::vector<std::string> argv) {
    process::Command command;
    command.argv = std::move(argv);
    command.directory = place.dir.path();
    command.output_file = command.error_file = place.dir.path() / "out";
    auto child = process::spawn(command);
    REQUIRE_MESSAGE(child.ok(), child.error().text());
    return *child;
  };
  const auto made = run({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                         "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "key.pem", "-out", "cert.pem",
                         "-days", "2", "-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1"});
  REQUIRE(process::wait_gone(made, std::chrono::seconds(20)));
  REQUIRE((*process::reap(made))->code == 0);
  place.write("server.py", R"(
import http.server, ssl
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()
    def log_message(self, *args): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("cert.pem", "key.pem")
server.socket = context.wrap_socket(server.socket, server_side=True)
import os
open("port.new", "w").write(str(server.server_port))
os.rename("port.new", "port")
server.serve_forever()
)");
  const auto server = run({"python3", "server.py"});
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!files::exists(place.dir.path() / "port") && std::chrono::steady_clock::now() < deadline)
    process::wait_gone(server, milliseconds(20));
  const auto port = files::read_file(place.dir.path() / "port");
  REQUIRE(port.ok());
  SenderOptions options{.url = fmt::format("https://127.0.0.1:{}/", *port)};
  const auto refused = send_all(*open(options), {message("a"), message("b")});
  CHECK(refused[0].kind == Kind::kTerminal);
  CHECK(refused[0].error->code == "CertificateRefused");
  options.ca_pem = *files::read_file(place.dir.path() / "cert.pem");
  CHECK(send_all(*open(options), {message("a")})[0].kind == Kind::kAcknowledged);
  // Another CA than the server's.
  const auto other =
      run({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
           "-keyout", "key2.pem", "-out", "cert2.pem", "-days", "2", "-subj", "/CN=other"});
  REQUIRE(process::wait_gone(other, std::chrono::seconds(20)));
  CHECK(process::reap(other).ok());
  options.ca_pem = *files::read_file(place.dir.path() / "cert2.pem");
  CHECK(send_all(*open(options), {message("a")})[0].kind == Kind::kTerminal);
  CHECK(process::terminate(server, std::chrono::seconds(2)).ok());
  CHECK(process::reap(server).ok());
}
