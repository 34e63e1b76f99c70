// What the compiler makes of each statement in the data files. REWRITE=1 writes the files anew.
#include "tests/unit/sql/golden.h"

#include <doctest/doctest.h>

#include <cstdlib>

#include "operators/plan/plan_json.h"

namespace offtake::test {
namespace {

const std::string kFolder = std::string(OFFTAKE_SOURCE_DIR) + "/tests/unit/sql";

std::string describe(const sql::Compiled& compiled) {
  std::string out;
  for (const auto& error : compiled.errors) out += error.code + ": " + error.text() + "\n";
  for (const auto& missing : compiled.missing) {
    out += "missing " + missing.id.text() + ": " + missing.error.text() + "\n";
  }
  for (const auto& warning : compiled.warnings) out += "warning: " + warning + "\n";
  if (!compiled.ok()) return out;
  out += explain(compiled.plan);
  for (const auto& use : compiled.datasets) {
    out += "Reads " + use.id.text() + " (";
    for (std::size_t i = 0; i < use.columns.size(); ++i) out += (i > 0 ? ", " : "") + use.columns[i];
    out += std::string("): ") + (use.windowed ? "windowed, " : "whole, ") + use.reason + "\n";
  }
  return out;
}

void check_file(const std::string& path) {
  const sql::Catalog catalog = test_catalog(kFolder);
  std::vector<Golden> cases = read_golden(path);
  REQUIRE(!cases.empty());
  const bool rewrite = std::getenv("REWRITE") != nullptr;
  for (Golden& golden : cases) {
    const sql::Compiled compiled = sql::compile(input_of(golden, catalog));
    const std::string found = describe(compiled);
    if (rewrite) {
      golden.expected = found;
    } else {
      CHECK_MESSAGE(found == golden.expected, path << ": " << golden.title << "\n"
                                                   << golden.sql << "\nfound:\n"
                                                   << found);
    }
    if (!compiled.ok()) continue;
    // Every plan survives the job file.
    const std::string text = json::dump_canonical(plan::to_json(compiled.plan));
    auto parsed = json::parse(text, 4000);
    REQUIRE_MESSAGE(parsed.ok(), golden.title);
    auto again = plan::plan_from_json(*parsed);
    REQUIRE_MESSAGE(again.ok(), golden.title << ": " << again.error().text());
    CHECK_MESSAGE(json::dump_canonical(plan::to_json(*again)) == text, golden.title);
    CHECK_MESSAGE(explain(*again) == explain(compiled.plan), golden.title);
  }
  if (rewrite) write_golden(path, cases);
}

}  // namespace

TEST_CASE("plans") {
  for (const std::string& path : golden_files(kFolder, ".plan")) check_file(path);
}

TEST_CASE("errors") {
  for (const std::string& path : golden_files(kFolder, ".errors")) check_file(path);
}

TEST_CASE("unsupported SQL is found without a catalogue") {
  std::vector<Golden> cases = read_golden(kFolder + "/unsupported.errors");
  const sql::Catalog catalog = test_catalog(kFolder);
  for (const Golden& golden : cases) {
    const auto alone = sql::check_grammar(golden.sql);
    const sql::Compiled compiled = sql::compile(input_of(golden, catalog));
    REQUIRE_MESSAGE(alone.size() == compiled.errors.size(), golden.title);
    for (std::size_t i = 0; i < alone.size(); ++i) CHECK(alone[i].text() == compiled.errors[i].text());
  }
}

}  // namespace offtake::test
