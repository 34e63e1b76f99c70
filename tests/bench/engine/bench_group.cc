// GROUP BY in bulk: count and sum.
#include "tests/bench/engine/bench.h"
#include "tests/bench/engine/hand_index.h"

namespace offtake::bench {

void bench_group(std::size_t rows) {
  using types::TypeId;
  const std::size_t keys = rows / 10;
  const auto orders =
      source("orders", {{"customer", TypeId::kInt8, true}, {"amount", TypeId::kInt8, true}}, false);
  const auto root =
      group(scan(orders, 0), 0,
            {{plan::Aggregate::kCountAll, -1, TypeId::kInt8}, {plan::Aggregate::kSum, 1, TypeId::kNumeric}});
  const auto plan = make_plan(root, {orders}, {plan::Identity::Kind::kProvedKey, {0}}, false);
  const auto input =
      cut({int8_column(shuffled_keys(rows, keys, 1)), nullable_int8_column(shuffled_keys(rows, rows, 2))});
  std::int64_t our_sum = 0;
  std::int64_t their_sum = 0;
  const auto ours = [&] {
    auto dataflow = build(plan);
    our_sum = 0;
    return cpu_seconds([&] {
      std::int64_t offset = 0;
      for (const auto& batch : input) {
        if (!dataflow->push(0, events(batch, offset))) fail("push");
        offset += 4096;
      }
      auto done = dataflow->finish_bulk([&](engine::Changes&& changes) -> base::Status {
        const auto count = changes.upserts.columns[1]->values<std::int64_t>();
        const auto sum = changes.upserts.columns[2]->values<types::Numeric>();
        for (std::size_t i = 0; i < changes.upserts.rows; ++i)
          our_sum += count[i] * static_cast<std::int64_t>(sum[i].coefficient);
        return {};
      });
      if (!done) fail("finish");
    });
  };
  const auto theirs = [&] {
    their_sum = 0;
    return cpu_seconds([&] {
      HandIndex index(keys);
      struct Group {
        std::int64_t key, count, present;
        __int128 sum;
      };
      std::vector<Group> groups;
      groups.reserve(keys);
      for (const auto& batch : input) {
        const auto key = batch.columns[0]->values<std::int64_t>();
        const auto& amount = *batch.columns[1];
        const auto amounts = amount.values<std::int64_t>();
        for (std::size_t i = 0; i < batch.rows; ++i) {
          const auto row =
              static_cast<std::size_t>(index.find_or_add(key[i], static_cast<std::int64_t>(groups.size())));
          if (row == groups.size()) groups.push_back({key[i], 0, 0, 0});
          ++groups[row].count;
          if (amount.is_null(i)) continue;
          ++groups[row].present;
          groups[row].sum += amounts[i];
        }
      }
      std::vector<std::int64_t> out[3];
      for (auto& column : out) column.resize(groups.size());
      for (std::size_t i = 0; i < groups.size(); ++i) {
        out[0][i] = groups[i].key;
        out[1][i] = groups[i].count;
        out[2][i] = static_cast<std::int64_t>(groups[i].sum);
      }
      for (std::size_t i = 0; i < groups.size(); ++i) their_sum += out[1][i] * out[2][i];
    });
  };
  const Comparison compared = compare(5, ours, theirs);
  expect(our_sum == their_sum, "group by");
  report("group by, " + std::to_string(rows) + " rows in " + std::to_string(keys) + " groups", compared, 0,
         0.4);
}

}  // namespace offtake::bench
