// Conversations with the API, as data: each *.api file here runs on a fresh store.
//
//   ### words
//   METHOD /target
//   Header: value
//                          (an empty line, then the body if there is one)
//   => 200
//   Header: value          (must be there and equal)
//   {"subset": "of the answer"}     one JSON a line for streams
//
// Members that the expectation does not name are not looked at; "*" is anything, "!" is absent. $name, where
// an earlier expectation holds "$name", is the value that stood there.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "controlplane/api/api.h"
#include "controlplane/store/embedded_store.h"
#include "controlplane/store/references.h"

using namespace offtake;

namespace {

struct Exchange {
  std::string title;
  http::Request request;
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::vector<std::string> answers;
};

class Collector : public http::StreamWriter {
 public:
  bool write(std::string_view bytes) override {
    text += bytes;
    return true;
  }
  bool alive() override { return true; }
  std::stop_token stop_token() const override { return {}; }
  std::string text;
};

using Variables = std::map<std::string, std::string>;

std::string with_values(std::string text, const Variables& variables) {
  for (const auto& [name, value] : variables) {
    for (std::size_t at = text.find(name); at != std::string::npos; at = text.find(name, at + value.size())) {
      text.replace(at, name.size(), value);
    }
  }
  return text;
}

bool fits(const json::Value& expected, const json::Value* actual, Variables& variables, std::string& where) {
  if (expected.is_string() && expected.as_string() == "!") return actual == nullptr;
  if (actual == nullptr) return false;
  if (expected.is_string() && expected.as_string() == "*") return true;
  if (expected.is_string() && expected.as_string().starts_with('$')) {
    variables[expected.as_string()] = actual->is_string() ? actual->as_string() : json::dump(*actual);
    return true;
  }
  if (expected.is_object() && actual->is_object()) {
    for (const auto& [name, member] : expected.as_object()) {
      if (fits(member, actual->find(name), variables, where)) continue;
      where = "." + name + where;
      return false;
    }
    return true;
  }
  if (expected.is_array() && actual->is_array()) {
    if (expected.as_array().size() != actual->as_array().size()) return false;
    for (std::size_t i = 0; i < expected.as_array().size(); ++i) {
      if (fits(expected.as_array()[i], &actual->as_array()[i], variables, where)) continue;
      where = "[" + std::to_string(i) + "]" + where;
      return false;
    }
    return true;
  }
  return expected == *actual;
}

std::pair<std::string, std::string> header_of(const std::string& line) {
  const std::size_t colon = line.find(": ");
  REQUIRE(colon != std::string::npos);
  return {line.substr(0, colon), line.substr(colon + 2)};
}

void set_target(http::Request& request, const std::string& target) {
  request.target = target;
  const std::size_t question = target.find('?');
  request.path = *http::percent_decode(target.substr(0, question));
  if (question != std::string::npos) request.query = http::decode_query(target.substr(question + 1));
}

std::vector<std::string> read_exchanges(const std::filesystem::path& path) {
  std::ifstream in(path);
  std::vector<std::string> out;
  std::string line;
  while (std::getline(in, line)) {
    if (line.starts_with("### ")) out.emplace_back();
    if (!out.empty()) out.back() += line + "\n";
  }
  return out;
}

Exchange parse_exchange(const std::string& text) {
  std::istringstream in(text);
  Exchange out;
  std::string line;
  std::getline(in, out.title);
  std::getline(in, line);
  const std::size_t space = line.find(' ');
  out.request.method = line.substr(0, space);
  set_target(out.request, line.substr(space + 1));
  enum class Part { kHeaders, kBody, kAnswer } part = Part::kHeaders;
  while (std::getline(in, line)) {
    if (line.starts_with("=> ")) {
      out.status = std::stoi(line.substr(3));
      part = Part::kAnswer;
    } else if (part == Part::kHeaders && line.empty()) {
      part = Part::kBody;
    } else if (part == Part::kHeaders) {
      const auto [name, value] = header_of(line);
      out.request.headers.set(name, value);
    } else if (part == Part::kBody) {
      out.request.body += line + "\n";
    } else if (line.starts_with('{')) {
      out.answers.push_back(line);
    } else if (!line.empty()) {
      out.headers.push_back(header_of(line));
    }
  }
  return out;
}

void run_file(const std::filesystem::path& path) {
  base::ManualClock clock(*base::parse_instant("2026-11-23T09:00:00Z"));
  store::StoreOptions options;
  options.path = ":memory:";
  options.secret_key = std::string(32, 'k');
  options.clock = &clock;
  options.ring_events = 100;
  options.warn = store::missing_references;
  auto opened = store::EmbeddedStore::open(options);
  REQUIRE(opened.ok());
  http::Router router;
  api::add_routes(router, {opened->get(), &clock, "0.1.0", nullptr});
  router.set_refusal(api::refusal);
  Variables variables;
  for (const std::string& text : read_exchanges(path)) {
    Exchange exchange = parse_exchange(with_values(text, variables));
    CAPTURE(exchange.title);
    http::Response response = router.handle(exchange.request);
    if (response.stream) {
      Collector collector;
      response.stream(collector);
      response.body = collector.text;
    }
    CAPTURE(response.body);
    CHECK(response.status == exchange.status);
    for (const auto& [name, value] : exchange.headers) CHECK(response.headers.get(name) == value);
    std::istringstream lines(response.body);
    for (const std::string& expected : exchange.answers) {
      std::string line;
      std::getline(lines, line);
      auto actual = json::parse(line);
      auto wanted = json::parse(expected);
      REQUIRE(wanted.ok());
      REQUIRE(actual.ok());
      std::string where;
      const bool same = fits(*wanted, &*actual, variables, where);
      CAPTURE(where);
      CHECK(same);
    }
  }
}

}  // namespace

TEST_CASE("conversations with the API") {
  int count = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(OFFTAKE_SOURCE_DIR) / "tests/unit/api")) {
    if (entry.path().extension() != ".api") continue;
    ++count;
    CAPTURE(entry.path().filename().string());
    run_file(entry.path());
  }
  CHECK(count >= 5);
}
