// State per row of a join side of 100 bytes, the mean over 0.7 to 1.4 million rows.
#include "operators/engine/arrangement.h"
#include "tests/bench/engine/bench.h"

namespace offtake::bench {

void bench_state() {
  using types::TypeId;
  engine::Arrangement side({TypeId::kInt8, TypeId::kInt8, TypeId::kText}, {0});
  constexpr std::size_t kPayload = 100;
  const std::string text(kPayload - 16, 'x');
  double sum = 0;
  int samples = 0;
  std::size_t rows = 0;
  while (rows < 1400000) {
    types::ColumnBuilder key{types::Type(TypeId::kInt8)};
    types::ColumnBuilder other{types::Type(TypeId::kInt8)};
    types::ColumnBuilder note{types::Type(TypeId::kText)};
    types::Batch batch;
    for (; batch.rows < 10000; ++batch.rows, ++rows) {
      key.append(static_cast<std::int64_t>(rows));
      other.append(static_cast<std::int64_t>(rows * 3));
      note.append_text(text);
    }
    batch.columns = {key.finish(), other.finish(), note.finish()};
    const auto hashes = types::hash_rows(batch, side.key());
    for (std::size_t i = 0; i < batch.rows; ++i) {
      if (!side.add(batch.columns, i, hashes[i], 1, 0)) fail("add");
    }
    if (rows < 700000) continue;
    sum += static_cast<double>(side.bytes()) / static_cast<double>(rows);
    ++samples;
  }
  report_bound("state per row of a join side of 100 bytes", sum / samples, kPayload + 48, "bytes");
}

}  // namespace offtake::bench
