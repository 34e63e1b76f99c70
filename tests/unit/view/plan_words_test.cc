// What `plan` says of time and of what receivers are sent.
#include <doctest/doctest.h>

#include "controlplane/sql/compile.h"
#include "controlplane/view/plan_estimate.h"
#include "controlplane/view/preview_summary.h"
#include "operators/plan/sent_changes.h"

namespace offtake::view {
namespace {

// payments and refunds are events without a key, orders events with one, customers an entity.
plan::Plan compiled(const char* sql) {
  sql::CompileInput input;
  input.sql = sql;
  input.default_namespace = "shop";
  input.catalog.schema = [](const sql::DatasetName& name) -> base::Result<sql::DatasetSchema> {
    sql::DatasetSchema schema;
    schema.id = name;
    const types::Type number(types::TypeId::kInt8);
    schema.columns = {{"id", number, false}, {"order_id", number, false}, {"customer_id", number, false}};
    if (name.name == "orders") schema.key = {"order_id"};
    if (name.name == "customers") {
      schema.key = {"customer_id"};
      schema.kind = plan::SourceUse::Kind::kEntity;
    }
    return schema;
  };
  auto out = sql::compile(input);
  for (const auto& error : out.errors) FAIL(error.text());
  REQUIRE(out.ok());
  return out.plan;
}

std::string changes_of(const char* sql) {
  const auto found = plan::default_changes(compiled(sql));
  return fmt::format("{}: {}", plan::to_string(found.changes), found.reason);
}

resources::DataProduct filled(std::int64_t records, std::int64_t seconds) {
  resources::DataProduct product;
  resources::BackfillStatus fill;
  fill.rows_total = records;
  fill.start_time = resources::Instant{1'000'000};
  fill.completion_time = resources::Instant{1'000'000 + seconds * 1'000'000};
  product.status.backfill = fill;
  return product;
}

}  // namespace

TEST_CASE("receivers are sent new keys only where each row is one record of the driving dataset") {
  CHECK(changes_of("SELECT p.id FROM payments p") ==
        "Created: each row stems from one record of shop/payments");
  CHECK(
      changes_of("SELECT p.id, c.id AS c FROM payments p JOIN orders o ON o.order_id = p.order_id LEFT JOIN "
                 "customers c ON c.customer_id = o.customer_id") ==
      "Created: each row stems from one record of shop/payments");
  CHECK(changes_of("SELECT p.order_id, count(*) AS n FROM payments p GROUP BY p.order_id") ==
        "All: a row stems from no one record of shop/payments alone");
  CHECK(changes_of("SELECT c.customer_id FROM customers c") ==
        "All: no event dataset drives it: its rows change as entities do");
  CHECK(
      changes_of("SELECT p.id, r.id AS r FROM payments p JOIN refunds r ON r.customer_id = p.customer_id") ==
      "All: rows stem from records of both shop/payments and shop/refunds");
  // A customer without a payment is a row, too.
  CHECK(changes_of("SELECT c.customer_id, p.id FROM customers c LEFT JOIN payments p ON p.customer_id = "
                   "c.customer_id") == "All: a row stems from no one record of shop/payments alone");
}

TEST_CASE("a fill's time is told by fills that were measured, the product's own first") {
  const resources::DataProduct fresh;
  const auto assumed = estimate_fill(3'000'000, fresh, {});
  CHECK(assumed.seconds == doctest::Approx(60));
  CHECK(assumed.basis == "assumed, as no fill was measured yet");
  // Too short or too few to tell.
  CHECK(estimate_fill(1, fresh, {filled(1'000'000, 1), filled(100, 50)}).basis == assumed.basis);
  const auto two = estimate_fill(1'000'000, fresh, {filled(1'000'000, 10), filled(500'000, 5)});
  CHECK(two.seconds == doctest::Approx(10));
  CHECK(two.basis == "2 fills measured here, 1500000 records in 15 s");
  const auto own = estimate_fill(400'000, filled(200'000, 10), {filled(1'000'000, 10)});
  CHECK(own.seconds == doctest::Approx(20));
  CHECK(own.basis == "its last fill, 200000 records in 10 s");
}

TEST_CASE("what a preview has read is said in sentences") {
  preview::Preview found;
  found.sources.resize(2);
  found.sources[0].role = preview::Role::kDriving;
  found.sources[0].kept = 50;
  found.sources[0].back_to_ms = 1'785'542'400'000;
  found.sources[1].role = preview::Role::kLookedUp;
  found.sources[1].records = 9'000;
  found.sources[1].wanted_keys = 50;
  found.sources[1].found_keys = 38;
  found.sources[1].time_over = true;
  found.sources[1].back_to_ms = 1'785'542'400'000;
  const auto lines = summary_of(found, {"shop/orders", "shop/customers"});
  REQUIRE(lines.size() == 2);
  CHECK(lines[0] == "shop/orders: the newest 50 records, back to 2026-08-01T00:00:00Z");
  CHECK(lines[1] ==
        "shop/customers: joined 38 of 50; scanned back to 2026-08-01T00:00:00Z, then its time was over");
}

}  // namespace offtake::view
