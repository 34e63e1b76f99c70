// filter + project at 10 % selectivity against a loop that also reads validity and writes weights.
#include "tests/bench/engine/bench.h"

namespace offtake::bench {

void bench_map(std::size_t rows) {
  using types::TypeId;
  const auto from = source(
      "orders", {{"id", TypeId::kInt8, true}, {"amount", TypeId::kInt8, true}, {"fee", TypeId::kInt8, true}},
      false);
  const auto order = scan(from, 0);
  const auto cheap = filter(
      order,
      call("<", {col(order, 1), plan::literal(types::Datum::int8(static_cast<std::int64_t>(rows / 10)))}));
  const auto root = project(cheap, {col(cheap, 0), call("+", {col(cheap, 1), col(cheap, 2)})});
  const auto plan = make_plan(root, {from}, {plan::Identity::Kind::kPosition, {}}, true);

  const auto keys = shuffled_keys(rows, rows, 1);
  const auto batches = cut(
      {int8_column(keys), nullable_int8_column(shuffled_keys(rows, rows, 2)), nullable_int8_column(keys)});
  std::vector<engine::SourceBatch> input;
  std::int64_t offset = 0;
  for (const auto& batch : batches) {
    input.push_back(events(batch, offset));
    offset += static_cast<std::int64_t>(batch.rows);
  }
  std::int64_t our_sum = 0;
  std::int64_t their_sum = 0;
  const auto ours = [&] {
    auto dataflow = build(plan);
    our_sum = 0;
    return cpu_seconds([&] {
      for (const auto& batch : input) {
        if (!dataflow->push(0, batch)) fail("push");
        auto changes = dataflow->take_stateless();
        for (std::size_t i = 0; i < changes->upserts.rows; ++i) {
          const auto& sum = *changes->upserts.columns[1];
          if (!sum.is_null(i)) our_sum += sum.values<std::int64_t>()[i];
        }
      }
    });
  };
  const auto theirs = [&] {
    their_sum = 0;
    return cpu_seconds([&] {
      std::vector<std::int64_t> id(4096), sum(4096), weight(4096);
      std::vector<std::uint8_t> valid(4096);
      for (const auto& batch : input) {
        const auto& amount = *batch.rows.columns[1];
        const auto& fee = *batch.rows.columns[2];
        const auto ids = batch.rows.columns[0]->values<std::int64_t>();
        const auto amounts = amount.values<std::int64_t>();
        const auto fees = fee.values<std::int64_t>();
        std::size_t out = 0;
        for (std::size_t i = 0; i < batch.rows.rows; ++i) {
          if (amount.is_null(i) || amounts[i] >= static_cast<std::int64_t>(rows / 10)) continue;
          id[out] = ids[i];
          valid[out] = !fee.is_null(i);
          if (valid[out] && __builtin_add_overflow(amounts[i], fees[i], &sum[out])) fail("overflow");
          weight[out] = 1;
          ++out;
        }
        for (std::size_t i = 0; i < out; ++i) {
          if (valid[i]) their_sum += sum[i] * weight[i];
        }
      }
    });
  };
  const Comparison compared = compare(5, ours, theirs);
  expect(our_sum == their_sum, "filter + project");
  report("filter + project, 10 % of " + std::to_string(rows) + " rows, position identity", compared, 0.2,
         0.25);
}

}  // namespace offtake::bench
