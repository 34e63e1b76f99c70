#include "controlplane/cli/command_line.h"

#include <doctest/doctest.h>

#include "controlplane/cli/connection.h"
#include "controlplane/cli/console.h"
#include "controlplane/cli/demo/verbs.h"
#include "controlplane/cli/listen_address.h"
#include "controlplane/cli/progress.h"
#include "controlplane/cli/verbs.h"

using namespace offtake;
using namespace offtake::cli;

namespace {

Arguments seen;

int note(const Arguments& arguments, Console&) {
  seen = arguments;
  return kDone;
}

const Verb kTry = {"try",
                   "Tries",
                   {{"KIND", "a kind"}, {"NAME", "a name", false}},
                   {{"-f,--filename", "FILE", "files", "", true},
                    {"--timeout", "DURATION", "how long", "60s"},
                    {"--wait", "", "waits"},
                    {"-o,--output", "FORMAT", "how"}},
                   "  offtake try x",
                   note};

const Verb kMany = {"many", "Takes many", {{"KIND", "a kind"}, {"NAME", "names", false, true}}, {}, "", note};

int run(std::vector<const char*> words) {
  words.insert(words.begin(), "offtake");
  Console console;
  seen = {};
  return run_command_line(static_cast<int>(words.size()), words.data(), {&kTry, &kMany}, console);
}

}  // namespace

TEST_CASE("arguments are known by their long names, with what they are by default") {
  REQUIRE(run({"try", "dataset", "orders", "-f", "a", "-f", "b", "--wait", "-o", "json"}) == kDone);
  CHECK(seen.text("KIND") == "dataset");
  CHECK(seen.text("NAME") == "orders");
  CHECK(seen.all("filename") == std::vector<std::string>{"a", "b"});
  CHECK(seen.text("timeout") == "60s");
  CHECK(seen.flag("wait"));
  CHECK(seen.text("output") == "json");
  REQUIRE(run({"try", "dataset/orders", "--wait=false"}) == kDone);
  CHECK(seen.has("wait"));
  CHECK_FALSE(seen.flag("wait"));
  CHECK_FALSE(seen.has("NAME"));
  CHECK_FALSE(seen.has("filename"));
}

TEST_CASE("a positional that is repeated takes the words to the end") {
  REQUIRE(run({"many", "dataset", "orders", "refunds", "late"}) == kDone);
  CHECK(seen.text("KIND") == "dataset");
  CHECK(seen.all("NAME") == std::vector<std::string>{"orders", "refunds", "late"});
  REQUIRE(run({"many", "dataset"}) == kDone);
  CHECK_FALSE(seen.has("NAME"));
}

TEST_CASE("what nobody knows is a usage error") {
  CHECK(run({}) == kUsage);
  CHECK(run({"tri"}) == kUsage);
  CHECK(run({"try"}) == kUsage);
  CHECK(run({"try", "x", "--timout", "3s"}) == kUsage);
  CHECK(run({"try", "x", "y", "z"}) == kUsage);
  CHECK(run({"try", "--help"}) == kDone);
}

TEST_CASE("what people type from habit") {
  CHECK(run({"help"}) == kDone);
  CHECK(run({"help", "try"}) == kDone);
  CHECK(run({"help", "tri"}) == kUsage);
  CHECK(run({"--help"}) == kDone);
  static Verb version = kTry;
  version.name = "version";
  version.positionals.clear();
  Console console;
  const std::vector<const char*> words = {"offtake", "--version"};
  CHECK(run_command_line(2, words.data(), {&kTry, &version}, console) == kDone);
}

TEST_CASE("every verb has a summary, an example that names it, and options in words") {
  auto all = verbs();
  for (const Verb* verb : demo::verbs()) all.push_back(verb);
  for (const Verb* verb : all) {
    CAPTURE(verb->name);
    CHECK(static_cast<bool>(verb->run));
    CHECK_FALSE(verb->summary.empty());
    CHECK(verb->examples.find("offtake " + verb->name) != std::string::npos);
    for (const Option& option : verb->options) CHECK_FALSE(option.doc.empty());
  }
}

TEST_CASE("addresses to listen on") {
  auto plain = read_listen_address("127.0.0.1:7070");
  REQUIRE(plain.ok());
  CHECK(plain->host == "127.0.0.1");
  CHECK(plain->port == 7070);
  CHECK(read_listen_address("[::1]:0")->host == "::1");
  for (const char* bad : {"", "7070", ":7070", "host:", "host:x", "host:70000", "host:-1"}) {
    CAPTURE(bad);
    CHECK_FALSE(read_listen_address(bad).ok());
  }
}

TEST_CASE("kinds are found by what people type") {
  CHECK(*read_kind("products") == &resources::kind_of<resources::DataProduct>());
  CHECK(*read_kind("Dataset") == &resources::kind_of<resources::Dataset>());
  CHECK(read_kind("datset").error().hint.find("dataset") != std::string::npos);
}

TEST_CASE("numbers, durations and tables for people") {
  CHECK(grouped(0) == "0");
  CHECK(grouped(999) == "999");
  CHECK(grouped(1000) == "1,000");
  CHECK(grouped(-1234567) == "-1,234,567");
  CHECK(lag_text(250) == "250ms");
  CHECK(lag_text(61'000) == "61s");
  CHECK(lag_text(125'000) == "2m5s");
  CHECK(seconds_text(0.42) == "0.4 s");
  CHECK(seconds_text(200) == "3 min 20 s");
  CHECK(table_text({{"NAME", "READY"}, {"Zoë", "True"}, {"x", ""}}) == "NAME  READY\nZoë   True\nx\n");
}
