// Texts that nobody means: every place stays in the text, and nothing is edited into something else.
#include <doctest/doctest.h>

#include <ctime>

#include "controlplane/sql/form/edit.h"
#include "tests/unit/sql_form/describe.h"
#include "tests/unit/sql_form/queries.h"

namespace offtake::test {
namespace {

using namespace sql::form;

const std::string kDatasets = std::string(OFFTAKE_SOURCE_DIR) + "/tests/unit/sql";

std::string repeated(const std::string& text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

const Edit kEdits[] = {
    AddColumn{"p", {"amount"}, {}, {}, {}},
    AddFilter{{Predicate{{"p", "status"}, Operator::kEqual, {"x"}}, ""}},
    RemoveColumn{0},
    RenameColumn{0, "other"},
    RemoveFilter{0},
    AddAggregate{"count", {}, {}, false},
    SetGroupBy{{GroupItem{Source{"p", "status"}, ""}}},
    RemoveDataset{"p"},
};

// Looks at the text, and tries every edit: each is refused or gives a text that is drawn.
void check(const std::string& sql, const sql::Catalog& catalog) {
  const Analysis analysis = analyse(form_input(sql, catalog));
  check_ranges(analysis, sql);
  CHECK(analysis.form.has_value() != analysis.undrawable.has_value());
  for (const Edit& edit : kEdits) {
    auto edited = sql::form::edit(form_input(sql, catalog), edit);
    if (!edited) {
      CHECK_FALSE(edited.error().message.empty());
      continue;
    }
    const Analysis after = analyse(form_input(edited->sql, catalog));
    CHECK(after.form.has_value());
    check_ranges(after, edited->sql);
  }
}

}  // namespace

TEST_CASE("large and deep texts") {
  const sql::Catalog catalog = test_catalog(kDatasets);
  const std::clock_t started = std::clock();
  std::string columns = "p.amount AS c0";
  for (int i = 1; i < 3000; ++i) columns += fmt::format(",\n  p.amount /* {} 😀 */ AS c{}", i, i);
  REQUIRE(columns.size() > 100'000);
  check("SELECT " + columns + " FROM payments p", catalog);
  check("SELECT p.status FROM payments p WHERE p.status IN ('x'" + repeated(", 'é''😀'", 9000) + ")", catalog);
  check("SELECT p.status FROM payments p WHERE p.amount > 1" + repeated(" AND p.amount > 1", 5000), catalog);
  check("SELECT " + repeated("(", 400) + "p.amount" + repeated(")", 400) + " AS a FROM payments p", catalog);
  check("SELECT " + repeated("(", 4000) + "p.amount" + repeated(")", 4000) + " AS a FROM payments p",
        catalog);
  check("SELECT " + repeated("CASE WHEN p.amount > 1 THEN 1 ELSE ", 300) + "2" + repeated(" END", 300) +
            " AS a FROM payments p",
        catalog);
  check("SELECT p.status " + repeated("/* ", 1000) + repeated("*/ ", 1000) + "FROM payments p", catalog);
  check("SELECT p.status FROM payments p " + repeated("-- 😀\n", 20000), catalog);
  check("SELECT p.amount" + repeated(" + 1", 20000) + " AS a FROM payments p", catalog);
  check(repeated("(", 100000), catalog);
  check(std::string(2 << 20, 'x'), catalog);
  // Of the processor, whatever else the machine does, and loose for sanitizers: what is linear takes a second
  // or two.
  CHECK((std::clock() - started) / CLOCKS_PER_SEC < 120);
}

TEST_CASE("every beginning of a text") {
  const sql::Catalog catalog = test_catalog(kDatasets);
  const std::string sql =
      "SELECT p.\"status\" AS \"é😀\", $q$ FROM 'x$q$ || E'\\'😀' AS b -- ünd\n"
      "FROM /* /* in */ */ payments AS p LEFT JOIN \"orders\" o USING (order_id)\n"
      "WHERE p.status = U&'d\\0061t' AND o.note LIKE '%''😀' AND p.amount BETWEEN -1 AND 2 -- end\n"
      "GROUP BY 1, p.status;";
  for (std::size_t size = 0; size <= sql.size(); ++size) {
    if (size < sql.size() && (static_cast<unsigned char>(sql[size]) & 0xc0) == 0x80) continue;
    CAPTURE(sql.substr(0, size));
    check(sql.substr(0, size), catalog);
  }
}

TEST_CASE("pieces of SQL in any order") {
  const sql::Catalog catalog = test_catalog(kDatasets);
  const std::vector<std::string> pieces = {
      "SELECT",   "FROM", "WHERE",    "GROUP BY", "payments p", "p.status", "p.amount", "*",    ",",
      "(",        ")",    "AND",      "OR",       "=",          "'é'",      "1",        "AS",   "x",
      "JOIN",     "ON",   "USING",    "orders o", "o.order_id", "CASE",     "END",      "WHEN", "BETWEEN",
      "IN",       "NOT",  "-- 😀\n",   "/* ü */",  ";",          "\"",       "'",        "$$",   ".",
      "count(*)", "LEFT", "ORDER BY", "DISTINCT", "IS",         "NULL",     "::",       "int"};
  for (unsigned seed = 0; seed < 2000; ++seed) {
    Random random(seed);
    std::string sql = random.one_in(3) ? "" : "SELECT p.status FROM payments p WHERE p.amount = 1 ";
    const int count = 1 + random.below(14);
    for (int i = 0; i < count; ++i) sql += random.pick(pieces) + (random.one_in(4) ? "" : " ");
    CAPTURE(sql);
    check(sql, catalog);
  }
}

}  // namespace offtake::test
