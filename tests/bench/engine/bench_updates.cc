// A stream of updates through an entity join and an aggregate, in epochs, against an incremental loop by
// hand.
#include "tests/bench/engine/bench.h"
#include "tests/bench/engine/hand_index.h"

namespace offtake::bench {

void bench_updates(std::size_t rows) {
  using types::TypeId;
  const std::size_t keys = std::min<std::size_t>(rows / 4, 1000000);
  const std::size_t products = 1000;
  const auto stock = source(
      "stock",
      {{"id", TypeId::kInt8, true}, {"product", TypeId::kInt8, true}, {"amount", TypeId::kInt8, true}}, true);
  const auto items = source("items", {{"id", TypeId::kInt8, true}, {"kind", TypeId::kInt8, true}}, true);
  const auto joined = join(plan::JoinKind::kInner, scan(stock, 0), scan(items, 1), 1, 0);
  const auto root =
      group(joined, 4,
            {{plan::Aggregate::kCountAll, -1, TypeId::kInt8}, {plan::Aggregate::kSum, 2, TypeId::kNumeric}});
  const auto plan = make_plan(root, {stock, items}, {plan::Identity::Kind::kProvedKey, {0}}, false);

  std::vector<std::int64_t> product_ids(products), kinds(products);
  for (std::size_t i = 0; i < products; ++i) {
    product_ids[i] = static_cast<std::int64_t>(i);
    kinds[i] = static_cast<std::int64_t>(i % 50);
  }
  const auto item_batches = cut({int8_column(product_ids), int8_column(kinds)});
  const auto base =
      cut({int8_column(shuffled_keys(keys, keys, 1)), int8_column(shuffled_keys(keys, products, 2)),
           int8_column(shuffled_keys(keys, 1000, 3))});
  const auto updates =
      cut({int8_column(shuffled_keys(rows, keys, 4)), int8_column(shuffled_keys(rows, products, 5)),
           int8_column(shuffled_keys(rows, 1000, 6))});
  std::vector<engine::SourceBatch> stream;
  std::int64_t offset = static_cast<std::int64_t>(keys) + 4096;
  for (const auto& batch : updates) {
    stream.push_back(records(batch, 0, offset));
    offset += 4096;
  }
  std::vector<std::int64_t> our_sums(50), their_sums(50);
  const auto ours = [&] {
    auto dataflow = build(plan);
    for (const auto& batch : item_batches) {
      if (!dataflow->push(1, records(batch, 0, 0))) fail("push");
    }
    std::int64_t at = 0;
    for (const auto& batch : base) {
      if (!dataflow->push(0, records(batch, 0, at))) fail("push");
      at += 4096;
    }
    const auto take = [&](const engine::Changes& changes) {
      for (std::size_t i = 0; i < changes.upserts.rows; ++i) {
        our_sums[static_cast<std::size_t>(changes.upserts.columns[0]->values<std::int64_t>()[i])] =
            static_cast<std::int64_t>(changes.upserts.columns[2]->values<types::Numeric>()[i].coefficient);
      }
    };
    auto done = dataflow->finish_bulk([&](engine::Changes&& changes) -> base::Status {
      take(changes);
      return {};
    });
    if (!done) fail("finish");
    return cpu_seconds([&] {
      for (const auto& batch : stream) {
        if (!dataflow->push(0, batch)) fail("push");
        auto changes = dataflow->step();
        if (!changes) fail("step");
        take(*changes);
      }
    });
  };
  const auto theirs = [&] {
    struct Row {
      std::int64_t product, amount;
    };
    HandIndex index(keys);
    std::vector<Row> state(keys);
    HandIndex item_index(products);
    for (std::size_t i = 0; i < products; ++i)
      item_index.find_or_add(product_ids[i], static_cast<std::int64_t>(i));
    std::vector<__int128> sums(50, 0);
    std::vector<std::int64_t> counts(50, 0);
    std::int64_t next = 0;
    const auto put = [&](std::int64_t id, std::int64_t product, std::int64_t amount, bool fresh) {
      const auto at = static_cast<std::size_t>(index.find_or_add(id, next));
      if (static_cast<std::int64_t>(at) == next) ++next;
      const auto change = [&](const Row& row, int weight) {
        const auto item = item_index.find(row.product);
        if (item < 0) return;
        const auto kind = static_cast<std::size_t>(kinds[static_cast<std::size_t>(item)]);
        sums[kind] += row.amount * weight;
        counts[kind] += weight;
      };
      if (!fresh) change(state[at], -1);
      state[at] = {product, amount};
      change(state[at], 1);
    };
    const auto run = [&](const types::Batch& batch, bool fresh) {
      const auto id = batch.columns[0]->values<std::int64_t>();
      const auto product = batch.columns[1]->values<std::int64_t>();
      const auto amount = batch.columns[2]->values<std::int64_t>();
      for (std::size_t i = 0; i < batch.rows; ++i) put(id[i], product[i], amount[i], fresh);
    };
    for (const auto& batch : base) run(batch, true);
    return cpu_seconds([&] {
      for (const auto& batch : updates) {
        run(batch, false);
        for (std::size_t kind = 0; kind < 50; ++kind)
          their_sums[kind] = static_cast<std::int64_t>(sums[kind]);
      }
    });
  };
  const Comparison compared = compare(3, ours, theirs);
  expect(our_sums == their_sums, "updates");
  report(
      "updates through join + aggregate, " + std::to_string(rows) + " over " + std::to_string(keys) + " keys",
      compared, 0, 0.25);
}

}  // namespace offtake::bench
