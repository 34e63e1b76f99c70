#include "operators/preview/lookup.h"

#include <algorithm>

#include "schemas/types/xxh64.h"

namespace offtake::preview {
namespace {

// NULL joins nothing.
bool has_null(const types::Batch& batch, std::size_t row) {
  return std::any_of(batch.columns.begin(), batch.columns.end(),
                     [&](const types::ColumnPtr& column) { return column->is_null(row); });
}

std::string key_of(const types::Batch& batch, std::size_t row) {
  std::string out;
  for (const auto& column : batch.columns) types::append_canonical(*column, row, out);
  return out;
}

}  // namespace

base::Result<Lookup> Lookup::make(const plan::SourceUse& source, const Wanted& wanted) {
  Lookup out;
  std::set<int> plain;
  for (const auto& column : wanted.columns) {
    auto evaluator = expressions::Evaluator::build(column);
    if (!evaluator) return std::move(evaluator).error();
    out.columns_.push_back(*std::move(evaluator));
    if (const auto* ref = std::get_if<plan::ColumnRef>(&column->node)) plain.insert(ref->index);
  }
  const bool entity = source.kind == plan::SourceUse::Kind::kEntity;
  out.entity_ = entity;
  const auto joined = [&](int column) { return plain.contains(column); };
  // An event dataset is read whole only where it is joined on its whole declared key.
  out.whole_key_ = entity ? !source.key.empty() && std::all_of(source.key.begin(), source.key.end(), joined)
                          : !source.windowed;
  for (std::size_t row = 0; row < wanted.values.rows; ++row) {
    if (!has_null(wanted.values, row)) out.keys_.try_emplace(key_of(wanted.values, row));
  }
  return out;
}

std::vector<std::vector<std::uint32_t>> Lookup::match(const std::vector<engine::SourceBatch>& batches) {
  std::vector<std::vector<std::uint32_t>> out(batches.size());
  for (std::size_t at = batches.size(); at-- > 0;) {
    const engine::SourceBatch& batch = batches[at];
    types::Batch values;
    values.rows = batch.rows.rows;
    std::vector<expressions::RowError> errors;
    for (const auto& column : columns_) values.columns.push_back(column->evaluate(batch.rows, errors));
    for (std::size_t row = batch.rows.rows; row-- > 0;) {
      bool newest = true;
      if (batch.identity != nullptr) {
        const auto hash =
            types::xxh64::hash(batch.identity->text(row), static_cast<std::uint64_t>(batch.partition));
        newest = seen_.insert(hash).second;
      }
      if (has_null(values, row)) continue;
      const auto found = keys_.find(key_of(values, row));
      if (found == keys_.end()) continue;
      State& state = found->second;
      if (newest) out[at].push_back(static_cast<std::uint32_t>(row));
      if (newest && !state.found) state.found = true, ++found_;
      // What had the key is something else now, or gone.
      if ((newest || whole_key_) && !state.settled) state.settled = true, ++settled_;
    }
    std::reverse(out[at].begin(), out[at].end());
  }
  return out;
}

}  // namespace offtake::preview
