// A checkpoint of a join's state: written to a file with its checksums, and read back, against building the
// same state from columns that are decoded already (what a replay does beside reading and decoding).
#include <chrono>

#include "base/files/files.h"
#include "operators/delivery/checkpoint_file.h"
#include "operators/engine/slot_index.h"
#include "operators/engine/state_stream.h"
#include "tests/bench/engine/bench.h"

namespace offtake::bench {
namespace {

double seconds(const std::function<void()>& run) {
  const auto began = std::chrono::steady_clock::now();
  run();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

// Why indexes are written as they lie: reading one back against finding a place for each row again.
void report_index(std::size_t rows) {
  const auto column = int8_column(shuffled_keys(rows, rows, 5));
  const auto hashes = types::hash_rows(types::Batch{{column}, {}, rows});
  double placed = 1e300, read = 1e300;
  for (int round = 0; round < 5; ++round) {
    engine::SlotIndex index;
    placed =
        std::min(placed, seconds([&] {
                   index.reserve(rows);
                   for (std::size_t i = 0; i < rows; ++i) {
                     index.insert(engine::SlotIndex::tag_of(hashes[i]), static_cast<std::uint32_t>(i + 1));
                   }
                 }));
    std::vector<std::string> blocks;
    engine::StateWriter out([&](std::string_view block) -> base::Status {
      blocks.emplace_back(block);
      return {};
    });
    index.save(out);
    if (!out.finish()) fail("save");
    std::size_t next = 0;
    engine::StateReader in(
        [&]() -> base::Result<std::string_view> {
          return next < blocks.size() ? std::string_view(blocks[next++]) : std::string_view();
        },
        0);
    engine::SlotIndex other;
    read = std::min(read, seconds([&] { other.restore(in); }));
    expect(in.ok() && other.count() == index.count(), "index");
  }
  fmt::print("an index of {} rows: read back in {:.1f} ms, placed again in {:.1f} ms\n", rows, read * 1e3,
             placed * 1e3);
}

}  // namespace

void bench_checkpoint(std::size_t rows) {
  using types::TypeId;
  const std::size_t keys = rows / 10;
  const auto orders =
      source("orders", {{"id", TypeId::kInt8, true}, {"customer", TypeId::kInt8, true}}, false);
  const auto customers =
      source("customers", {{"id", TypeId::kInt8, true}, {"level", TypeId::kInt8, true}}, true);
  const auto root = join(plan::JoinKind::kLeft, scan(orders, 0), scan(customers, 1), 1, 0);
  const auto plan = make_plan(root, {orders, customers}, {plan::Identity::Kind::kWatchedKey, {0}}, false);
  const auto ids = shuffled_keys(rows, rows, 1);
  const auto left = cut({int8_column(ids), int8_column(shuffled_keys(rows, keys, 2))});
  const auto right =
      cut({int8_column(shuffled_keys(keys, keys, 3)), int8_column(shuffled_keys(keys, keys, 4))});
  std::unique_ptr<engine::Dataflow> dataflow;
  const auto replay = [&] {
    dataflow = build(plan);
    return seconds([&] {
      std::int64_t offset = 0;
      for (const auto& batch : right) {
        if (!dataflow->push(1, records(batch, 0, offset))) fail("push");
        offset += 4096;
      }
      for (const auto& batch : left) {
        if (!dataflow->push(0, events(batch, offset))) fail("push");
        offset += 4096;
      }
      if (!dataflow->finish_bulk([](engine::Changes&&) -> base::Status { return {}; })) fail("finish");
    });
  };
  auto folder = files::TempDir::make();
  if (!folder) fail("temporary directory");
  const files::Path path = folder->path() / "state";
  delivery::StateFileSum sum;
  double handed = 0;  // how long the dataflow waits
  const auto write = [&] {
    (void)files::remove_file(path);
    return seconds([&] {
      auto file = delivery::StateFileWriter::create(path);
      if (!file) fail("create");
      engine::StateWriter out([&](std::string_view block) { return file->append(block); });
      handed = seconds([&] {
        if (!dataflow->save(out)) fail("save");
      });
      auto ended = file->end();
      if (!ended || !file->sync()) fail("sync");
      sum = *ended;
    });
  };
  std::unique_ptr<engine::Dataflow> other;
  const auto restore = [&] {
    other = build(plan);
    return seconds([&] {
      auto file = delivery::StateFileReader::open(path, sum);
      if (!file) fail("open");
      engine::StateReader in([&] { return file->next(); }, 0);
      if (!other->restore(in)) fail("restore");
    });
  };
  double replayed = 1e300, written = 1e300, waited = 1e300, restored = 1e300;
  for (int round = 0; round < 5; ++round) {
    replayed = std::min(replayed, replay());
    written = std::min(written, write());
    waited = std::min(waited, handed);
    restored = std::min(restored, restore());
  }
  // The same from here on.
  const auto step = [&](engine::Dataflow& one) {
    if (!one.push(1, records(right[0], 0, 1 << 30))) fail("push");
    auto changes = one.step();
    if (!changes) fail("step");
    return changes->checksum;
  };
  expect(step(*dataflow) == step(*other), "checkpoint");
  const double mib = static_cast<double>(sum.bytes) / (1 << 20);
  fmt::print(
      "checkpoint of a join of {} rows: {:.0f} MiB, written and synced at {:.0f} MiB/s (the product waits "
      "for "
      "{:.0f} ms), restored at {:.0f} MiB/s in {:.0f} ms\n",
      rows, mib, mib / written, waited * 1e3, mib / restored, restored * 1e3);
  report_index(rows);
  Comparison compared;
  compared.ours = restored;
  compared.theirs = replayed;
  compared.median = replayed / restored;
  report("restoring a checkpoint against building the state from columns", compared, 1, 3);
}

}  // namespace offtake::bench
