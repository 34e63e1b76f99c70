#include "operators/engine/scan.h"

namespace offtake::engine {

types::Batch Scan::pick(const types::Batch& rows) const {
  types::Batch out;
  out.rows = rows.rows;
  out.weights = rows.weights;
  out.columns.reserve(columns_.size());
  for (const int column : columns_) out.columns.push_back(rows.columns[static_cast<std::size_t>(column)]);
  return out;
}

void Scan::queue(const types::Batch& rows) {
  pending_.push_back(pick(rows));
  pending_bytes_ += pending_.back().bytes();
}

base::Status Scan::finish(const Emit& emit) {
  if (entity_ == nullptr) return {};
  return entity_->scan([&](types::Batch&& rows) { return emit(pick(rows)); });
}

base::Status Scan::step(const Emit& emit) {
  std::vector<types::Batch> pending;
  pending.swap(pending_);
  pending_bytes_ = 0;
  for (types::Batch& piece : pending) {
    if (auto done = emit(std::move(piece)); !done) return done;
  }
  return {};
}

}  // namespace offtake::engine
