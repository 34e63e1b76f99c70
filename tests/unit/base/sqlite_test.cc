#include <doctest/doctest.h>

#include <cmath>
#include <thread>

#include "base/files/files.h"
#include "base/sqlite/database.h"

using namespace offtake;
using sqlite::Database;
using sqlite::Transaction;

namespace {
struct Fixture {
  files::TempDir dir = *files::TempDir::make();
  std::filesystem::path path = dir.path() / "t.db";
  Database open(sqlite::Options options = {}) {
    auto database = Database::open(path, options);
    REQUIRE_MESSAGE(database.ok(), database.error().text());
    return *std::move(database);
  }
};

std::int64_t count(Database& database, std::string_view table) {
  auto statement = database.query(fmt::format("SELECT count(*) FROM {}", table));
  REQUIRE(statement.ok());
  REQUIRE(*statement->step());
  return statement->int64(0);
}
}  // namespace

TEST_CASE_FIXTURE(Fixture, "sqlite: every kind of value") {
  Database database = open();
  REQUIRE(database.execute("CREATE TABLE t (a, b, c, d, e, f)").ok());
  const std::string with_nul("x\0y", 3);
  REQUIRE(database
              .run("INSERT INTO t VALUES (?1, ?2, ?3, ?4, ?5, ?6)", std::int64_t{-9223372036854775807}, 0.1,
                   with_nul, sqlite::Blob{with_nul}, nullptr, std::string_view())
              .ok());
  CHECK(database.changes() == 1);
  auto row = database.query("SELECT * FROM t WHERE a = ?1 AND ?2", -9223372036854775807, true);
  REQUIRE(row.ok());
  REQUIRE(*row->step());
  CHECK(row->column_count() == 6);
  CHECK(row->column_name(1) == "b");
  CHECK(row->int64(0) == -9223372036854775807);
  CHECK(row->real(1) == 0.1);
  CHECK(row->text(2) == with_nul);
  CHECK(row->type(3) == sqlite::ColumnType::kBlob);
  CHECK(row->blob(3) == with_nul);
  CHECK(row->is_null(4));
  CHECK(row->type(5) == sqlite::ColumnType::kText);
  CHECK_FALSE(*row->step());
}

TEST_CASE_FIXTURE(Fixture, "sqlite: a statement runs many times") {
  Database database = open();
  REQUIRE(database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)").ok());
  auto insert = database.prepare("INSERT INTO t (v) VALUES (?1) RETURNING id");
  REQUIRE(insert.ok());
  auto transaction = Transaction::begin(database);
  REQUIRE(transaction.ok());
  for (int i = 0; i < 100; ++i) {
    insert->bind(1, std::optional<std::string>(i % 2 == 0 ? std::optional<std::string>("x") : std::nullopt));
    REQUIRE(insert->run().ok());
  }
  REQUIRE(transaction->commit().ok());
  CHECK(count(database, "t") == 100);
  CHECK(count(database, "t WHERE v IS NULL") == 50);
  CHECK(database.last_insert_id() == 100);
}

TEST_CASE_FIXTURE(Fixture, "sqlite: a transaction that is not committed leaves nothing") {
  Database database = open();
  REQUIRE(database.execute("CREATE TABLE t (a)").ok());
  {
    auto transaction = Transaction::begin(database);
    REQUIRE(database.run("INSERT INTO t VALUES (1)").ok());
    CHECK(database.in_transaction());
  }
  CHECK_FALSE(database.in_transaction());
  CHECK(count(database, "t") == 0);
}

TEST_CASE_FIXTURE(Fixture, "sqlite: errors have codes") {
  Database database = open();
  REQUIRE(database
              .execute("CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE t (id TEXT UNIQUE NOT NULL, p "
                       "REFERENCES p(id), CHECK (id <> 'bad'))")
              .ok());
  REQUIRE(database.run("INSERT INTO t VALUES ('a', NULL)").ok());
  const auto again = database.run("INSERT INTO t VALUES (?1, NULL)", "a");
  CHECK(again.error().code == "ConstraintViolated");
  CHECK(again.error().retry == base::Retry::kRow);
  CHECK(again.error().message == "UNIQUE constraint failed: t.id");
  CHECK(database.run("INSERT INTO t VALUES (NULL, NULL)").error().message ==
        "NOT NULL constraint failed: t.id");
  CHECK(database.run("INSERT INTO t VALUES ('bad', NULL)")
            .error()
            .message.starts_with("CHECK constraint failed"));
  CHECK(database.run("INSERT INTO t VALUES ('b', 7)").error().message == "FOREIGN KEY constraint failed");
  CHECK(database.run("SELEC").error().code == "SqlError");
  CHECK(database.run("SELECT \"no such name\"").error().code == "SqlError");
  CHECK(database.run("SELECT 1; SELECT 2").error().code == "SqlError");
  CHECK(database.run("SELECT 1", 2).error().code == "SqlError");  // a parameter too many
  REQUIRE(database.run("INSERT INTO t VALUES ('c', NULL);  ").ok());
}

TEST_CASE_FIXTURE(Fixture, "sqlite: a full database is transient and everything goes on afterwards") {
  Database database = open();
  REQUIRE(database.execute("CREATE TABLE t (a); PRAGMA max_page_count = 20").ok());
  const auto full = database.run("INSERT INTO t VALUES (zeroblob(1000000))");
  REQUIRE_FALSE(full.ok());
  CHECK(full.error().code == "DiskFull");
  CHECK(full.error().retry == base::Retry::kTransient);
  REQUIRE(database.execute("PRAGMA max_page_count = 2000").ok());
  CHECK(database.run("INSERT INTO t VALUES (zeroblob(1000000))").ok());
}

TEST_CASE_FIXTURE(Fixture, "sqlite: one writer, many readers") {
  sqlite::Options options;
  options.busy_timeout_ms = 20;
  Database writer = open(options);
  REQUIRE(writer.execute("CREATE TABLE t (a)").ok());
  Database other = open(options);
  options.read_only = true;
  Database reader = open(options);
  {
    auto transaction = Transaction::begin(writer);
    REQUIRE(writer.run("INSERT INTO t VALUES (1)").ok());
    CHECK(count(reader, "t") == 0);
    const auto busy = Transaction::begin(other);
    REQUIRE_FALSE(busy.ok());
    CHECK(busy.error().code == "DatabaseBusy");
    CHECK(busy.error().retry == base::Retry::kTransient);
    REQUIRE(transaction->commit().ok());
  }
  CHECK(count(reader, "t") == 1);
  CHECK(Transaction::begin(other).ok());
  CHECK(reader.run("INSERT INTO t VALUES (2)").error().code == "ReadOnly");
  CHECK(writer.checkpoint().ok());
}

TEST_CASE_FIXTURE(Fixture, "sqlite: what is no database is refused") {
  REQUIRE(files::write_file_atomic(path, std::string(5000, 'x')).ok());
  CHECK(Database::open(path).error().code == "DatabaseCorrupt");
  sqlite::Options options;
  options.read_only = true;
  CHECK(Database::open(path, options).error().code == "DatabaseCorrupt");
  CHECK(Database::open(dir.path() / "absent.db", options).error().code == "DatabaseNotOpened");
}

TEST_CASE_FIXTURE(Fixture, "sqlite: migrations") {
  Database database = open();
  const std::string_view all[] = {"CREATE TABLE a (x)", "CREATE TABLE b (x); INSERT INTO b VALUES (1)"};
  REQUIRE(database.migrate(std::span(all).first(1)).ok());
  CHECK(*database.version() == 1);
  REQUIRE(database.migrate(all).ok());
  REQUIRE(database.migrate(all).ok());
  CHECK(*database.version() == 2);
  CHECK(count(database, "b") == 1);
  CHECK(database.migrate(std::span(all).first(1)).error().code == "NewerDatabase");
  const std::string_view broken[] = {all[0], all[1], "CREATE TABLE c (x); CREATE TABLE a (x)"};
  const auto failed = database.migrate(broken);
  REQUIRE_FALSE(failed.ok());
  CHECK(failed.error().message.starts_with("migration to version 3: "));
  CHECK(*database.version() == 2);
  CHECK(database.run("SELECT * FROM c").error().code == "SqlError");
}

TEST_CASE_FIXTURE(Fixture, "sqlite: a long statement can be interrupted") {
  Database database = open();
  std::jthread other([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      database.interrupt();
      std::this_thread::yield();
    }
  });
  const auto endless =
      database.run("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n");
  other.request_stop();
  CHECK(endless.error().code == "Interrupted");
}
