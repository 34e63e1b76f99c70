// What one change costs does not depend on how much state there is: no operator walks its group or its key.
#include <doctest/doctest.h>

#include <ctime>

#include "operators/engine/dataflow.h"
#include "tests/unit/engine/plan_builder.h"

namespace offtake::engine::testing {
namespace {

types::ColumnPtr column(std::size_t rows, const std::function<std::int64_t(std::size_t)>& value) {
  types::ColumnBuilder builder{types::Type(types::TypeId::kInt8)};
  for (std::size_t row = 0; row < rows; ++row) builder.append(value(row));
  return builder.finish();
}

// Entities `first` .. on shelf 7, with the amount that `amount` gives.
SourceBatch stock(std::size_t first, std::size_t rows, std::int64_t offset,
                  const std::function<std::int64_t(std::size_t)>& amount) {
  SourceBatch out;
  out.rows.rows = rows;
  out.rows.columns = {column(rows, [&](std::size_t row) { return static_cast<std::int64_t>(first + row); }),
                      column(rows, [](std::size_t) { return 7; }),
                      column(rows, [&](std::size_t row) { return amount(first + row); })};
  types::ColumnBuilder identity{types::Type(types::TypeId::kBytea)};
  for (std::size_t row = 0; row < rows; ++row) {
    identity.append_text("k" + std::to_string(first + row));
    out.offsets.push_back(offset + static_cast<std::int64_t>(row));
  }
  out.identity = identity.finish();
  out.timestamps_ms.assign(rows, 0);
  out.tombstone.assign(rows, 0);
  return out;
}

double cpu_ms() {
  timespec at{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at);
  return static_cast<double>(at.tv_sec) * 1e3 + static_cast<double>(at.tv_nsec) * 1e-6;
}

struct Cost {
  double fill_ms = 0;
  double epoch_ms = 1e9;  // the least of an epoch with one change
};

// Fills the source 0 with `rows` entities and changes single ones.
Cost cost_of(const plan::Plan& plan, std::size_t rows) {
  Cost cost;
  auto made = Dataflow::build(plan, {});
  REQUIRE(made.ok());
  Dataflow& dataflow = **made;
  constexpr std::size_t kPiece = 5000;
  const double start_of_fill = cpu_ms();
  for (std::size_t first = 0; first < rows; first += kPiece) {
    REQUIRE(dataflow
                .push(0, stock(first, std::min(kPiece, rows - first), static_cast<std::int64_t>(first),
                               [](std::size_t id) { return static_cast<std::int64_t>(id * 31 % 1009); }))
                .ok());
  }
  REQUIRE(dataflow.finish_bulk([](Changes&&) -> base::Status { return {}; }).ok());
  cost.fill_ms = cpu_ms() - start_of_fill;
  for (std::size_t i = 0; i < 30; ++i) {
    const auto offset = static_cast<std::int64_t>(rows + i);
    const SourceBatch change =
        stock(i * 13 % rows, 1, offset, [&](std::size_t) { return 2000 + static_cast<std::int64_t>(i); });
    const double start = cpu_ms();
    REQUIRE(dataflow.push(0, change).ok());
    auto changes = dataflow.step();
    cost.epoch_ms = std::min(cost.epoch_ms, cpu_ms() - start);
    REQUIRE(changes.ok());
    REQUIRE(changes->upserts.rows == 1);
  }
  return cost;
}

// A thousand times the state; who walks it for one change needs about a thousand times as long.
void check_incremental(const plan::Plan& plan) {
  const Cost small = cost_of(plan, 1000);
  const Cost large = cost_of(plan, 1000000);
  CHECK(large.epoch_ms < small.epoch_ms * 50);
  CHECK(large.epoch_ms < 20);
  CHECK(large.fill_ms < small.fill_ms * 10000);  // that is, linear
}

}  // namespace

TEST_CASE("one entity updated in a group of a million rows touches few of them") {
  const auto source = entity("stock", "id:bigint shelf:bigint amount:bigint");
  const auto root = group(scan(source, 0), {1},
                          {{plan::Aggregate::kCountAll},
                           {plan::Aggregate::kSum, 2},
                           {plan::Aggregate::kAvg, 2},
                           {plan::Aggregate::kMin, 2},
                           {plan::Aggregate::kMax, 2}});
  check_incremental(make_plan(root, {source}, plan::Identity::Kind::kProvedKey, {0}));
}

TEST_CASE("one entity updated among a million of one join key touches few of them") {
  const auto source = entity("stock", "id:bigint shelf:bigint amount:bigint");
  const auto shelves = entity("shelves", "id:bigint name:text");
  const auto root = join(plan::JoinKind::kLeft, scan(source, 0), scan(shelves, 1), {1}, {0});
  check_incremental(make_plan(root, {source, shelves}, plan::Identity::Kind::kProvedKey, {0}));
}

}  // namespace offtake::engine::testing
