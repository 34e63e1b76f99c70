// `.form`: a query, and what is drawn of it. `.edits`: a query, edits (`>>> {…}`, one after the other), and
// the text that comes out or why none does. REWRITE=1 writes the files anew.
#include <doctest/doctest.h>

#include <cstdlib>

#include "controlplane/sql/form/form_json.h"
#include "tests/unit/sql_form/describe.h"

namespace offtake::test {
namespace {

const std::string kFolder = std::string(OFFTAKE_SOURCE_DIR) + "/tests/unit/sql_form";
const std::string kDatasets = std::string(OFFTAKE_SOURCE_DIR) + "/tests/unit/sql";

template <class Run>
void check_files(const std::string& extension, Run run) {
  const bool rewrite = std::getenv("REWRITE") != nullptr;
  for (const std::string& path : golden_files(kFolder, extension)) {
    std::vector<Golden> cases = read_golden(path);
    REQUIRE(!cases.empty());
    for (Golden& golden : cases) {
      const std::string found = run(golden.sql);
      if (rewrite) {
        golden.expected = found;
      } else {
        CHECK_MESSAGE(found == golden.expected, path << ": " << golden.title << "\n"
                                                     << golden.sql << "\nfound:\n"
                                                     << found);
      }
    }
    if (rewrite) write_golden(path, cases);
  }
}

std::string run_edits(const std::string& text, const sql::Catalog& catalog) {
  const std::size_t first = text.find(">>> ");
  REQUIRE(first != std::string::npos);
  std::string sql = text.substr(0, first);
  if (!sql.empty()) sql.pop_back();
  for (std::size_t at = first; at != std::string::npos && at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    auto value = json::parse(text.substr(at + 4, end - at - 4));
    REQUIRE_MESSAGE(value.ok(), text);
    auto edit = sql::form::edit_from_json(*value);
    if (!edit) return "refused: " + edit.error().text() + "\n";
    auto edited = sql::form::edit(form_input(sql, catalog), *edit);
    if (!edited) return "refused: " + edited.error().text() + "\n";
    sql = edited->sql;
    at = text.find(">>> ", end);
  }
  while (sql.ends_with('\n')) sql.pop_back();  // the file ends each case with one
  return sql + "\n";
}

}  // namespace

TEST_CASE("forms") {
  const sql::Catalog catalog = test_catalog(kDatasets);
  check_files(".form", [&](const std::string& sql) {
    const auto analysis = sql::form::analyse(form_input(sql, catalog));
    check_ranges(analysis, sql);
    return describe(analysis, sql);
  });
}

TEST_CASE("edits") {
  const sql::Catalog catalog = test_catalog(kDatasets);
  check_files(".edits", [&](const std::string& text) { return run_edits(text, catalog); });
}

}  // namespace offtake::test
