#include "schemas/types/batch.h"

namespace offtake::types {

Batch Batch::take(std::span<const std::uint32_t> selected) const {
  Batch out;
  out.rows = selected.size();
  out.columns.reserve(columns.size());
  for (const ColumnPtr& column : columns) out.columns.push_back(column->take(selected));
  if (!weights.empty()) {
    out.weights.reserve(selected.size());
    for (std::uint32_t row : selected) out.weights.push_back(weights[row]);
  }
  return out;
}

Batch Batch::concatenate(std::span<const Batch> batches) {
  if (batches.empty()) return {};
  if (batches.size() == 1) return batches[0];
  Batch out;
  bool weighted = false;
  for (const Batch& batch : batches) {
    out.rows += batch.rows;
    weighted = weighted || !batch.weights.empty();
  }
  std::vector<ColumnPtr> parts(batches.size());
  for (std::size_t column = 0; column < batches[0].columns.size(); ++column) {
    for (std::size_t i = 0; i < batches.size(); ++i) parts[i] = batches[i].columns[column];
    out.columns.push_back(Column::concatenate(parts));
  }
  if (weighted) {
    out.weights.reserve(out.rows);
    for (const Batch& batch : batches) {
      if (batch.weights.empty()) {
        out.weights.insert(out.weights.end(), batch.rows, 1);
      } else {
        out.weights.insert(out.weights.end(), batch.weights.begin(), batch.weights.end());
      }
    }
  }
  return out;
}

std::size_t Batch::bytes() const {
  std::size_t total = weights.size() * sizeof(std::int64_t);
  std::vector<const Arena*> seen;
  for (const ColumnPtr& column : columns) {
    total += column->bytes();
    for (const auto& arena : column->arenas()) {
      bool known = false;
      for (const Arena* other : seen) known = known || other == arena.get();
      if (known) continue;
      seen.push_back(arena.get());
      total += arena->bytes();
    }
  }
  return total;
}

}  // namespace offtake::types
