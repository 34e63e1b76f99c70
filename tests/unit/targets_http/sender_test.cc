#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <map>
#include <set>
#include <thread>

#include "operators/targets/http/message_sender.h"
#include "tests/unit/targets_http/receiver.h"

using namespace offtake;
using namespace offtake::targets::http;
using std::chrono::milliseconds;
using Kind = Outcome::Kind;

namespace {

std::string code_of(const Outcome& outcome) {
  return outcome.error ? outcome.error->code : "";
}

// Accepts one connection after the other and says the same to each, whatever it asks.
class RawServer {
 public:
  explicit RawServer(std::string says) : says_(std::move(says)), fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(::bind(fd_, reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(::listen(fd_, 16) == 0);
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] {
      for (int peer; (peer = ::accept(fd_, nullptr, nullptr)) >= 0; ::close(peer)) {
        std::string got(4096, '\0');
        (void)!::read(peer, got.data(), got.size());
        (void)!::write(peer, says_.data(), says_.size());
      }
    });
  }
  ~RawServer() {
    ::shutdown(fd_, SHUT_RDWR);
    thread_.join();
    ::close(fd_);
  }
  std::string url() const { return fmt::format("http://127.0.0.1:{}/", port_); }

 private:
  std::string says_;
  int fd_, port_ = 0;
  std::thread thread_;
};

int unused_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  REQUIRE(::bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0);
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(fd);
  return ntohs(address.sin_port);
}

}  // namespace

TEST_CASE("a message arrives as a CloudEvent, in both modes") {
  Receiver receiver([](const web::Request&) { return status(204); });
  for (const auto mode : {EventMode::kBinary, EventMode::kStructured}) {
    auto sender = open({.url = receiver.url("/in/box?tenant=a%20b"), .mode = mode});
    const auto outcomes = send_all(*sender, {message("k ü", 9'007'199)});
    CHECK(outcomes[0].kind == Kind::kAcknowledged);
    CHECK(outcomes[0].status == 204);
    const auto request = receiver.requests().back();
    CHECK(request.method == "POST");
    CHECK(request.target == "/in/box?tenant=a%20b");
    const auto event = decode(request.headers, request.body);
    REQUIRE(event.ok());
    REQUIRE(event->has_value());
    CHECK((*event)->subject == "k ü");
    CHECK((*event)->data == R"({"row":{"n":9007199}})");
  }
}

TEST_CASE("messages of a key keep their order, keys run side by side, within the bound") {
  std::atomic<int> now{0}, most{0};
  std::mutex mutex;
  std::map<std::string, std::vector<std::string>> seen;
  Receiver receiver([&](const web::Request& request) {
    const int running = ++now;
    for (int was = most; running > was && !most.compare_exchange_weak(was, running);) {
    }
    {
      const std::lock_guard lock(mutex);
      auto& ids = seen[std::string(request.headers.get("ce-subject"))];
      ids.emplace_back(request.headers.get("ce-id"));
    }
    std::this_thread::sleep_for(milliseconds(1 + request.body.size() % 3));  // how long its work takes
    --now;
    return status(200);
  });
  auto sender = open({.url = receiver.url(), .max_in_flight = 8});
  std::vector<Message> messages;
  for (int i = 0; i < 400; ++i) messages.push_back(message(fmt::format("k{}", i * i % 37), i));
  for (const auto& outcome : send_all(*sender, messages)) CHECK(outcome.kind == Kind::kAcknowledged);
  CHECK(most > 1);
  CHECK(most <= 8);
  std::map<std::string, std::vector<std::string>> sent;
  for (const auto& one : messages) sent[one.key].push_back(one.event.id);
  CHECK(seen == sent);
  // Eight connections did it all.
  std::set<int> ports;
  for (const auto& request : receiver.requests()) ports.insert(request.remote_port);
  CHECK(ports.size() <= 8);
}

TEST_CASE("what is in flight is bounded in bytes, and a larger one goes alone") {
  std::atomic<int> now{0}, most{0};
  Receiver receiver([&](const web::Request& request) {
    const int running = ++now;
    for (int was = most; running > was && !most.compare_exchange_weak(was, running);) {
    }
    if (request.body.size() > 2000) CHECK(running == 1);
    std::this_thread::sleep_for(milliseconds(2));
    --now;
    return status(200);
  });
  auto sender = open({.url = receiver.url(), .max_bytes_in_flight = 2000});
  std::vector<Message> messages;
  for (int i = 0; i < 40; ++i) {
    messages.push_back(message(fmt::format("k{}", i)));
    messages.back().event.data = "\"" + std::string(i == 20 ? 5000 : 600, 'x') + "\"";
  }
  for (const auto& outcome : send_all(*sender, messages)) CHECK(outcome.kind == Kind::kAcknowledged);
  CHECK(most <= 3);
  CHECK(most > 1);
}

TEST_CASE("answers have the outcome that is written down for them") {
  Receiver receiver([](const web::Request& request) {
    return status(std::stoi(std::string(request.headers.get("ce-subject"))));
  });
  const std::map<int, Kind> expected = {
      {200, Kind::kAcknowledged}, {202, Kind::kAcknowledged}, {204, Kind::kAcknowledged},
      {400, Kind::kRow},          {409, Kind::kRow},          {413, Kind::kRow},
      {422, Kind::kRow},          {408, Kind::kRetry},        {425, Kind::kRetry},
      {429, Kind::kRetry},        {500, Kind::kRetry},        {503, Kind::kRetry},
      {401, Kind::kTerminal},     {403, Kind::kTerminal},     {404, Kind::kTerminal},
      {405, Kind::kTerminal},     {410, Kind::kTerminal},     {418, Kind::kRetry},
      {303, Kind::kRetry},
  };
  for (const auto& [code, kind] : expected) {
    CAPTURE(code);
    auto sender = open({.url = receiver.url()});
    const auto outcomes = send_all(*sender, {message(std::to_string(code))});
    CHECK(outcomes[0].kind == kind);
    CHECK(outcomes[0].status == code);
    CHECK(outcomes[0].error.has_value() == (kind != Kind::kAcknowledged));
  }
  // What nobody wrote down is tried twenty times.
  auto sender = open({.url = receiver.url()});
  auto strange = message("418");
  strange.attempt = 20;
  CHECK(send_all(*sender, {strange})[0].kind == Kind::kTerminal);
}

TEST_CASE("what is behind a message that was not taken waits, other keys go on") {
  Receiver receiver([](const web::Request& request) {
    return status(request.headers.get("ce-id") == "uid:a:2" ? 422 : 200);
  });
  auto sender = open({.url = receiver.url()});
  const auto outcomes = send_all(*sender, {message("a", 1), message("a", 2), message("b", 1), message("a", 3),
                                           message("b", 2), message("a", 4)});
  const Kind expected[] = {Kind::kAcknowledged, Kind::kRow,          Kind::kAcknowledged,
                           Kind::kNotSent,      Kind::kAcknowledged, Kind::kNotSent};
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    CAPTURE(i);
    CHECK(outcomes[i].kind == expected[i]);
  }
  CHECK(receiver.requests().size() == 4);
}

TEST_CASE("Retry-After: nobody is sent before") {
  std::atomic<bool> busy{true};
  Receiver receiver([&](const web::Request&) {
    auto response = status(busy ? 429 : 200);
    if (busy) response.headers.set("Retry-After", "120");
    return response;
  });
  base::ManualClock clock(1'800'000'000'000'000);
  auto sender = open({.url = receiver.url(), .max_in_flight = 1}, clock);
  const std::vector<Message> messages = {message("a"), message("b"), message("c")};
  auto outcomes = send_all(*sender, messages);
  CHECK(outcomes[0].kind == Kind::kRetry);
  CHECK(outcomes[0].retry_after == milliseconds(120'000));
  CHECK(outcomes[1].kind == Kind::kNotSent);
  CHECK(outcomes[2].retry_after == milliseconds(120'000));
  busy = false;
  clock.advance(119'000'000);
  outcomes = send_all(*sender, messages);
  CHECK(outcomes[0].kind == Kind::kNotSent);
  CHECK(outcomes[0].retry_after == milliseconds(1'000));
  CHECK(receiver.requests().size() == 1);
  clock.advance(1'000'000);
  for (const auto& outcome : send_all(*sender, messages)) CHECK(outcome.kind == Kind::kAcknowledged);
}

TEST_CASE("senders to one receiver share what they know of it") {
  std::atomic<bool> busy{true}, hang{true};
  std::atomic<int> now{0}, most{0};
  Receiver receiver([&](const web::Request& request) {
    const auto subject = request.headers.get("ce-subject");
    if (subject == "bad") return status(404);
    if (subject.starts_with("slow")) {
      const int running = ++now;
      for (int was = most; running > was && !most.compare_exchange_weak(was, running);) {
      }
      for (int i = 0; hang && i < 400; ++i) std::this_thread::sleep_for(milliseconds(5));
      --now;
    }
    auto response = status(subject == "busy" && busy ? 429 : 200);
    if (response.status == 429) response.headers.set("Retry-After", "120");
    return response;
  });
  base::ManualClock clock(1'800'000'000'000'000);
  const auto notes = std::make_shared<ReceiverNotes>(3);
  auto one = open({.url = receiver.url(), .max_in_flight = 3, .notes = notes}, clock);
  auto other = open({.url = receiver.url(), .max_in_flight = 2, .notes = notes}, clock);
  // Who was taken lately.
  CHECK(send_all(*one, {message("good")})[0].kind == Kind::kAcknowledged);
  CHECK(send_all(*other, {message("bad")})[0].kind == Kind::kRetry);
  CHECK_FALSE(notes->trouble().has_value());
  for (const char* key : {"a", "b", "bad"})
    notes->note_failed(key, base::transient("TimedOut", ""), false, clock.now());
  CHECK(notes->trouble().has_value());  // several of them
  CHECK(send_all(*one, {message("good")})[0].kind == Kind::kAcknowledged);
  CHECK_FALSE(notes->trouble().has_value());
  // What is in flight.
  std::vector<Message> slow;
  for (int i = 0; i < 6; ++i) slow.push_back(message(fmt::format("slow{}", i)));
  std::jthread ends([&] {
    while (now < 3) std::this_thread::yield();
    std::this_thread::sleep_for(milliseconds(50));
    hang = false;
  });
  std::jthread beside([&] { (void)send_all(*other, slow); });
  while (now < 2) std::this_thread::yield();
  CHECK(send_all(*one, slow)[0].kind == Kind::kAcknowledged);
  beside.join();
  CHECK(most == 3);
  // A pause, and that nothing is taken.
  auto outcomes = send_all(*one, {message("busy")});
  CHECK(outcomes[0].kind == Kind::kRetry);
  outcomes = send_all(*other, {message("good")});
  CHECK(outcomes[0].kind == Kind::kNotSent);
  CHECK(outcomes[0].retry_after == milliseconds(120'000));
  REQUIRE(notes->trouble().has_value());
  CHECK(notes->trouble()->code == "ReceiverBusy");
  clock.advance(120'000'000);
  CHECK(send_all(*other, {message("good")})[0].kind == Kind::kAcknowledged);
  CHECK_FALSE(notes->trouble().has_value());
}

TEST_CASE("a refusal of all is one of this message while others are taken") {
  std::atomic<bool> all{false};
  Receiver receiver([&](const web::Request& request) {
    return status(all || request.headers.get("ce-subject") == "bad" ? 404 : 200);
  });
  base::ManualClock clock(1'800'000'000'000'000);
  auto sender = open({.url = receiver.url(), .max_in_flight = 1}, clock);
  CHECK(send_all(*sender, {message("good")})[0].kind == Kind::kAcknowledged);
  CHECK(send_all(*sender, {message("bad")})[0].kind == Kind::kRetry);
  // The same key was taken, no other one.
  all = true;
  CHECK(send_all(*sender, {message("good")})[0].kind == Kind::kTerminal);
  clock.advance(61'000'000);
  const auto outcomes = send_all(*sender, {message("bad"), message("good")});
  CHECK(outcomes[0].kind == Kind::kTerminal);
  CHECK(code_of(outcomes[0]) == "ReceiverRefuses");
  CHECK(outcomes[1].kind == Kind::kNotSent);  // no use in asking on
}

TEST_CASE("redirects: followed where the receiver lives, with method, body and secrets; never elsewhere") {
  Receiver other([](const web::Request&) { return status(200); });
  Receiver receiver([&](const web::Request& request) {
    web::Response response = status(200);
    const auto to = [&](int code, const std::string& location) {
      response = status(code);
      response.headers.set("Location", location);
    };
    if (request.path == "/events") to(307, "/there");
    if (request.path == "/moved") to(301, "there?x=1");
    if (request.path == "/loop") to(308, "/loop");
    if (request.path == "/away") to(307, other.url());
    if (request.path == "/nowhere") to(302, "mailto:a@b");
    return response;
  });
  for (const char* path : {"/events", "/moved"}) {
    auto sender = open({.url = receiver.url(path)});
    CHECK(send_all(*sender, {message("a")})[0].kind == Kind::kAcknowledged);
    const auto last = receiver.requests().back();
    CHECK(last.path == "/there");
    CHECK(last.method == "POST");
    CHECK(last.body == message("a").event.data);
  }
  for (const char* path : {"/loop", "/away", "/nowhere"}) {
    CAPTURE(path);
    auto sender = open({.url = receiver.url(path)});
    const auto outcome = send_all(*sender, {message("a")})[0];
    CHECK(outcome.kind == Kind::kTerminal);
    CHECK(code_of(outcome) == "RedirectRefused");
  }
  CHECK(other.requests().empty());
  CHECK(receiver.requests().size() == 4 + 4 + 1 + 1);  // the loop: once and three times more
}

TEST_CASE("a receiver that hangs is waited for so long, and not by all of them") {
  std::atomic<bool> hang{true};
  Receiver receiver([&](const web::Request&) {
    for (int i = 0; hang && i < 400; ++i) std::this_thread::sleep_for(milliseconds(5));
    return status(200);
  });
  auto sender = open({.url = receiver.url(), .max_in_flight = 2, .answer_deadline = milliseconds(100)});
  std::vector<Message> messages;
  for (int i = 0; i < 20; ++i) messages.push_back(message(std::to_string(i)));
  const auto outcomes = send_all(*sender, messages);
  int late = 0, not_sent = 0;
  for (const auto& outcome : outcomes) {
    late += code_of(outcome) == "TimedOut" && outcome.kind == Kind::kRetry ? 1 : 0;
    if (code_of(outcome) == "TimedOut") CHECK(outcome.took >= milliseconds(100));
    not_sent += outcome.kind == Kind::kNotSent ? 1 : 0;
  }
  CHECK(late + not_sent == 20);
  CHECK(late <= 3);
  CHECK(late >= 2);
  hang = false;
  CHECK(send_all(*sender, {message("z")})[0].kind == Kind::kAcknowledged);
}

TEST_CASE("a receiver that closes too early, is none, or is not there") {
  const auto outcome_at = [](const std::string& url) {
    auto sender = open({.url = url, .max_in_flight = 1});
    const auto outcomes = send_all(*sender, {message("a"), message("b")});
    CHECK(outcomes[0].kind == Kind::kRetry);
    return std::make_pair(code_of(outcomes[0]), outcomes[1].kind);
  };
  const RawServer mid_body("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf of it");
  CHECK(outcome_at(mid_body.url()).first == "ConnectionLost");
  const RawServer silent("");
  CHECK(outcome_at(silent.url()).first == "ConnectionLost");
  const RawServer garbage("garbage\n");
  CHECK(outcome_at(garbage.url()).first == "NotHttp");
  const auto away = outcome_at(fmt::format("http://127.0.0.1:{}/", unused_port()));
  CHECK(away.first == "Unreachable");
  CHECK(away.second == Kind::kNotSent);
}

TEST_CASE("answers: events in both modes are handed back, what is begun wrong parks, size is bounded") {
  Receiver receiver([](const web::Request& request) {
    const auto subject = request.headers.get("ce-subject");
    CloudEvent verdict;
    verdict.id = "v1";
    verdict.source = "/limits";
    verdict.type = "limits.checked";
    verdict.data = R"({"ok":true,"limit":12345678901234567890})";
    web::Response response;
    if (subject == "plain") return web::Response::of(200, "OK", "text/plain");
    if (subject == "garbage") return web::Response::of(200, "{]", "application/cloudevents+json");
    if (subject == "large") return web::Response::of(200, std::string(5000, 'x'), "text/plain");
    if (subject == "large500") return web::Response::of(500, std::string(5000, 'x'), "text/plain");
    auto encoded = encode(verdict, subject == "binary" ? EventMode::kBinary : EventMode::kStructured);
    response.headers = encoded.headers;
    response.body = encoded.body;
    return response;
  });
  SenderOptions options{.url = receiver.url(), .max_answer_bytes = 4096, .takes_answers = true};
  auto sender = open(options);
  const auto outcomes = send_all(*sender, {message("binary"), message("structured"), message("plain"),
                                           message("garbage"), message("large"), message("large500")});
  for (const int i : {0, 1}) {
    REQUIRE(outcomes[i].answer.has_value());
    CHECK(outcomes[i].answer->type == "limits.checked");
    CHECK(outcomes[i].answer->data == R"({"ok":true,"limit":12345678901234567890})");
  }
  CHECK(outcomes[2].kind == Kind::kAcknowledged);
  CHECK_FALSE(outcomes[2].answer.has_value());
  CHECK(outcomes[3].kind == Kind::kRow);
  CHECK(code_of(outcomes[3]) == "BadEvent");
  CHECK(outcomes[4].kind == Kind::kRow);
  CHECK(code_of(outcomes[4]) == "ResponseTooLarge");
  CHECK(outcomes[5].kind == Kind::kRetry);
  // Where nobody wants them, answers are nobody's trouble.
  options.takes_answers = false;
  sender = open(options);
  for (const auto& outcome : send_all(*sender, {message("garbage"), message("large"), message("binary")})) {
    CHECK(outcome.kind == Kind::kAcknowledged);
    CHECK_FALSE(outcome.answer.has_value());
  }
}

TEST_CASE("a stop cuts off what is under way") {
  std::stop_source stop;
  std::atomic<bool> hang{true};
  Receiver receiver([&](const web::Request&) {
    stop.request_stop();
    for (int i = 0; hang && i < 400; ++i) std::this_thread::sleep_for(milliseconds(5));
    return status(200);
  });
  auto sender = open({.url = receiver.url(), .max_in_flight = 1});
  const auto outcomes = send_all(*sender, {message("a"), message("b")}, stop.get_token());
  hang = false;
  CHECK(outcomes[0].kind == Kind::kRetry);
  CHECK(code_of(outcomes[0]) == "Cancelled");
  CHECK(outcomes[1].kind == Kind::kNotSent);
}
