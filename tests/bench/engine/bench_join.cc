// A foreign-key join in bulk: events against an event table of keys, both arrangements left for live.
#include "tests/bench/engine/bench.h"
#include "tests/bench/engine/hand_index.h"

namespace offtake::bench {

void bench_join(std::size_t rows) {
  using types::TypeId;
  const std::size_t keys = rows / 10;
  const auto orders =
      source("orders", {{"id", TypeId::kInt8, true}, {"customer", TypeId::kInt8, true}}, false);
  const auto customers =
      source("customers", {{"id", TypeId::kInt8, true}, {"level", TypeId::kInt8, true}}, false);
  const auto root = join(plan::JoinKind::kInner, scan(orders, 0), scan(customers, 1), 1, 0);
  const auto plan = make_plan(root, {orders, customers}, {plan::Identity::Kind::kProvedKey, {0}}, false);

  const auto ids = shuffled_keys(rows, rows, 1);
  const auto left = cut({int8_column(ids), nullable_int8_column(shuffled_keys(rows, keys, 2))});
  const auto customer_ids = shuffled_keys(keys, keys, 3);
  const auto right = cut({int8_column(customer_ids), int8_column(shuffled_keys(keys, keys, 4))});
  std::int64_t our_sum = 0;
  std::int64_t their_sum = 0;
  const auto ours = [&] {
    auto dataflow = build(plan);
    our_sum = 0;
    return cpu_seconds([&] {
      std::int64_t offset = 0;
      for (const auto& batch : right) {
        if (!dataflow->push(1, events(batch, offset))) fail("push");
        offset += 4096;
      }
      for (const auto& batch : left) {
        if (!dataflow->push(0, events(batch, offset))) fail("push");
        offset += 4096;
      }
      auto done = dataflow->finish_bulk([&](engine::Changes&& changes) -> base::Status {
        const auto ids_out = changes.upserts.columns[0]->values<std::int64_t>();
        const auto levels = changes.upserts.columns[3]->values<std::int64_t>();
        for (std::size_t i = 0; i < changes.upserts.rows; ++i) our_sum += ids_out[i] * (levels[i] + 1);
        return {};
      });
      if (!done) fail("finish");
    });
  };
  const auto theirs = [&] {
    their_sum = 0;
    return cpu_seconds([&] {
      HandIndex index(keys);
      std::vector<std::int64_t> level;
      level.reserve(keys);
      for (const auto& batch : right) {
        const auto key = batch.columns[0]->values<std::int64_t>();
        const auto value = batch.columns[1]->values<std::int64_t>();
        for (std::size_t i = 0; i < batch.rows; ++i) {
          if (batch.columns[0]->is_null(i)) continue;
          index.find_or_add(key[i], static_cast<std::int64_t>(level.size()));
          level.push_back(value[i]);
        }
      }
      std::vector<std::int64_t> out[4], weights(4096);
      for (auto& column : out) column.resize(4096);
      for (const auto& batch : left) {
        const auto id = batch.columns[0]->values<std::int64_t>();
        const auto& customer = *batch.columns[1];
        const auto key = customer.values<std::int64_t>();
        std::size_t count = 0;
        for (std::size_t i = 0; i < batch.rows; ++i) {
          if (customer.is_null(i)) continue;
          const std::int64_t row = index.find(key[i]);
          if (row < 0) continue;
          out[0][count] = id[i];
          out[1][count] = key[i];
          out[2][count] = key[i];
          out[3][count] = level[static_cast<std::size_t>(row)];
          weights[count++] = 1;
        }
        for (std::size_t i = 0; i < count; ++i) their_sum += out[0][i] * (out[3][i] + 1) * weights[i];
      }
    });
  };
  const Comparison compared = compare(5, ours, theirs);
  expect(our_sum == their_sum, "join");
  report("join, " + std::to_string(rows) + " probes of " + std::to_string(keys) + " keys, both sides kept",
         compared, 0.1, 0.4);
}

}  // namespace offtake::bench
