// What is too large is refused, what is deep does not overflow a stack.
#include <doctest/doctest.h>

#include "tests/unit/sql/golden.h"

namespace offtake::test {
namespace {

std::string repeated(std::string_view text, int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += text;
  return out;
}

std::string first_error(const std::string& sql) {
  const auto errors = sql::check_grammar(sql);
  return errors.empty() ? "" : errors[0].text();
}

}  // namespace

TEST_CASE("limits") {
  CHECK(first_error("SELECT 1 AS a FROM t -- " + std::string(1 << 20, 'x')) ==
        "spec.sql: the SQL has 1048600 bytes; the limit is 1048576");
  CHECK(first_error("SELECT " + repeated("1,", 25'000) + "1 FROM t") ==
        "spec.sql:1:50007: the SQL has more than 50000 tokens");
  CHECK(first_error("SELECT " + repeated("(", 501) + "1" + repeated(")", 501) + " AS a FROM t") ==
        "spec.sql:1:508: more than 500 brackets are open");
  CHECK(
      first_error("SELECT a AS " + std::string(64, 'x') + " FROM t") ==
      "spec.sql:1:13: this name is longer than 63 bytes; PostgreSQL would cut it off; choose a shorter one");
  CHECK(first_error("SELECT a AS \"" + std::string(63, 'x') + "\" FROM t").empty());
  CHECK(first_error(std::string("SELECT 1\0 FROM t", 16)) == "spec.sql:1:9: the SQL holds a NUL byte");
  CHECK(first_error("SELECT " + repeated("(", 400) + "1" + repeated(")", 400) + " AS a FROM t").empty());
}

TEST_CASE("bytes that are no text") {
  CHECK(first_error("SELECT '\xff' AS a FROM t") == "spec.sql: the SQL is not valid UTF-8");
}

TEST_CASE("depth") {
  CHECK(first_error("SELECT 1" + repeated("+1", 200) + " AS a FROM t").empty());
  CHECK(first_error("SELECT 1" + repeated("+1", 24'000) + " AS a FROM t").find("nested too deep") !=
        std::string::npos);
  CHECK(first_error("SELECT " + repeated("NOT ", 24'000) + "a AS a FROM t").find("nested too deep") !=
        std::string::npos);
  CHECK(first_error("SELECT " + repeated("abs(", 450) + "a" + repeated(")", 450) + " AS a FROM t").empty());
  CHECK(first_error("SELECT a AS a FROM t WHERE a = 1" + repeated(" OR a = 1", 10'000)).empty());
}

TEST_CASE("deep expressions are compiled") {
  const sql::Catalog catalog = test_catalog(std::string(OFFTAKE_SOURCE_DIR) + "/tests/unit/sql");
  Golden golden;
  golden.sql = "SELECT order_id" + repeated(" + 1", 500) + " AS a FROM orders";
  const sql::Compiled compiled = sql::compile(input_of(golden, catalog));
  CHECK(compiled.ok());
}

TEST_CASE("referenced datasets") {
  const auto found = sql::referenced_datasets(
      "SELECT * FROM Orders o JOIN other.open_data d ON d.a = o.x LEFT JOIN orders p USING (order_id)",
      "retail");
  REQUIRE(found.size() == 2);
  CHECK(found[0].text() == "retail.orders");
  CHECK(found[1].text() == "other.open-data");
  CHECK(sql::referenced_datasets("SELECT FROM WHERE", "retail").empty());
}

TEST_CASE("nothing that is cut off crashes") {
  const std::string sql =
      "SELECT p.payment_id, CASE WHEN o.amount > 1.5e3 THEN 'x''y' ELSE $a$z$a$ END AS \"q\", -- c\n"
      "count(*) /* d */ FROM payments p JOIN orders o USING (order_id) LEFT JOIN customers c ON "
      "c.customer_id = "
      "o.customer_id WHERE p.status IN ('A', 'B') AND o.note LIKE 'a\\_%' GROUP BY 1, 2 HAVING count(*) > 1";
  const sql::Catalog catalog = test_catalog(std::string(OFFTAKE_SOURCE_DIR) + "/tests/unit/sql");
  for (std::size_t length = 0; length <= sql.size(); ++length) {
    Golden golden;
    golden.sql = sql.substr(0, length);
    const sql::Compiled compiled = sql::compile(input_of(golden, catalog));
    for (const auto& error : compiled.errors) CHECK(!error.message.empty());
    golden.sql = sql.substr(length);
    sql::compile(input_of(golden, catalog));
  }
}

}  // namespace offtake::test
