#include "base/log.h"

#include <doctest/doctest.h>

#include <sstream>

#include "base/files/files.h"
#include "base/json/value.h"

using namespace offtake;

namespace {
std::vector<json::Value> lines_of(const files::Path& path) {
  std::vector<json::Value> out;
  std::istringstream text(*files::read_file(path));
  for (std::string line; std::getline(text, line);) out.push_back(*json::parse(line));
  return out;
}
}  // namespace

TEST_CASE("log lines are JSON with the fields of the thread's scopes") {
  const auto dir = files::TempDir::make();
  base::LogOptions options;
  options.file = (dir->path() / "out.log").string();
  base::configure_log(options);
  std::vector<std::string> seen;
  {
    const base::LogScope outer({{"product", "orders"}, {"namespace", "shop"}});
    const base::LogScope inner(
        {{"revision", "3"}},
        [](void* context, std::string_view line) {
          static_cast<std::vector<std::string>*>(context)->emplace_back(line);
        },
        &seen);
    base::log_info("a \"quoted\"\nline {}", {{"path", "C:\\x\x01"}, {"component", "worker"}});
    base::log_debug("not shown");
    // A thread that works for this one.
    std::jthread([scope = base::LogScope::current()] {
      const base::LogScope inherited(scope);
      base::log_info("from a thread");
    }).join();
  }
  base::log_error("outside");
  base::configure_log({});

  const auto lines = lines_of(options.file);
  REQUIRE(lines.size() == 3);
  CHECK(lines[1]["msg"].as_string() == "from a thread");
  CHECK(lines[1]["product"].as_string() == "orders");
  CHECK(lines[1]["revision"].as_string() == "3");
  CHECK(lines[0]["msg"].as_string() == "a \"quoted\"\nline {}");
  CHECK(lines[0]["path"].as_string() == "C:\\x\x01");
  CHECK(lines[0]["level"].as_string() == "info");
  std::string order;
  for (const auto& member : lines[0].as_object()) order += member.first + " ";
  CHECK(order == "ts level msg component namespace product revision path ");
  CHECK(lines[2].find("product") == nullptr);
  CHECK(lines[2]["level"].as_string() == "error");
  REQUIRE(seen.size() == 2);
  CHECK(*json::parse(seen[0]) == lines[0]);
  CHECK(*json::parse(seen[1]) == lines[1]);
}

TEST_CASE("a log file rotates") {
  const auto dir = files::TempDir::make();
  base::LogOptions options;
  options.file = (dir->path() / "out.log").string();
  options.rotate_bytes = 2000;
  options.rotate_files = 3;
  base::configure_log(options);
  for (int i = 0; i < 200; ++i) base::log_info("a line of some length that fills the file");
  base::configure_log({});
  CHECK(files::list_names(dir->path())->size() == 3);
}
