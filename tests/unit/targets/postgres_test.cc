// What only a server has: connections that are lost, locks that others hold, grants, SQLSTATEs.
#include "cutting_proxy.h"
#include "operators/targets/postgres/control.h"
#include "operators/targets/postgres/sqlstate.h"
#include "postgres_fixture.h"
#include "session.h"
#include "workload.h"

namespace offtake::targets_test {
namespace {

TableSpec orders(int revision = 1) {
  TableSpec table;
  table.name = "orders";
  table.revision = revision;
  table.columns = {{"id", types::TypeId::kInt8, false}, {"name", types::TypeId::kText, true}};
  table.identity = {plan::Identity::Kind::kProvedKey, {0}};
  return table;
}

PostgresFixture& postgres_fixture() {
  for (Fixture* fixture : fixtures()) {
    if (auto* postgres = dynamic_cast<PostgresFixture*>(fixture)) return *postgres;
  }
  FAIL("no PostgreSQL fixture");
  std::abort();
}

std::string view_of(const Product& product) {
  return "\"" + product.connection().schema + "\".orders";
}

}  // namespace

TEST_CASE("an epoch whose COMMIT is lost is committed once") {
  for (const auto cut : {CuttingProxy::Cut::kBefore, CuttingProxy::Cut::kAfter}) {
    CAPTURE(static_cast<int>(cut));
    PostgresFixture& fixture = postgres_fixture();
    Product product(fixture);
    CuttingProxy proxy(fixture.server().port());
    product.through_port(proxy.port());
    const TableSpec table = orders();
    Session session(product, table);
    session.fill(changes_of(table, {.upserts = {{"1", "a"}}}));
    REQUIRE_OK(session.commit(changes_of(table, {.upserts = {{"2", "b"}}})));
    for (const char* word : {"COMMIT", "UPDATE", "COPY", "INSERT INTO"}) {
      CAPTURE(word);
      const int before = proxy.cuts();
      proxy.arm(word, cut);
      REQUIRE_OK(session.commit(changes_of(
          table, {.upserts = {{"1", word}}, .old_rows = {product.read({"id", "name"}, "id").front()}})));
      // A prepared statement's text is sent only the first time.
      if (std::string_view(word) != "UPDATE") CHECK(proxy.cuts() == before + 1);
      session.check_proof();
    }
    CHECK(product.read({"id", "name"}, "id") == std::vector<TextRow>{{"1", "INSERT INTO"}, {"2", "b"}});
  }
}

TEST_CASE("a swap whose COMMIT is lost is found done") {
  for (const auto cut : {CuttingProxy::Cut::kBefore, CuttingProxy::Cut::kAfter}) {
    PostgresFixture& fixture = postgres_fixture();
    Product product(fixture);
    CuttingProxy proxy(fixture.server().port());
    product.through_port(proxy.port());
    const TableSpec table = orders();
    Session session(product, table);
    session.begin();
    session.load(changes_of(table, {.upserts = {{"1", "a"}}}));
    REQUIRE_OK(session.finish());
    proxy.arm("COMMIT", cut);
    session.publish();
    CHECK(proxy.cuts() == 1);
    REQUIRE_OK(session.commit({}));
    session.check_proof();
  }
}

TEST_CASE("what takes long is interrupted from another thread, and can be called again") {
  PostgresFixture& fixture = postgres_fixture();
  Product product(fixture);
  const TableSpec table = orders();
  Session session(product, table);
  session.begin();
  session.load(changes_of(table, {.upserts = {{"1", "a"}}}));
  const auto blocked = [&](const auto& call) {
    auto admin = fixture.server().connect();
    REQUIRE_OK(admin->execute(fmt::format(R"(BEGIN; LOCK TABLE "{}"."orders__r1" IN ACCESS EXCLUSIVE MODE)",
                                          product.connection().schema)));
    std::atomic<bool> over = false;
    std::jthread interrupting([&] {
      while (!over) {
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        session.target().interrupt();
      }
    });
    const base::Status done = call();
    over = true;
    REQUIRE(!done.ok());
    CHECK(done.error().retry == base::Retry::kTransient);
    CHECK(done.error().detail.starts_with("SQLSTATE 57014"));
  };
  blocked([&] { return session.target().finish_load(); });
  REQUIRE_OK(session.finish());
  blocked([&]() -> base::Status {
    auto proof = session.target().prove();
    if (!proof) return std::move(proof).error();
    return {};
  });
  session.check_proof();
}

TEST_CASE("delivery goes on after its session was ended and after the server crashed") {
  PostgresFixture own;
  Product product(own);
  const TableSpec table = orders();
  Session session(product, table);
  session.fill(changes_of(table, {.upserts = {{"1", "a"}}}));
  const auto end_sessions = [&] {
    auto admin = own.server().connect();
    REQUIRE_OK(admin->query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1",
                            {product.connection().user}));
  };
  end_sessions();
  REQUIRE_OK(session.commit(changes_of(table, {.upserts = {{"2", "b"}}})));
  own.server().stop();
  const auto away = session.commit(changes_of(table, {.upserts = {{"3", "c"}}}));
  REQUIRE_FALSE(away.ok());
  CHECK(away.error().code == "TargetUnreachable");
  CHECK(away.error().retry == base::Retry::kTransient);
  own.server().start();
  REQUIRE_OK(session.commit(changes_of(table, {.upserts = {{"3", "c"}}})));
  session.check_proof();
  auto rows = session.target().controls();
  REQUIRE_OK(rows);
  auto admin = own.server().connect();
  auto recorded = admin->query("SELECT usename FROM pg_stat_activity WHERE pid = $1",
                               {std::to_string(rows->front().backend_pid)});
  REQUIRE_OK(recorded);
  REQUIRE(recorded->rows.size() == 1);
  CHECK(recorded->text(0, 0) == product.connection().user);
}

TEST_CASE("a reader that holds the view delays the swap and is named") {
  PostgresFixture& fixture = postgres_fixture();
  Product product(fixture);
  Session first(product, orders());
  first.fill(changes_of(first.table(), {.upserts = {{"1", "a"}}}));
  Session second(product, orders(2));
  second.begin(200);
  second.load(changes_of(second.table(), {.upserts = {{"1", "b"}}}));
  REQUIRE_OK(second.finish());

  auto reader = fixture.server().connect();
  REQUIRE_OK(reader->execute("BEGIN; SELECT count(*) FROM " + view_of(product)));
  auto blocked = second.target().swap();
  REQUIRE_OK(blocked);
  CHECK_FALSE(blocked->swapped);
  CHECK(blocked->blocked_by.starts_with(fmt::format("pid {} of admin: ", reader->backend_pid())));
  REQUIRE_OK(first.commit(changes_of(first.table(), {.upserts = {{"2", "still fed"}}})));
  REQUIRE_OK(reader->execute("ROLLBACK"));
  while (second.control.logical_time < first.control.logical_time) REQUIRE_OK(second.commit({}));
  second.publish();
  CHECK(product.read({"name"}) == std::vector<TextRow>{{"b"}});
}

TEST_CASE("grants on the view survive a column that changes its type") {
  PostgresFixture& fixture = postgres_fixture();
  Product product(fixture);
  Session first(product, orders());
  first.fill(changes_of(first.table(), {.upserts = {{"1", "7"}}}));
  auto admin = fixture.server().connect();
  REQUIRE_OK(admin->execute("CREATE ROLE analyst; GRANT SELECT ON " + view_of(product) + " TO analyst"));
  TableSpec retyped = orders(2);
  retyped.columns[1].type = types::TypeId::kInt4;
  Session second(product, retyped);
  second.begin(200);
  second.load(changes_of(retyped, {.upserts = {{"1", "7"}}}));
  REQUIRE_OK(second.finish());
  second.publish();
  auto granted = admin->query(
      "SELECT has_table_privilege('analyst', $1, 'SELECT'), has_table_privilege($2, $1, 'SELECT')",
      {view_of(product), product.connection().reader_role});
  REQUIRE_OK(granted);
  CHECK(granted->text(0, 0) == "t");
  CHECK(granted->text(0, 1) == "t");
  REQUIRE_OK(admin->execute("DROP OWNED BY analyst; DROP ROLE analyst"));
}

TEST_CASE("a view that others built on is not dropped; the swap waits for them and says so") {
  PostgresFixture& fixture = postgres_fixture();
  Product product(fixture);
  Session first(product, orders());
  first.fill(changes_of(first.table(), {.upserts = {{"1", "7"}}}));
  auto admin = fixture.server().connect();
  const auto change = [&](const std::vector<provision::ViewColumn>& columns) {
    auto found = product.provisioner().view_change(product.target(), columns);
    REQUIRE_OK(found);
    return *found;
  };
  const std::vector<provision::ViewColumn> same = {{"id", "bigint"}, {"name", "text"}};
  CHECK_FALSE(change(same).drops);
  CHECK(change(same).dependants.empty());
  REQUIRE_OK(admin->execute("CREATE SCHEMA reporting; CREATE VIEW reporting.daily AS SELECT id FROM " +
                            view_of(product) + "; CREATE TABLE reporting.copies (one " + view_of(product) +
                            ")"));
  CHECK(change(same).dependants.size() == 2);
  CHECK(change(same).dependants[1] == "view reporting.daily");
  CHECK_FALSE(change({{"id", "int8"}, {"name", "text"}, {"more", "numeric(10,2)"}}).drops);
  CHECK(change({{"id", "bigint"}, {"name", "integer"}}).drops);
  CHECK(change({{"name", "text"}, {"id", "bigint"}}).drops);
  CHECK(change({{"id", "bigint"}}).drops);

  TableSpec retyped = orders(2);
  retyped.columns[1].type = types::TypeId::kInt4;
  Session second(product, retyped);
  second.begin(200);
  second.load(changes_of(retyped, {.upserts = {{"1", "7"}}}));
  REQUIRE_OK(second.finish());
  for (int attempt = 0; attempt < 2; ++attempt) {
    const auto blocked = second.target().swap();
    REQUIRE_OK(blocked);
    CHECK_FALSE(blocked->swapped);
    CHECK_MESSAGE(blocked->blocked_by.find("view reporting.daily") != std::string::npos, blocked->blocked_by);
  }
  // The revision before goes on as if nothing had been.
  auto controls = product.provisioner().controls(product.target());
  REQUIRE_OK(controls);
  CHECK(controls->at(0).phase == Phase::kCurrent);
  CHECK(controls->at(1).phase == Phase::kCatchingUp);
  CHECK(product.read({"id", "name"}) == std::vector<TextRow>{{"1", "7"}});
  REQUIRE_OK(admin->execute("DROP SCHEMA reporting CASCADE"));
  second.publish();
}

TEST_CASE("SQLSTATEs have retry classes") {
  const auto check = [](const char* state, const char* code, base::Retry retry, const char* constraint = "") {
    CAPTURE(state);
    const auto error = postgres::error_from({state, "said", "", "", "", constraint});
    CHECK(error.code == code);
    CHECK(error.retry == retry);
  };
  check("22P05", "RowError", base::Retry::kRow);
  check("23514", "RowError", base::Retry::kRow);
  check("23505", "KeyNotUnique", base::Retry::kRow, "_offtake_key__r3");
  check("23505", "ConstraintViolated", base::Retry::kRow, "somebody_s");
  check("23505", "RowError", base::Retry::kRow);
  check("23514", "ConstraintViolated", base::Retry::kRow, "somebody_s");
  check("54000", "RowError", base::Retry::kRow);
  check("53100", "DiskFull", base::Retry::kTransient);
  check("53300", "TargetBusy", base::Retry::kTransient);
  check("55P03", "TargetLocked", base::Retry::kTransient);
  check("40001", "TargetConflict", base::Retry::kTransient);
  check("08006", "TargetUnreachable", base::Retry::kTransient);
  check("57P01", "TargetUnreachable", base::Retry::kTransient);
  check("28P01", "TargetAuthenticationFailed", base::Retry::kTerminal);
  check("3D000", "TargetDatabaseMissing", base::Retry::kTerminal);
  check("42501", "TargetPermissionDenied", base::Retry::kTerminal);
  check("42P01", "TargetObjectMissing", base::Retry::kTerminal);
  check("0A000", "TargetRefused", base::Retry::kTerminal);
  check("XX000", "TargetError", base::Retry::kTransient);
  const auto key = postgres::error_from(
      {"23505", "x", "Schlüssel »(a, \"b c\")=(1, x)« existiert bereits.", "", "", "_offtake_key__r1"});
  CHECK(key.message == "key (a, b c)=(1, x) is held by more than one row");
}

}  // namespace offtake::targets_test
