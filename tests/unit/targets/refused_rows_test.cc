// Rows that a target refuses by what somebody else added to it: left out, listed, written again.
#include "cutting_proxy.h"
#include "needs.h"
#include "operators/targets/postgres/table_sql.h"
#include "operators/targets/protocol/table_layout.h"
#include "postgres_fixture.h"
#include "session.h"
#include "sqlite_fixture.h"
#include "workload.h"

namespace offtake::targets_test {
namespace {

using Kind = plan::Identity::Kind;
using Lines = std::vector<std::string>;
using Verb = LedgerCommand::Verb;

const std::string kLarge = "3000000000";

TableSpec amounts(plan::Identity identity = {Kind::kProvedKey, {0}}) {
  TableSpec table;
  table.name = "orders";
  table.columns = {{"id", types::TypeId::kInt8, false}, {"amount", types::TypeId::kInt8, true}};
  table.identity = std::move(identity);
  table.parks = true;
  return table;
}

// "key status" of the entries that the target keeps by itself.
Lines listed(Session& session) {
  Lines out;
  for (const auto& [id, entry] : session.target().outputs())
    out.push_back(fmt::format("{} {}", entry.key, to_string(entry.status)));
  std::sort(out.begin(), out.end());
  return out;
}

void refuse_large_amounts(Fixture& fixture, Product& product, Session& session, bool refuses) {
  const auto controls = session.target().controls();
  REQUIRE_OK(controls);
  fixture.refuse_large_amounts(product.connection(), session.table(), controls->back().place, refuses);
}

LedgerOutcome carry_out(Session& session, Verb verb, const std::string& key = "") {
  auto outcome = session.target().carry_out({verb, {}, key, "", key.empty()});
  REQUIRE_OK(outcome);
  return *outcome;
}

// In the product's database, by whoever may.
void run_sql(Fixture& fixture, const Product& product, const std::string& sql) {
  if (auto* postgres = dynamic_cast<PostgresFixture*>(&fixture)) {
    const auto done = postgres->server().connect()->execute(sql);
    REQUIRE_MESSAGE(done.ok(), done.error().text());
    return;
  }
  auto database = offtake::sqlite::Database::open(product.connection().path);
  REQUIRE_MESSAGE(database.ok(), database.error().text());
  const auto done = database->execute(sql);
  REQUIRE_MESSAGE(done.ok(), done.error().text());
}

bool is_postgres(const Fixture& fixture) {
  return fixture.name() == "postgres";
}

std::string table_of(const Fixture& fixture, const Product& product, const TableSpec& table) {
  return is_postgres(fixture) ? targets::postgres::table_of(product.connection().schema, table)
                              : protocol::quote_name(protocol::table_name(table.name, table.revision));
}

// Those that commit rows and offsets in one transaction.
std::vector<Fixture*> databases() {
  return fixtures([](const TargetTraits& traits) { return traits.commit == CommitKind::kTransaction; });
}

}  // namespace

CONFORMANCE("a row that a constraint of somebody else refuses is left out and listed, the others are there",
            needs::kConstraints) {
  for (Fixture* fixture : promised) {
    CAPTURE(fixture->name());
    Product product(*fixture);
    const TableSpec table = amounts();
    Session session(product, table);
    session.fill(changes_of(table, {.upserts = {{"1", "10"}, {"2", "20"}}, .new_rows = 2}));
    refuse_large_amounts(*fixture, product, session, true);

    REQUIRE_OK(session.commit(
        changes_of(table, {.upserts = {{"3", "30"}, {"4", kLarge}, {"9", kLarge}, {"1", kLarge}},
                           .old_rows = {{"1", "10"}},
                           .new_rows = 3})));
    CHECK(listed(session) == Lines{"1 Parked", "4 Parked", "9 Parked"});
    for (const auto& [id, entry] : session.target().outputs()) {
      CHECK_MESSAGE(entry.error.find("small") != std::string::npos, entry.error);
      CHECK_MESSAGE(entry.error.find(kLarge) == std::string::npos, entry.error);
    }
    CHECK(session.target().ledger(1)->empty());  // it is not for who delivers
    session.check_proof();
    CHECK(product.read({"id", "amount"}, "id") ==
          std::vector<TextRow>{{"1", "10"}, {"2", "20"}, {"3", "30"}});

    // Who comes next has them. What is written later takes their place: another row, or none.
    REQUIRE_OK(session.target().take_ownership({1, 2, "the next one"}));
    session.control.owner = "the next one";
    CHECK(listed(session).size() == 3);
    REQUIRE_OK(session.commit(changes_of(
        table, {.upserts = {{"9", "90"}}, .old_rows = {{"9", kLarge}, {"4", kLarge}}, .deletes = {{"4"}}})));
    CHECK(listed(session) == Lines{"1 Parked"});
    session.check_proof();

    CHECK(carry_out(session, Verb::kReplay, "1").still_parked == 1);
    refuse_large_amounts(*fixture, product, session, false);
    CHECK(carry_out(session, Verb::kReplay).replayed == 1);
    CHECK(listed(session).empty());
    session.check_proof();

    refuse_large_amounts(*fixture, product, session, true);
    REQUIRE_OK(session.commit(changes_of(table, {.upserts = {{"2", kLarge}}, .old_rows = {{"2", "20"}}})));
    CHECK(carry_out(session, Verb::kDiscard, "2").discarded == 1);
    CHECK(listed(session) == Lines{"2 Discarded"});
    session.check_proof();
  }
}

TEST_CASE("where no row may be left out a refused one is an error, and nothing is written") {
  for (Fixture* fixture : databases()) {
    CAPTURE(fixture->name());
    Product product(*fixture);
    TableSpec table = amounts();
    table.parks = false;
    Session session(product, table);
    session.fill(changes_of(table, {.upserts = {{"1", "10"}}, .new_rows = 1}));
    refuse_large_amounts(*fixture, product, session, true);
    const auto refused =
        session.commit(changes_of(table, {.upserts = {{"2", "20"}, {"3", kLarge}}, .new_rows = 2}));
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().retry == base::Retry::kRow);
    session.check_proof();
    CHECK(product.read({"id"}, "id") == std::vector<TextRow>{{"1"}});
  }
}

TEST_CASE("few refused rows among many, of each kind of identity") {
  struct Told {
    plan::Identity identity;
    TextRow (*identity_of)(int);
  };
  const Told kinds[] = {{{Kind::kProvedKey, {0}}, [](int) { return TextRow{}; }},
                        {{Kind::kPosition, {}},
                         [](int i) {
                           return TextRow{"0", std::to_string(i), "0"};
                         }},
                        {{Kind::kBag, {}}, [](int i) {
                           return TextRow{fmt::format("\\x{:032x}", i), "1"};
                         }}};
  for (Fixture* fixture : databases()) {
    for (const auto& kind : kinds) {
      CAPTURE(fixture->name());
      CAPTURE(static_cast<int>(kind.identity.kind));
      Product product(*fixture);
      const TableSpec table = amounts(kind.identity);
      const bool hidden = !protocol::has_key(kind.identity);
      Session session(product, table);
      Edit first{.upserts = {{"5000", "1"}}, .new_rows = 1};
      if (hidden) first.identity = {kind.identity_of(5'000)};
      session.fill(changes_of(table, first));
      refuse_large_amounts(*fixture, product, session, true);
      Edit edit;
      for (int i = 0; i < 2'000; ++i) {
        edit.upserts.push_back({std::to_string(i), i == 0 || i == 777 || i == 1'999 ? kLarge : "1"});
        if (hidden) edit.identity.push_back(kind.identity_of(i));
      }
      edit.new_rows = edit.upserts.size();
      REQUIRE_OK(session.commit(changes_of(table, edit)));
      CHECK(listed(session).size() == 3);
      session.check_proof();
      CHECK(product.read({"id"}).size() == 1'998);

      // One of them goes again, the others are taken in.
      Edit gone{.old_rows = {{"777", kLarge}}, .deletes = {hidden ? kind.identity_of(777) : TextRow{"777"}}};
      REQUIRE_OK(session.commit(changes_of(table, gone)));
      CHECK(listed(session).size() == 2);
      refuse_large_amounts(*fixture, product, session, false);
      CHECK(carry_out(session, Verb::kReplay).replayed == 2);
      session.check_proof();
      CHECK(product.read({"id"}).size() == 2'000);
    }
  }
}

TEST_CASE("more refused rows than are kept: the epoch is not committed, and is when they are taken") {
  for (Fixture* fixture : databases()) {
    CAPTURE(fixture->name());
    Product product(*fixture);
    const TableSpec table = amounts();
    Session session(product, table);
    session.fill(changes_of(table, {.upserts = {{"5000", "1"}}, .new_rows = 1}));
    refuse_large_amounts(*fixture, product, session, true);
    Edit edit;
    for (int i = 0; i < 1'001; ++i) edit.upserts.push_back({std::to_string(i), kLarge});
    edit.new_rows = edit.upserts.size();
    const auto changes = changes_of(table, edit);
    const auto refused = session.commit(changes);
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().code == "TooManyParked");
    session.check_proof();
    refuse_large_amounts(*fixture, product, session, false);
    REQUIRE_OK(session.commit(changes));
    session.check_proof();
    CHECK(listed(session).empty());
  }
}

TEST_CASE("a row whose deletion is refused stays, and is replaced when it comes again") {
  for (Fixture* fixture : databases()) {
    CAPTURE(fixture->name());
    Product product(*fixture);
    const TableSpec table = amounts();
    Session session(product, table);
    session.fill(changes_of(table, {.upserts = {{"1", "10"}, {"2", "20"}, {"3", "30"}}, .new_rows = 3}));
    const std::string name = table_of(*fixture, product, table);
    run_sql(
        *fixture, product,
        is_postgres(*fixture)
            ? fmt::format("CREATE TABLE {0}.invoices (of bigint REFERENCES {1}); INSERT INTO {0}.invoices "
                          "VALUES (1), (2)",
                          product.connection().schema, name)
            : fmt::format("CREATE TABLE invoices (of INTEGER REFERENCES {} (id)); INSERT INTO invoices "
                          "VALUES (1), (2)",
                          name));
    REQUIRE_OK(session.commit(changes_of(
        table, {.old_rows = {{"1", "10"}, {"2", "20"}, {"3", "30"}}, .deletes = {{"1"}, {"2"}, {"3"}}})));
    CHECK(listed(session) == Lines{"1 Parked", "2 Parked"});
    session.check_proof();
    CHECK(product.read({"id"}, "id") == std::vector<TextRow>{{"1"}, {"2"}});

    refuse_large_amounts(*fixture, product, session, true);
    REQUIRE_OK(session.commit(changes_of(table, {.upserts = {{"2", kLarge}}, .new_rows = 1})));
    CHECK(listed(session) == Lines{"1 Parked", "2 Parked"});
    session.check_proof();
    refuse_large_amounts(*fixture, product, session, false);
    REQUIRE_OK(session.commit(changes_of(table, {.old_rows = {{"2", kLarge}}, .deletes = {{"2"}}})));
    REQUIRE_OK(session.commit(changes_of(table, {.upserts = {{"1", "11"}, {"4", "40"}}, .new_rows = 2})));
    CHECK(listed(session) == Lines{"2 Parked"});
    session.check_proof();
    CHECK(product.read({"id", "amount"}, "id") ==
          std::vector<TextRow>{{"1", "11"}, {"2", "20"}, {"4", "40"}});

    CHECK(carry_out(session, Verb::kReplay).still_parked == 1);
    run_sql(*fixture, product,
            is_postgres(*fixture) ? fmt::format("DROP TABLE {}.invoices", product.connection().schema)
                                  : "DROP TABLE invoices");
    CHECK(carry_out(session, Verb::kReplay).replayed == 1);
    session.check_proof();
    CHECK(product.read({"id"}, "id") == std::vector<TextRow>{{"1"}, {"4"}});
    // The product's own key is nobody else's constraint.
    const auto twice = session.commit(changes_of(table, {.upserts = {{"4", "41"}}, .new_rows = 1}));
    REQUIRE_FALSE(twice.ok());
    CHECK(twice.error().code == "KeyNotUnique");
  }
}

TEST_CASE("a row that was refused before is replaced though no more may be left out") {
  for (Fixture* fixture : databases()) {
    CAPTURE(fixture->name());
    Product product(*fixture);
    TableSpec table = amounts();
    Session session(product, table);
    session.fill(changes_of(table, {.upserts = {{"1", "10"}}, .new_rows = 1}));
    run_sql(
        *fixture, product,
        is_postgres(*fixture)
            ? fmt::format("CREATE TABLE {0}.invoices (of bigint REFERENCES {1}); INSERT INTO {0}.invoices "
                          "VALUES (1)",
                          product.connection().schema, table_of(*fixture, product, table))
            : fmt::format("CREATE TABLE invoices (of INTEGER REFERENCES {} (id)); INSERT INTO invoices "
                          "VALUES (1)",
                          table_of(*fixture, product, table)));
    REQUIRE_OK(session.commit(changes_of(table, {.old_rows = {{"1", "10"}}, .deletes = {{"1"}}})));
    CHECK(listed(session) == Lines{"1 Parked"});
    const ControlRow control = session.control;
    table.parks = false;
    Session stopping(product, table);
    stopping.control = control;
    REQUIRE_OK(stopping.target().take_ownership({1, 2, "another"}));
    stopping.control.owner = "another";
    REQUIRE_OK(stopping.commit(changes_of(table, {.upserts = {{"1", "11"}, {"2", "2"}}, .new_rows = 2})));
    CHECK(listed(stopping).empty());
    stopping.check_proof();
    CHECK(product.read({"id", "amount"}, "id") == std::vector<TextRow>{{"1", "11"}, {"2", "2"}});
  }
}

TEST_CASE("rows that need each other are all taken, whatever else is refused") {
  for (Fixture* fixture : databases()) {
    CAPTURE(fixture->name());
    Product product(*fixture);
    const TableSpec table = amounts();
    Session session(product, table);
    Edit first{.upserts = {{"1", "10"}, {"2", "20"}, {"3", "30"}, {"4", "40"}}, .new_rows = 4};
    session.fill(changes_of(table, first));
    run_sql(
        *fixture, product,
        fmt::format("CREATE UNIQUE INDEX of_somebody ON {} (amount)", table_of(*fixture, product, table)));
    refuse_large_amounts(*fixture, product, session, true);
    // Each takes the amount that the next one gives up.
    REQUIRE_OK(session.commit(
        changes_of(table, {.upserts = {{"1", "20"}, {"2", "30"}, {"3", "40"}, {"4", "50"}, {"9", kLarge}},
                           .old_rows = first.upserts})));
    CHECK(listed(session) == Lines{"9 Parked"});
    session.check_proof();
  }
}

TEST_CASE("a unique index of somebody else refuses a row without telling values of classified columns") {
  for (Fixture* fixture : databases()) {
    CAPTURE(fixture->name());
    Product product(*fixture);
    TableSpec table = amounts();
    table.classified = {"id", "amount"};
    Session session(product, table);
    session.fill(changes_of(table, {.upserts = {{"71", "4711"}}, .new_rows = 1}));
    run_sql(
        *fixture, product,
        fmt::format("CREATE UNIQUE INDEX of_somebody ON {} (amount)", table_of(*fixture, product, table)));
    REQUIRE_OK(session.commit(changes_of(table, {.upserts = {{"72", "4711"}}, .new_rows = 1})));
    REQUIRE(session.target().outputs().size() == 1);
    const LedgerEntry entry = session.target().outputs().begin()->second;
    CHECK(entry.key == "•••");
    CHECK(entry.code != "KeyNotUnique");
    CHECK_MESSAGE(entry.error.find(is_postgres(*fixture) ? "of_somebody" : "amount") != std::string::npos,
                  entry.error);
    CHECK_MESSAGE(entry.error.find("4711") == std::string::npos, entry.error);
    session.check_proof();
  }
}

TEST_CASE("PostgreSQL: what a trigger says of a row is told without what it quotes") {
  for (Fixture* fixture : databases()) {
    if (!is_postgres(*fixture)) continue;
    for (const char* condition : {"check_violation", "unique_violation", "invalid_text_representation"}) {
      CAPTURE(condition);
      Product product(*fixture);
      const TableSpec table = amounts();
      Session session(product, table);
      session.fill(changes_of(table, {.upserts = {{"1", "1"}}, .new_rows = 1}));
      run_sql(*fixture, product,
              fmt::format(
                  "CREATE FUNCTION {0}.look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.amount > 9 "
                  "THEN RAISE EXCEPTION 'the amount \"%\" is too large', NEW.amount USING ERRCODE = '{2}'; "
                  "END IF; RETURN NEW; END $$; CREATE TRIGGER look BEFORE INSERT OR UPDATE ON {1} FOR EACH "
                  "ROW EXECUTE FUNCTION {0}.look()",
                  product.connection().schema, table_of(*fixture, product, table), condition));
      REQUIRE_OK(session.commit(changes_of(table, {.upserts = {{"2", "4711"}, {"3", "3"}}, .new_rows = 2})));
      REQUIRE(session.target().outputs().size() == 1);
      CHECK(session.target().outputs().begin()->second.error == "the amount \"•••\" is too large");
      session.check_proof();
    }
  }
}

TEST_CASE("PostgreSQL: an epoch whose COMMIT is lost leaves the list of refused rows as it is in the table") {
  for (Fixture* fixture : databases()) {
    auto* postgres = dynamic_cast<PostgresFixture*>(fixture);
    if (postgres == nullptr) continue;
    Product product(*fixture);
    CuttingProxy proxy(postgres->server().port());
    product.through_port(proxy.port());
    const TableSpec table = amounts();
    Session session(product, table);
    session.fill(changes_of(table, {.upserts = {{"1", "10"}}, .new_rows = 1}));
    refuse_large_amounts(*fixture, product, session, true);
    for (const auto cut : {CuttingProxy::Cut::kBefore, CuttingProxy::Cut::kAfter}) {
      CAPTURE(static_cast<int>(cut));
      proxy.arm("COMMIT", cut);
      REQUIRE_OK(session.commit(changes_of(table, {.upserts = {{"4", kLarge}}, .new_rows = 1})));
      CHECK(listed(session) == Lines{"4 Parked"});
      session.check_proof();
      proxy.arm("COMMIT", cut);
      REQUIRE_OK(session.commit(changes_of(table, {.upserts = {{"4", "40"}}, .old_rows = {{"4", kLarge}}})));
      CHECK(listed(session).empty());
      session.check_proof();
      REQUIRE_OK(session.commit(changes_of(table, {.old_rows = {{"4", "40"}}, .deletes = {{"4"}}})));
      session.check_proof();
    }
    REQUIRE_OK(session.commit(changes_of(table, {.upserts = {{"4", kLarge}}, .new_rows = 1})));
    proxy.arm("COMMIT", CuttingProxy::Cut::kAfter);
    refuse_large_amounts(*fixture, product, session, false);
    CHECK_FALSE(session.target().carry_out({Verb::kReplay, {}, "", "", true}).ok());
    REQUIRE_OK(session.commit(changes_of(table, {.upserts = {{"5", "50"}}, .new_rows = 1})));
    CHECK(listed(session).empty());
    session.check_proof();
  }
}

TEST_CASE("PostgreSQL: a constraint that is looked at when the transaction ends") {
  for (Fixture* fixture : databases()) {
    if (!is_postgres(*fixture)) continue;
    Product product(*fixture);
    const TableSpec table = amounts();
    Session session(product, table);
    session.fill(changes_of(table, {.upserts = {{"1", "1"}}, .new_rows = 1}));
    // Each amount is the id of a row that is there.
    const std::string name = table_of(*fixture, product, table);
    run_sql(
        *fixture, product,
        fmt::format("ALTER TABLE {0} ADD FOREIGN KEY (amount) REFERENCES {0} DEFERRABLE INITIALLY DEFERRED",
                    name));
    REQUIRE_OK(session.commit(
        changes_of(table, {.upserts = {{"2", "3"}, {"3", "1"}, {"4", "99"}, {"5", "5"}}, .new_rows = 4})));
    CHECK(listed(session) == Lines{"4 Parked"});
    session.check_proof();
  }
}

TEST_CASE("a total is refused, or its deletion, like any row") {
  for (Fixture* fixture : databases()) {
    CAPTURE(fixture->name());
    const TableSpec table = amounts({Kind::kProvedKey, {}});
    Product product(*fixture);
    Session session(product, table);
    session.fill(changes_of(table, {.upserts = {{"1", "10"}}, .new_rows = 1}));
    refuse_large_amounts(*fixture, product, session, true);
    REQUIRE_OK(session.commit(changes_of(table, {.upserts = {{"2", kLarge}}, .old_rows = {{"1", "10"}}})));
    CHECK(listed(session).size() == 1);
    session.check_proof();
    refuse_large_amounts(*fixture, product, session, false);
    CHECK(carry_out(session, Verb::kReplay).replayed == 1);
    session.check_proof();

    const std::string name = table_of(*fixture, product, table);
    run_sql(
        *fixture, product,
        is_postgres(*fixture)
            ? fmt::format("CREATE FUNCTION {0}.keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE "
                          "'it stays' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER keep BEFORE "
                          "DELETE ON {1} FOR EACH ROW EXECUTE FUNCTION {0}.keep()",
                          product.connection().schema, name)
            : fmt::format(
                  "CREATE TRIGGER keep BEFORE DELETE ON {} BEGIN SELECT RAISE(ABORT, 'it stays'); END",
                  name));
    engine::Changes gone = changes_of(table, {.old_rows = {{"2", kLarge}}});
    gone.deletes.rows = 1;
    REQUIRE_OK(session.commit(gone));
    CHECK(listed(session).size() == 1);
    session.check_proof();
    REQUIRE_OK(session.commit(changes_of(table, {.upserts = {{"3", "30"}}, .new_rows = 1})));
    CHECK(listed(session).empty());
    session.check_proof();
    CHECK(product.read({"id"}) == std::vector<TextRow>{{"3"}});
  }
}

}  // namespace offtake::targets_test
