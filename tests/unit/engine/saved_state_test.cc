// Saved states that are large, damaged, of another plan, or too large for the memory there is. That a
// restored one goes on as the one that was saved is among the laws of properties_test.cc.
#include <doctest/doctest.h>

#include "tests/unit/engine/feeder.h"
#include "tests/unit/engine/plan_builder.h"
#include "tests/unit/engine/restarting.h"
#include "tests/unit/engine/target_model.h"

namespace offtake::engine::testing {
namespace {

using Kind = plan::Identity::Kind;
using plan::Aggregate;
using plan::JoinKind;

const std::string kOrders = "id:bigint customer:integer amount:numeric price:float8 note:text";
const std::string kCustomers = "id:integer city:text level:numeric";

// Every operator with state, and aggregates of every kind.
plan::Plan busy_plan() {
  const auto orders = event("orders", kOrders);
  const auto customers = entity("customers", kCustomers);
  const auto joined = join(JoinKind::kLeft, scan(orders, 0), scan(customers, 1), {1}, {0});
  const auto grouped = group(joined, {7},
                             {{Aggregate::kCountAll},
                              {Aggregate::kSum, 2},
                              {Aggregate::kSum, 3},
                              {Aggregate::kMin, 4},
                              {Aggregate::kMax, 0}});
  return make_plan(grouped, {orders, customers}, Kind::kWatchedKey, {0});
}

types::ColumnPtr column(const types::Type& type, std::size_t rows,
                        const std::function<std::string(std::size_t)>& value) {
  types::ColumnBuilder builder{type};
  for (std::size_t row = 0; row < rows; ++row) REQUIRE(types::append_parsed(builder, value(row)).ok());
  return builder.finish();
}

// Customers number first .. first + rows - 1.
SourceBatch customers(std::size_t first, std::size_t rows, std::int64_t offset, const std::string& city) {
  const auto types = fields(kCustomers);
  SourceBatch out;
  out.rows.rows = rows;
  out.rows.columns = {
      column(types[0].type, rows, [&](std::size_t row) { return std::to_string(first + row); }),
      column(types[1].type, rows,
             [&](std::size_t row) { return city + std::to_string((first + row) % 100); }),
      column(types[2].type, rows, [&](std::size_t row) { return row % 2 == 0 ? "1.0" : "1.00"; })};
  types::ColumnBuilder identity{types::Type(types::TypeId::kBytea)};
  for (std::size_t row = 0; row < rows; ++row) {
    std::string key;
    types::append_canonical(*out.rows.columns[0], row, key);
    identity.append_text(key);
    out.offsets.push_back(offset + static_cast<std::int64_t>(row));
  }
  out.identity = identity.finish();
  out.timestamps_ms.assign(rows, 0);
  out.tombstone.assign(rows, 0);
  return out;
}

plan::Plan customer_plan() {
  const auto source = entity("customers", kCustomers);
  return make_plan(join(JoinKind::kLeft, scan(source, 0), scan(source, 0), {0}, {0}), {source}, Kind::kBag);
}

std::unique_ptr<Dataflow> filled(const plan::Plan& plan, std::size_t rows) {
  auto made = Dataflow::build(plan, {});
  REQUIRE(made.ok());
  for (std::size_t first = 0; first < rows; first += 5000) {
    REQUIRE((*made)
                ->push(0, customers(first, std::min<std::size_t>(5000, rows - first),
                                    static_cast<std::int64_t>(first), "city "))
                .ok());
  }
  REQUIRE((*made)->finish_bulk([](Changes&&) -> base::Status { return {}; }).ok());
  return std::move(made).value();
}

}  // namespace

TEST_CASE("a state of many pages goes on after a restore, holes and long chains included") {
  const plan::Plan plan = customer_plan();
  Restarting dataflow(plan);
  TargetModel target(plan, true);
  constexpr std::size_t kRows = 60'000;
  for (std::size_t first = 0; first < kRows; first += 5000) {
    REQUIRE(dataflow.push(0, customers(first, 5000, static_cast<std::int64_t>(first), "city ")).ok());
  }
  const auto take = [&](Changes&& changes) -> base::Status {
    target.apply(changes);
    return {};
  };
  REQUIRE(dataflow.finish_bulk(take).ok());
  REQUIRE(saved(dataflow).size() > 5);  // blocks of 1 MiB
  auto offset = static_cast<std::int64_t>(kRows);
  for (int epoch = 0; epoch < 6; ++epoch) {
    dataflow.restart();
    const auto rows = static_cast<std::size_t>(epoch % 2 == 0 ? 30'000 : 10);
    REQUIRE(dataflow.push(0, customers(100, rows, offset, "town " + std::to_string(epoch))).ok());
    offset += static_cast<std::int64_t>(rows);
    auto changes = dataflow.step();
    REQUIRE(changes.ok());
    target.apply(*changes);
  }
  CHECK(target.rows().size() == kRows);
}

TEST_CASE("a restored state respects the memory limit") {
  const plan::Plan plan = customer_plan();
  const auto dataflow = filled(plan, 20'000);
  const auto blocks = saved(*dataflow);
  DataflowOptions options;
  options.memory_limit_bytes = dataflow->state_bytes() / 2;
  const auto refused = restored(plan, blocks, options);
  REQUIRE(!refused.ok());
  CHECK(refused.error().code == "MemoryExceeded");
  CHECK(refused.error().retry == base::Retry::kTransient);
  options.memory_limit_bytes = dataflow->state_bytes() * 2;
  CHECK(restored(plan, blocks, options).ok());
}

TEST_CASE("a state is saved between epochs only") {
  const plan::Plan plan = customer_plan();
  StateWriter nowhere([](std::string_view) -> base::Status { return {}; });
  auto made = Dataflow::build(plan, {});
  REQUIRE(made.ok());
  CHECK(!(*made)->save(nowhere).ok());
  const auto dataflow = filled(plan, 10);
  REQUIRE(dataflow->push(0, customers(3, 1, 100, "elsewhere ")).ok());
  StateWriter again([](std::string_view) -> base::Status { return {}; });
  CHECK(!dataflow->save(again).ok());
  REQUIRE(dataflow->step().ok());
  StateWriter now([](std::string_view) -> base::Status { return {}; });
  CHECK(dataflow->save(now).ok());
  StateWriter full([](std::string_view) -> base::Status { return base::transient("DiskFull", "no room"); });
  CHECK(dataflow->save(full).error().code == "DiskFull");
}

TEST_CASE("what is cut short, or of another plan, is refused and leaves nothing behind") {
  const plan::Plan plan = busy_plan();
  for (unsigned seed = 1; seed <= 5; ++seed) {
    Feeder feeder(plan, seed);
    auto made = Dataflow::build(plan, {});
    REQUIRE(made.ok());
    feeder.push_random(**made, 200);
    REQUIRE((*made)->finish_bulk([](Changes&&) -> base::Status { return {}; }).ok());
    std::string whole;
    for (const std::string& block : saved(**made)) whole += block;
    REQUIRE(restored(plan, {whole}).ok());
    // At every length: wherever the end comes, it is noticed, and what was made until then is freed.
    std::size_t refused = 0, lengths = 0;
    for (std::size_t length = 0; length < whole.size(); length += 1 + length / 50) {
      const auto cut =
          restored(plan, length == 0 ? std::vector<std::string>() : std::vector{whole.substr(0, length)});
      refused += !cut.ok() && cut.error().code == "StateDamaged" ? 1 : 0;
      ++lengths;
    }
    CHECK(refused == lengths);
    CHECK(!restored(plan, {whole, "x"}).ok());
    const auto other = restored(customer_plan(), {whole});
    REQUIRE(!other.ok());
    CHECK(other.error().code == "StateDamaged");
  }
}

}  // namespace offtake::engine::testing
