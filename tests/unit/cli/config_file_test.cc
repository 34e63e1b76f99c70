#include "controlplane/cli/config_file.h"

#include <doctest/doctest.h>

#include "base/files/files.h"

using namespace offtake;

namespace {

const std::vector<cli::Option> kOptions = {{"--data-dir", "DIR", ""},
                                           {"-l,--listen", "HOST:PORT", ""},
                                           {"--config", "FILE", ""},
                                           {"--quiet", "", ""}};

base::Result<std::map<std::string, std::string>> read(const std::string& text) {
  const auto folder = *files::TempDir::make("config");
  const auto file = folder.path() / "offtake.yaml";
  REQUIRE(files::write_file_atomic(file, text, 0600).ok());
  auto out = cli::read_config(file, kOptions);
  if (out) return out;
  // The folder's name is another each time.
  base::Error error = std::move(out).error();
  error.location.file = "offtake.yaml";
  for (auto& cause : error.causes) cause.location.file = "offtake.yaml";
  return error;
}

}  // namespace

TEST_CASE("settings are the options' long names") {
  auto found = read("# ours\ndata-dir: /srv/offtake\nlisten: 127.0.0.1:7071\n");
  REQUIRE(found.ok());
  CHECK(*found ==
        std::map<std::string, std::string>{{"data-dir", "/srv/offtake"}, {"listen", "127.0.0.1:7071"}});
  CHECK(read("")->empty());
  CHECK(read("# nothing yet\n")->empty());
}

TEST_CASE("all that is wrong in it is said with its place") {
  const auto found = read("data_dir: /srv\nlisten: [a, b]\nconfig: x\n  \nlisten-on: y\n");
  REQUIRE(!found.ok());
  CHECK(found.error().code == "BadConfig");
  REQUIRE(found.error().causes.size() == 4);
  CHECK(found.error().causes[0].text() ==
        "offtake.yaml:1:1: there is no setting `data_dir`; did you mean data-dir?");
  CHECK(found.error().causes[1].text() ==
        "offtake.yaml:2:9: `listen` needs a value; write one text, or remove the line");
  CHECK(found.error().causes[2].text() ==
        "offtake.yaml:3:1: there is no setting `config`; there are: data-dir, listen");
  CHECK(found.error().causes[3].location.line == 5);
}

TEST_CASE("a file that is no settings") {
  CHECK(read("- data-dir\n").error().text() ==
        "offtake.yaml:1:1: settings are written as NAME: VALUE, one a line; there are: data-dir, listen");
  CHECK(read("data-dir: a\n---\nlisten: b\n").error().code == "BadConfig");
  CHECK(read("data-dir: a\ndata-dir: b\n").error().code == "BadYaml");
  CHECK(cli::read_config("/nowhere/offtake.yaml", kOptions).error().message.starts_with("--config: "));
}
