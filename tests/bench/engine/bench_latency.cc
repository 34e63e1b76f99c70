// One update after a million rows: what an epoch of one record costs. By CPU time: an epoch waits for
// nothing, and the worst of many by the wall clock is how long the machine ran something else.
#include "tests/bench/engine/bench.h"

namespace offtake::bench {
namespace {

double worst_epoch_ms(const plan::Plan& plan, const std::vector<types::Batch>& rows,
                      const types::Batch& updates) {
  auto dataflow = build(plan);
  std::int64_t offset = 0;
  for (const auto& batch : rows) {
    if (!dataflow->push(0, records(batch, 0, offset))) fail("push");
    offset += 4096;
  }
  if (!dataflow->finish_bulk([](engine::Changes&&) -> base::Status { return {}; })) fail("finish");
  double worst = 0;
  for (std::uint32_t row = 0; row < updates.rows; ++row) {
    const std::uint32_t one[] = {row};
    const auto record = records(updates.take(one), 0, ++offset);
    worst = std::max(worst, cpu_seconds([&] {
                       if (!dataflow->push(0, record)) fail("push");
                       if (!dataflow->step()) fail("step");
                     }));
  }
  return worst * 1000;
}

}  // namespace

void bench_latency(std::size_t rows) {
  using types::TypeId;
  const auto stock = source(
      "stock", {{"id", TypeId::kInt8, true}, {"shelf", TypeId::kInt8, true}, {"amount", TypeId::kInt8, true}},
      true);
  const auto from = scan(stock, 0);
  const std::vector<std::int64_t> one_shelf(rows, 7);
  const auto input = cut({int8_column(shuffled_keys(rows, rows, 1)), int8_column(one_shelf),
                          int8_column(shuffled_keys(rows, rows, 2))});
  std::vector<std::int64_t> ids, shelves, amounts;
  for (int i = 0; i < 50; ++i) {
    ids.push_back(i * 17);
    shelves.push_back(i % 2 ? 7 : 8);
    amounts.push_back(-i);
  }
  types::Batch updates;
  updates.rows = ids.size();
  updates.columns = {int8_column(ids), int8_column(shelves), int8_column(amounts)};
  const auto grouped = group(from, 1,
                             {{plan::Aggregate::kCountAll, -1, TypeId::kInt8},
                              {plan::Aggregate::kSum, 2, TypeId::kNumeric},
                              {plan::Aggregate::kMin, 2, TypeId::kInt8},
                              {plan::Aggregate::kMax, 2, TypeId::kInt8}});
  const auto n = std::to_string(rows);
  report_bound("one update in a group of " + n + ": worst epoch",
               worst_epoch_ms(make_plan(grouped, {stock}, {plan::Identity::Kind::kProvedKey, {0}}, false),
                              input, updates),
               20, "ms");
  report_bound("one update of an entity of " + n + ": worst epoch",
               worst_epoch_ms(make_plan(from, {stock}, {plan::Identity::Kind::kProvedKey, {0}}, false), input,
                              updates),
               20, "ms");
  const auto self = join(plan::JoinKind::kLeft, from, from, 0, 0);
  report_bound("one update of a left join of " + n + ": worst epoch",
               worst_epoch_ms(make_plan(self, {stock}, {plan::Identity::Kind::kProvedKey, {0}}, false), input,
                              updates),
               20, "ms");
  // All rows of one join key: only the row that changed is touched.
  const auto shelf_names =
      source("shelves", {{"id", TypeId::kInt8, true}, {"name", TypeId::kInt8, true}}, true);
  const auto hot = join(plan::JoinKind::kLeft, from, scan(shelf_names, 1), 1, 0);
  report_bound(
      "one update of " + n + " rows under one join key: worst epoch",
      worst_epoch_ms(make_plan(hot, {stock, shelf_names}, {plan::Identity::Kind::kProvedKey, {0}}, false),
                     input, updates),
      20, "ms");
  report_bound("one update under a watched key of " + n + ": worst epoch",
               worst_epoch_ms(make_plan(from, {stock}, {plan::Identity::Kind::kWatchedKey, {0}}, false),
                              input, updates),
               20, "ms");
  report_bound(
      "one update of a bag of " + n + ": worst epoch",
      worst_epoch_ms(make_plan(from, {stock}, {plan::Identity::Kind::kBag, {}}, false), input, updates), 20,
      "ms");
}

}  // namespace offtake::bench
