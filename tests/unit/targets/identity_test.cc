// How rows are told apart: keys with NULLs and several spellings, bags, positions, a total's single row.
#include "needs.h"
#include "session.h"
#include "workload.h"

namespace offtake::targets_test {
namespace {

using Kind = plan::Identity::Kind;

TableSpec table_of(std::vector<types::Field> columns, plan::Identity identity) {
  TableSpec table;
  table.name = "orders";
  table.columns = std::move(columns);
  table.identity = std::move(identity);
  return table;
}

}  // namespace

CONFORMANCE("keys with NULLs group", needs::kNothing) {
  const TableSpec table = table_of({{"region", types::TypeId::kText, true},
                                    {"month", types::TypeId::kInt4, true},
                                    {"orders", types::TypeId::kInt8, false}},
                                   {Kind::kProvedKey, {0, 1}});
  for (Fixture* fixture : promised) {
    CAPTURE(fixture->name());
    Product product(*fixture);
    Session session(product, table);
    session.fill(changes_of(table, {.upserts = {{"eu", "1", "10"},
                                                {kNull, "1", "20"},
                                                {"eu", kNull, "30"},
                                                {kNull, kNull, "40"},
                                                {"", "1", "50"}}}));
    REQUIRE_OK(session.commit(
        changes_of(table, {.upserts = {{kNull, "1", "21"}, {kNull, kNull, "41"}},
                           .old_rows = {{kNull, "1", "20"}, {kNull, kNull, "40"}, {"eu", kNull, "30"}},
                           .deletes = {{"eu", kNull}}})));
    session.check_proof();
    CHECK(product.read({"orders"}, "orders") == std::vector<TextRow>{{"10"}, {"21"}, {"41"}, {"50"}});
    REQUIRE_OK(session.commit(changes_of(
        table, {.old_rows = {{kNull, "1", "21"}, {kNull, kNull, "41"}, {"", "1", "50"}, {"eu", "1", "10"}},
                .deletes = {{kNull, "1"}, {kNull, kNull}, {"", "1"}, {"eu", "1"}}})));
    session.check_proof();
    CHECK(session.control.content.rows == 0);
  }
}

CONFORMANCE("a key in another spelling is the same key", needs::kAllTypes) {
  const TableSpec table = table_of({{"amount", types::TypeId::kNumeric, false},
                                    {"every", types::TypeId::kInterval, false},
                                    {"n", types::TypeId::kInt4, false}},
                                   {Kind::kProvedKey, {0, 1}});
  for (Fixture* fixture : promised) {
    CAPTURE(fixture->name());
    Product product(*fixture);
    Session session(product, table);
    session.fill(
        changes_of(table, {.upserts = {{"1.0", "1 mon", "1"}, {"2", "1 day", "2"}, {"NaN", "0", "3"}}}));
    REQUIRE_OK(session.commit(changes_of(table, {.upserts = {{"1.000", "30 days", "7"}},
                                                 .old_rows = {{"1.0", "1 mon", "1"}, {"2", "1 day", "2"}},
                                                 .deletes = {{"2.00", "24:00:00"}}})));
    session.check_proof();
    CHECK(product.read({"n"}, "n") == std::vector<TextRow>{{"3"}, {"7"}});
  }
}

CONFORMANCE("a total has one row and no key", needs::kNothing) {
  const TableSpec table = table_of({{"n", types::TypeId::kInt8, false}}, {Kind::kProvedKey, {}});
  for (Fixture* fixture : promised) {
    CAPTURE(fixture->name());
    Product product(*fixture);
    Session session(product, table);
    session.fill(changes_of(table, {.upserts = {{"5"}}}));
    REQUIRE_OK(session.commit(changes_of(table, {.upserts = {{"6"}}, .old_rows = {{"5"}}})));
    session.check_proof();
    CHECK(product.read({"n"}) == std::vector<TextRow>{{"6"}});
  }
}

CONFORMANCE("a bag keeps equal rows apart by number", needs::kBags) {
  const TableSpec table = table_of({{"what", types::TypeId::kText, true}}, {Kind::kBag, {}});
  const std::string a = "\\x000102030405060708090a0b0c0d0e0f", b = "\\xff0102030405060708090a0b0c0d0e0f";
  for (Fixture* fixture : promised) {
    CAPTURE(fixture->name());
    Product product(*fixture);
    Session session(product, table);
    session.fill(
        changes_of(table, {.upserts = {{"a"}, {"a"}, {kNull}}, .identity = {{a, "1"}, {a, "2"}, {b, "1"}}}));
    REQUIRE_OK(session.commit(changes_of(
        table, {.upserts = {{"a"}}, .identity = {{a, "3"}}, .old_rows = {{kNull}}, .deletes = {{b, "1"}}})));
    session.check_proof();
    CHECK(product.read({}) == std::vector<TextRow>{{"a"}, {"a"}, {"a"}});
  }
}

CONFORMANCE("rows of a stateless plan are told apart by position", needs::kBags) {
  const TableSpec table = table_of({{"what", types::TypeId::kText, true}}, {Kind::kPosition, {}});
  for (Fixture* fixture : promised) {
    CAPTURE(fixture->name());
    Product product(*fixture);
    Session session(product, table);
    session.fill(
        changes_of(table, {.upserts = {{"x"}, {"x"}}, .identity = {{"0", "1", "0"}, {"1", "1", "0"}}}));
    REQUIRE_OK(session.commit(changes_of(
        table, {.upserts = {{"y"}}, .identity = {{"0", "9223372036854775806", "1"}}, .new_rows = 1})));
    session.check_proof();
    REQUIRE_OK(session.commit(changes_of(table, {.old_rows = {{"x"}}, .deletes = {{"1", "1", "0"}}})));
    session.check_proof();
    CHECK(product.read({}, "what") == std::vector<TextRow>{{"x"}, {"y"}});
  }
}

CONFORMANCE("a key that is not unique is named at load", needs::kKeysAtLoad) {
  for (const std::string name : {"order id", "order_id"}) {
    const TableSpec table = table_of({{name, types::TypeId::kInt8, false}, {"v", types::TypeId::kText, true}},
                                     {Kind::kWatchedKey, {0}});
    for (Fixture* fixture : that_hold(table, promised)) {
      CAPTURE(fixture->name());
      Product product(*fixture);
      Session session(product, table);
      session.begin();
      const auto refused =
          session.load_and_finish(changes_of(table, {.upserts = {{"1", "a"}, {"7", "b"}, {"7", "c"}}}));
      REQUIRE_FALSE(refused.ok());
      CHECK(refused.error().code == "KeyNotUnique");
      CHECK(refused.error().retry == base::Retry::kRow);
      CHECK(refused.error().message == fmt::format("key ({})=(7) is held by more than one row", name));
    }
  }
}

CONFORMANCE("a row that was said to be new but is not", needs::kKeysLive) {
  const TableSpec table = table_of({{"id", types::TypeId::kInt8, false}}, {Kind::kProvedKey, {0}});
  for (Fixture* fixture : promised) {
    CAPTURE(fixture->name());
    Product product(*fixture);
    Session session(product, table);
    session.fill(changes_of(table, {.upserts = {{"1"}}}));
    const auto refused = session.commit(changes_of(table, {.upserts = {{"2"}, {"1"}}, .new_rows = 2}));
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().code == "KeyNotUnique");
    CHECK(refused.error().retry == base::Retry::kRow);
    CHECK(refused.error().message == "key (id)=(1) is held by more than one row");
    session.check_proof();
    // Upserting the same key's only column changes nothing.
    REQUIRE_OK(session.commit(changes_of(table, {.upserts = {{"1"}}, .old_rows = {{"1"}}})));
    session.check_proof();
  }
}

CONFORMANCE("a new row never replaces another's, whatever else the epoch changes", needs::kKeysLive) {
  const TableSpec table = table_of({{"id", types::TypeId::kInt8, true}, {"name", types::TypeId::kText, true}},
                                   {Kind::kProvedKey, {0}});
  for (Fixture* fixture : promised) {
    CAPTURE(fixture->name());
    Product product(*fixture);
    Session session(product, table);
    session.fill(
        changes_of(table, {.upserts = {{"1", "one"}, {"2", "two"}, {"3", "three"}, {kNull, "none"}}}));
    // A second identity shows key 1 in an epoch that also updates 2 and deletes 3.
    Edit epoch{.upserts = {{"1", "other"}, {"2", "zwei"}},
               .old_rows = {{"2", "two"}, {"3", "three"}},
               .deletes = {{"3"}},
               .new_rows = 1};
    const auto refused = session.commit(changes_of(table, epoch));
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().code == "KeyNotUnique");
    CHECK(refused.error().message == "key (id)=(1) is held by more than one row");
    epoch.upserts[0][0] = kNull;
    CHECK(session.commit(changes_of(table, epoch)).error().code == "KeyNotUnique");
    session.check_proof();
    // It shows another key: everything lands; and a key that goes and comes in one epoch is no violation.
    epoch.upserts[0][0] = "4";
    REQUIRE_OK(session.commit(changes_of(table, epoch)));
    REQUIRE_OK(session.commit(changes_of(table, {.upserts = {{"3", "again"}, {"1", "uno"}},
                                                 .old_rows = {{"1", "one"}, {"2", "zwei"}},
                                                 .deletes = {{"2"}},
                                                 .new_rows = 1})));
    session.check_proof();
    CHECK(product.read({"id", "name"}, "name") ==
          std::vector<TextRow>{{"3", "again"}, {kNull, "none"}, {"4", "other"}, {"1", "uno"}});
  }
}

CONFORMANCE("what a refusal says holds no classified value", needs::kKeysAtLoad) {
  TableSpec table = table_of({{"id", types::TypeId::kInt8, false},
                              {"email", types::TypeId::kText, false},
                              {"note", types::TypeId::kText, true}},
                             {Kind::kProvedKey, {0, 1}});
  table.classified = {"email"};
  for (Fixture* fixture : promised) {
    CAPTURE(fixture->name());
    Product product(*fixture);
    Session session(product, table);
    session.begin();
    const auto check = [](const base::Status& refused) {
      REQUIRE_FALSE(refused.ok());
      CHECK(refused.error().code == "KeyNotUnique");
      CHECK(refused.error().message.find("•••") != std::string::npos);
      CHECK((refused.error().text() + refused.error().detail).find("ann") == std::string::npos);
    };
    // Two rows, so that they differ in what is no key.
    check(session.load_and_finish(
        changes_of(table, {.upserts = {{"1", "ann@example.com", "a"}, {"1", "ann@example.com", "b"}}})));
    if (!fixture->traits().checks_keys_live) continue;
    Session again(product, table, 2);
    again.fill(changes_of(table, {.upserts = {{"1", "ann@example.com", "a"}}}));
    check(again.commit(changes_of(table, {.upserts = {{"1", "ann@example.com", "b"}}, .new_rows = 1})));
  }
}

}  // namespace offtake::targets_test
