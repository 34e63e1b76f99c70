// Topics without a key: each row is a record, once, and none is taken back.
#include "needs.h"
#include "operators/targets/topic/appended.h"
#include "session.h"
#include "workload.h"

namespace offtake::targets_test {
namespace {

TableSpec rows_of_orders(int revision = 1) {
  TableSpec table;
  table.name = "orders";
  table.revision = revision;
  table.columns = {{"what", types::TypeId::kText, true}};
  table.identity = {plan::Identity::Kind::kPosition, {}};
  return table;
}

constexpr Need kAppends{[](const Fixture& fixture) { return fixture.traits().appends; },
                        "it keeps rows without a key apart and takes them back"};

}  // namespace

CONFORMANCE("rows of one Event dataset are appended, and stay", kAppends) {
  for (Fixture* fixture : promised) {
    CAPTURE(fixture->name());
    Product product(*fixture, "orders", provision::RowsForm::kAppended);
    const TableSpec table = rows_of_orders();
    Session session(product, table);
    session.begin();
    session.load(changes_of(table, {.upserts = {{"x"}, {"x"}, {"y"}},
                                    .identity = {{"0", "1", "0"}, {"1", "1", "0"}, {"0", "1", "1"}}}));
    REQUIRE_OK(session.finish());
    session.check_proof();
    session.publish();
    CHECK(product.read({}, "what") == std::vector<TextRow>{{"x"}, {"x"}, {"y"}});
    REQUIRE_OK(session.commit(
        changes_of(table, {.upserts = {{"z"}}, .identity = {{"0", "7", "0"}}, .new_rows = 1})));
    // Out of the window: gone from the result, not from the topic.
    REQUIRE_OK(session.commit(changes_of(table, {.old_rows = {{"y"}}, .deletes = {{"0", "1", "1"}}})));
    CHECK(session.control.content.rows == 3);
    CHECK(product.read({}, "what") == std::vector<TextRow>{{"x"}, {"x"}, {"y"}, {"z"}});
  }
}

CONFORMANCE("a revision that appends goes on exactly where the one before it stands", kAppends) {
  for (Fixture* fixture : promised) {
    CAPTURE(fixture->name());
    Product product(*fixture, "orders", provision::RowsForm::kAppended);
    const TableSpec table = rows_of_orders();
    Session first(product, table);
    first.fill(changes_of(table, {.upserts = {{"a"}}, .identity = {{"0", "1", "0"}}}));

    // It has read further: what lies between would be appended by neither.
    const TableSpec next = rows_of_orders(2);
    Session second(product, next);
    second.begin(104);
    second.load(
        changes_of(next, {.upserts = {{"A"}, {"B"}}, .identity = {{"0", "1", "0"}, {"0", "102", "0"}}}));
    REQUIRE_OK(second.finish());
    auto ahead = second.target().swap();
    REQUIRE_OK(ahead);
    CHECK_FALSE(ahead->swapped);
    CHECK(ahead->hold);
    while (first.control.offsets[kDataset][0] < 106) REQUIRE_OK(first.commit({}));
    REQUIRE_OK(first.commit(
        changes_of(table, {.upserts = {{"b"}}, .identity = {{"0", "102", "0"}}, .new_rows = 1})));
    auto told = second.target().swap();
    REQUIRE_OK(told);
    CHECK_FALSE(told->swapped);
    CHECK(told->reach == first.control.offsets);
    CHECK(first.commit({}).error().retry == base::Retry::kFenced);
    // What it gathers on its way is not its to append.
    while (second.control.offsets[kDataset][0] + 1 < told->reach[kDataset][0]) REQUIRE_OK(second.commit({}));
    second.control.logical_time = told->reach_time - 1;
    REQUIRE_OK(second.commit(
        changes_of(next, {.upserts = {{"C"}}, .identity = {{"0", "105", "0"}}, .new_rows = 1})));
    second.publish();
    CHECK(product.read({}, "what") == std::vector<TextRow>{{"a"}, {"b"}});
    REQUIRE_OK(second.commit(
        changes_of(next, {.upserts = {{"D"}}, .identity = {{"0", "120", "0"}}, .new_rows = 1})));
    CHECK(product.read({}, "what") == std::vector<TextRow>{{"D"}, {"a"}, {"b"}});
  }
}

TEST_CASE("positions sort as bytes, and how far a topic is comes back from its text") {
  using topic::Position;
  const Position ordered[] = {
      {0, 1, 0}, {0, 1, 1},     {0, 255, 0}, {0, 256, 0}, {0, std::int64_t{1} << 40, 3},
      {1, 0, 0}, {1, 0, 65536}, {256, 0, 0}};
  for (std::size_t i = 0; i < std::size(ordered); ++i) {
    CHECK(topic::position_of(topic::position_key(ordered[i])) == ordered[i]);
    if (i > 0) CHECK(topic::position_key(ordered[i - 1]) < topic::position_key(ordered[i]));
  }
  topic::Appended appended;
  appended.last = {{0, {0, 7, 1}}, {3, {3, std::int64_t{1} << 40, 0}}};
  auto again = topic::appended_from(topic::to_text(appended));
  REQUIRE_OK(again);
  CHECK(again->last == appended.last);
  CHECK_FALSE(again->complete);
  CHECK(again->has({0, 7, 1}));
  CHECK(again->has({0, 3, 9}));
  CHECK_FALSE(again->has({0, 7, 2}));
  CHECK_FALSE(again->has({1, 0, 0}));
  CHECK_FALSE(topic::appended_from(R"({"last":[[1,2]]})").ok());
}

}  // namespace offtake::targets_test
