#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <fstream>
#include <thread>

#include "base/json/value.h"
#include "base/process/process.h"
#include "base/process/session.h"
#include "operators/targets/function/function_sender.h"

using namespace offtake;
using namespace offtake::targets::function;
using std::chrono::milliseconds;
using std::chrono::seconds;
using targets::http::Message;
using targets::http::Outcome;
using Kind = Outcome::Kind;
using State = FunctionView::State;

namespace {

struct Place {
  files::TempDir dir = *files::TempDir::make("function");
  FunctionOptions options;

  explicit Place(const std::string& mode) {
    options.name = "confirmations";
    options.revision = 3;
    options.command = {"python3", OFFTAKE_SOURCE_DIR "/tests/data/functions/function.py", "an argument"};
    options.environment = {{"MODE", mode}};
    options.directory = dir.path() / "f";
    options.stop_grace = seconds(5);
  }
  files::Path secret(std::string_view text) const {
    REQUIRE(files::write_file_atomic(dir.path() / "token", text, 0600).ok());
    return dir.path() / "token";
  }
  std::unique_ptr<FunctionProcess> open() const {
    auto function = FunctionProcess::open(options);
    REQUIRE_MESSAGE(function.ok(), function.error().text());
    return *std::move(function);
  }
  std::string log() const {
    const auto text = files::read_file(options.directory / "function.log");
    return text.ok() ? *text : "";
  }
  std::vector<process::Identity> left() const {
    return process::started_with("OFFTAKE_FUNCTION", options.directory);
  }
};

template <class Test>
void eventually(const Test& test, const char* what) {
  const auto deadline = std::chrono::steady_clock::now() + seconds(30);
  while (!test()) {
    REQUIRE_MESSAGE(std::chrono::steady_clock::now() < deadline, what);
    std::this_thread::sleep_for(milliseconds(10));
  }
}

std::vector<Message> messages(int count) {
  std::vector<Message> out(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    out[i].key = out[i].event.subject = std::to_string(i);
    out[i].event.id = fmt::format("id{}", i);
    out[i].event.source = "/test";
    out[i].event.type = "t";
    out[i].event.data = "{}";
  }
  return out;
}

base::Result<std::vector<Outcome>> send(FunctionProcess& function, int count,
                                        milliseconds deadline = seconds(20)) {
  auto sender = make_function_sender(function, {.answer_deadline = deadline, .takes_answers = true});
  std::vector<Outcome> out(static_cast<std::size_t>(count));
  auto sent =
      sender->send(messages(count), [&](std::size_t i, Outcome outcome) { out[i] = std::move(outcome); });
  if (!sent) return std::move(sent).error();
  return out;
}

// Until it is called, a function's failure is nobody's: the error of the use that met it.
base::Error failure_of(FunctionProcess& function) {
  auto use = function.use();
  REQUIRE_FALSE(use.ok());
  return use.error();
}

}  // namespace

TEST_CASE("a function is started when it is called, sees what it is given and nothing else, and answers") {
  Place place("echo");
  place.options.secrets = {{"TOKEN", place.secret("geheim-4711\n")}};
  ::setenv("OF_THE_WORKER", "1", 1);
  const auto function = place.open();
  CHECK(function->view().state == State::kStopped);
  const auto outcomes = send(*function, 20);
  REQUIRE_MESSAGE(outcomes.ok(), outcomes.error().text());
  for (const auto& outcome : *outcomes) {
    CHECK(outcome.kind == Kind::kAcknowledged);
    CHECK(outcome.answer.has_value());
  }
  const auto seen = json::parse((*outcomes)[0].answer->data);
  REQUIRE(seen.ok());
  const auto& environment = (*seen)["environment"];
  CHECK(environment.string_or("TOKEN") == "geheim-4711");
  CHECK(environment.string_or("PORT") == std::to_string(function->view().port));
  CHECK(environment.string_or("K_SERVICE") == "confirmations");
  CHECK(environment.string_or("K_REVISION") == "confirmations-00003");
  CHECK(environment.string_or("HOME") == place.options.directory);
  CHECK(environment.find("OF_THE_WORKER") == nullptr);
  // LC_CTYPE is Python's own.
  CHECK(environment.as_object().size() - (environment.find("LC_CTYPE") != nullptr) == 9);
  // No secret where other accounts of the machine look.
  const auto pid = static_cast<int>(seen->int_or("pid"));
  CHECK(pid == function->view().pid);
  const auto arguments = files::read_file(fmt::format("/proc/{}/cmdline", pid));
  CHECK(arguments->find("geheim") == std::string::npos);
  CHECK(arguments->find("an argument") != std::string::npos);
  CHECK(::getsid(pid) == pid);
  CHECK(function->view().starts == 1);
}

TEST_CASE("it is ended when it is idle, not while it is used, and started by the next call") {
  Place place("echo");
  place.options.idle_timeout = milliseconds(300);
  const auto function = place.open();
  {
    const auto use = function->use();
    REQUIRE(use.ok());
    const auto pid = function->view().pid;
    std::this_thread::sleep_for(milliseconds(900));  // three times its timeout
    CHECK(function->view().pid == pid);
  }
  eventually([&] { return function->view().pid == 0; }, "ended when idle");
  CHECK(function->view().state == State::kStopped);
  CHECK(function->view().last_end.ok());
  CHECK(place.left().empty());
  REQUIRE(send(*function, 1).ok());
  CHECK(function->view().starts == 2);
}

TEST_CASE("it dies at its start: its last lines are said without the secret, and the pauses grow") {
  Place place("die");
  place.options.secrets = {{"TOKEN", place.secret("geheim-4711")}};
  const auto function = place.open();
  const auto error = failure_of(*function);
  CHECK(error.code == "FunctionFailed");
  CHECK(error.retry == base::Retry::kTransient);
  CHECK(error.message.find("ended with code 3 before it listened") != std::string::npos);
  CHECK(error.message.find("cannot reach the mail server as ***") != std::string::npos);
  CHECK(error.message.find("geheim") == std::string::npos);
  CHECK(place.log().find("cannot reach") != std::string::npos);
  // At once again, then after a pause: a caller who does not wait gets the same answer.
  eventually([&] { return failure_of(*function).code == "FunctionFailed" && function->view().starts == 2; },
             "second start");
  for (int i = 0; i < 100; ++i) CHECK(failure_of(*function).code == "FunctionFailed");
  CHECK(function->view().starts == 2);
  CHECK(function->view().state == State::kFailed);
  eventually([&] { return failure_of(*function).code == "FunctionFailed" && function->view().starts == 3; },
             "third start");
}

TEST_CASE("there is no such program") {
  Place place("echo");
  for (const char* program : {"no-such-program-anywhere", "/no/such/program"}) {
    place.options.command = {program};
    const auto error = failure_of(*place.open());
    CHECK(error.code == "FunctionNotStarted");
    CHECK(error.retry == base::Retry::kTerminal);
  }
}

TEST_CASE("it never listens") {
  Place place("mute");
  place.options.start_deadline = milliseconds(400);
  const auto function = place.open();
  const auto error = failure_of(*function);
  CHECK(error.code == "FunctionNotListening");
  CHECK(error.message.find("$PORT") != std::string::npos);
  // Whoever met the failure does not start it again by having waited.
  CHECK(place.left().empty());
  CHECK(function->view().starts == 1);
}

TEST_CASE("over its memory it is killed, also where a process of its own holds it") {
  for (const char* mode : {"hog", "hog-child"}) {
    CAPTURE(mode);
    Place place(mode);
    place.options.memory_bytes = 200 << 20;
    const auto function = place.open();
    const auto outcomes = send(*function, 1);
    REQUIRE(outcomes.ok());
    CHECK((*outcomes)[0].kind == Kind::kRetry);
    eventually([&] { return !function->view().last_end.ok(); }, "the reason is known");
    CHECK(function->view().last_end.error().code == "FunctionMemory");
    CHECK(place.left().empty());
  }
}

TEST_CASE("it dies in a call: the message is to be sent again, and a new one takes the next") {
  Place place("exit");
  const auto function = place.open();
  const auto outcomes = send(*function, 1);
  REQUIRE(outcomes.ok());
  CHECK((*outcomes)[0].kind == Kind::kRetry);
  eventually([&] { return !function->view().last_end.ok(); }, "the reason is known");
  const auto error = function->view().last_end.error();
  CHECK(error.code == "FunctionFailed");
  CHECK(error.message.find("ended with code 7") != std::string::npos);
  CHECK(error.message.find("last words of the function") != std::string::npos);
  eventually([&] { return function->use().ok(); }, "started again");
  CHECK(function->view().starts == 2);
}

TEST_CASE("garbage is no answer") {
  Place place("garbage");
  const auto function = place.open();
  const auto outcomes = send(*function, 1);
  REQUIRE(outcomes.ok());
  CHECK((*outcomes)[0].kind == Kind::kRetry);
  CHECK((*outcomes)[0].error->code == "NotHttp");
}

TEST_CASE("it hangs: the calls end, and it is started again") {
  Place place("hang");
  const auto function = place.open();
  const auto outcomes = send(*function, 3, milliseconds(300));
  REQUIRE(outcomes.ok());
  for (const auto& outcome : *outcomes) CHECK(outcome.error->code == "TimedOut");
  eventually([&] { return !function->view().last_end.ok(); }, "killed");
  CHECK(function->view().last_end.error().code == "FunctionHangs");
  eventually([&] { return function->use().ok(); }, "started again");
  CHECK(function->view().starts == 2);
}

TEST_CASE("it does not answer one call, and others meanwhile: it is left alone") {
  Place place("hang-at-0");
  const auto function = place.open();
  const auto notes = std::make_shared<targets::http::ReceiverNotes>(8);
  const auto sender = [&](milliseconds deadline) {
    return make_function_sender(*function, {.answer_deadline = deadline, .notes = notes});
  };
  std::atomic<int> late = 0;
  std::jthread hangs([&, one = sender(milliseconds(1'000))] {
    CHECK(one->send(messages(1),
                    [&](std::size_t, const Outcome& outcome) {
                      late += outcome.error && outcome.error->code == "TimedOut" ? 1 : 0;
                    })
              .ok());
  });
  const auto other = sender(seconds(20));
  const auto good = messages(2);
  while (late == 0) {
    CHECK(other
              ->send(std::span(good).subspan(1),
                     [](std::size_t, const Outcome& outcome) { CHECK(outcome.kind == Kind::kAcknowledged); })
              .ok());
  }
  hangs.join();
  std::this_thread::sleep_for(milliseconds(200));  // several looks of whoever would start it again
  CHECK(other
            ->send(std::span(good).subspan(1),
                   [](std::size_t, const Outcome& outcome) { CHECK(outcome.kind == Kind::kAcknowledged); })
            .ok());
  CHECK(function->view().starts == 1);
}

TEST_CASE("nothing is left of it when it is ended, not even what left its session or ignores SIGTERM") {
  for (const char* mode : {"children", "stubborn"}) {
    CAPTURE(mode);
    Place place(mode);
    place.options.stop_grace = milliseconds(300);
    auto function = place.open();
    REQUIRE(function->use().ok());
    CHECK(place.left().size() == (mode == std::string("children") ? 3 : 1));
    function.reset();
    CHECK(place.left().empty());
    CHECK_FALSE(files::exists(place.options.directory / "function.pid"));
  }
}

TEST_CASE("a worker that is killed leaves no function: the next one ends what is there") {
  Place place("children");
  const pid_t worker = ::fork();
  REQUIRE(worker >= 0);
  if (worker == 0) {
    auto function = FunctionProcess::open(place.options);
    if (!function.ok()) ::_exit(1);
    const auto use = (*function)->use();
    ::pause();
    ::_exit(2);
  }
  eventually([&] { return files::exists(place.options.directory / "pids"); }, "it runs");
  const auto function = process::read_pid_file(place.options.directory / "function.pid");
  REQUIRE(function.ok());
  CHECK(process::is_alive(*function));
  ::kill(worker, SIGKILL);
  ::waitpid(worker, nullptr, 0);
  CHECK(process::wait_gone(*function, seconds(10)));  // by the kernel
  CHECK(place.left().size() == 2);                    // its own children live on
  const auto next = place.open();
  CHECK(place.left().empty());
}

TEST_CASE("its log is rotated while it runs") {
  Place place("echo");
  const auto function = place.open();
  const auto use = function->use();
  REQUIRE(use.ok());
  {
    std::ofstream log(place.options.directory / "function.log", std::ios::app);
    log << std::string((10 << 20) + 1, 'x') << "\n";
  }
  eventually([&] { return files::exists(place.options.directory / "function.1.log"); }, "rotated");
  eventually([&] { return place.log().empty(); }, "cut");
}

TEST_CASE("a secret that is not there yet is waited for") {
  Place place("echo");
  place.options.secrets = {{"TOKEN", place.dir.path() / "token"}};
  const auto function = place.open();
  CHECK(failure_of(*function).retry == base::Retry::kWaiting);
  place.secret("now");
  eventually([&] { return function->use().ok(); }, "started");
}

TEST_CASE("variables that are none, twice, or ours are refused") {
  Place place("echo");
  for (const char* name : {"", "A B", "1A", "A=B", "PORT", "K_SERVICE", "OFFTAKE_FUNCTION", "MODE"}) {
    CAPTURE(name);
    auto options = place.options;
    options.environment.emplace_back(name, "x");
    CHECK(FunctionProcess::open(options).error().code == "BadEnvironment");
  }
  auto options = place.options;
  options.command = {};
  CHECK(FunctionProcess::open(options).error().code == "NoCommand");
}

TEST_CASE("a call that waits for the start ends with its stop") {
  Place place("mute");
  const auto function = place.open();
  std::stop_source stop;
  std::jthread later([&] {
    eventually([&] { return function->view().pid != 0; }, "it starts");
    stop.request_stop();
  });
  const auto use = function->use(stop.get_token());
  REQUIRE_FALSE(use.ok());
  CHECK(use.error().code == "Cancelled");
}
