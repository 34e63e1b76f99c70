#include "operators/engine/entity_state.h"

namespace offtake::engine {
namespace {

// Columns of the state. The visible row is held packed by its own layout, so that it is compared, kept and
// given on without being taken apart.
enum : std::size_t { kIdentity, kPartition, kOffset, kTimestamp, kTombstone, kRow };

std::vector<types::Type> state_types() {
  using types::TypeId;
  return {TypeId::kBytea, TypeId::kInt4, TypeId::kInt8, TypeId::kInt8, TypeId::kBoolean, TypeId::kBytea};
}

std::vector<types::Type> visible_types(const std::vector<types::Field>& columns) {
  std::vector<types::Type> out;
  for (const types::Field& field : columns) out.push_back(field.type);
  return out;
}

template <class T>
types::ColumnPtr column_of(types::TypeId type, std::span<const T> values) {
  types::ColumnBuilder builder{types::Type(type)};
  if (!values.empty()) std::memcpy(builder.grow<T>(values.size()), values.data(), values.size_bytes());
  return builder.finish();
}

}  // namespace

EntityState::EntityState(const std::vector<types::Field>& columns)
    : state_(state_types(), {static_cast<int>(kIdentity)}), row_layout_(visible_types(columns)) {}

EntityState::Winner EntityState::winner(RowRef first) const {
  const RowLayout& layout = state_.layout();
  Winner best;
  std::int64_t best_time = 0;
  std::int32_t best_partition = 0;
  for (RowRef at = first; at != 0; at = state_.next(at)) {
    const char* row = state_.payload(at);
    const auto time = layout.value<std::int64_t>(row, kTimestamp);
    const auto partition = layout.value<std::int32_t>(row, kPartition);
    if (best.ref != 0 && std::pair(time, partition) <= std::pair(best_time, best_partition)) continue;
    best = {at, layout.value<std::uint8_t>(row, kTombstone) == 0};
    best_time = time;
    best_partition = partition;
  }
  return best;
}

std::string_view EntityState::visible_row(RowRef first) const {
  const Winner best = winner(first);
  return best.visible ? state_.layout().text(state_.payload(best.ref), kRow) : std::string_view();
}

base::Status EntityState::push(const SourceBatch& batch, bool bulk, std::uint64_t epoch) {
  const std::size_t rows = batch.rows.rows;
  types::Batch records;
  records.rows = rows;
  const std::vector<std::int32_t> partitions(rows, batch.partition);
  std::vector<std::uint8_t> tombstones(batch.tombstone);
  tombstones.resize(rows, 0);
  records.columns = {batch.identity, column_of<std::int32_t>(types::TypeId::kInt4, partitions),
                     column_of<std::int64_t>(types::TypeId::kInt8, batch.offsets),
                     column_of<std::int64_t>(types::TypeId::kInt8, batch.timestamps_ms),
                     column_of<std::uint8_t>(types::TypeId::kBoolean, tombstones)};
  types::ColumnBuilder visible{types::Type(types::TypeId::kBytea)};
  std::string packed;
  for (std::size_t row = 0; row < rows; ++row) {
    if (tombstones[row] != 0) {
      visible.append_null();
      continue;
    }
    row_layout_.pack(batch.rows.columns, row, packed);
    // A row without columns packs to nothing, which would read as "none".
    visible.append_text(packed.empty() ? std::string_view("\0", 1) : packed);
  }
  records.columns.push_back(visible.finish());
  const int key[] = {static_cast<int>(kIdentity)};
  const std::vector<std::uint64_t> hashes = types::hash_rows(records, key);
  constexpr std::size_t kAhead = 8;
  for (std::size_t row = 0; row < rows; ++row) {
    if (row + kAhead < rows) state_.prefetch(hashes[row + kAhead]);
    const RowRef first = state_.first(records.columns, key, row, hashes[row]);
    RowRef mine = 0;
    for (RowRef at = first; at != 0; at = state_.next(at)) {
      if (state_.layout().value<std::int32_t>(state_.payload(at), kPartition) == batch.partition) mine = at;
    }
    if (mine != 0 &&
        state_.layout().value<std::int64_t>(state_.payload(mine), kOffset) >= batch.offsets[row]) {
      continue;
    }
    if (!bulk) {
      std::string identity(batch.identity->text(row));
      if (!touched_.contains(identity)) {
        Touched touched{hashes[row], std::string(visible_row(first))};
        touched_bytes_ += identity.size() + touched.before.size() + 128;
        touched_.emplace(std::move(identity), std::move(touched));
      }
    }
    if (mine != 0) state_.remove(mine);
    spans_ = spans_ || (first != 0 && first != mine);
    if (auto added = state_.add(records.columns, row, hashes[row], 1, epoch); !added) return added.error();
  }
  if (bulk) state_.maintain();
  return {};
}

base::Status EntityState::scan(const Emit& emit) const {
  std::vector<const char*> rows;
  base::Status status;
  const auto give = [&] {
    types::Batch piece;
    piece.rows = rows.size();
    piece.columns = row_layout_.gather(rows);
    rows.clear();
    if (piece.rows > 0) status = emit(std::move(piece));
  };
  state_.for_each([&](RowRef ref) {
    if (!status) return;
    // A key that spans partitions has several rows: its winner is given once, at the first of the chain.
    RowRef winning = ref;
    if (spans_) {
      if (state_.previous(ref) != 0) return;
      winning = winner(ref).ref;
    }
    const char* row = state_.payload(winning);
    if (state_.layout().value<std::uint8_t>(row, kTombstone) != 0) return;
    rows.push_back(state_.layout().text(row, kRow).data());
    if (rows.size() == kPieceRows) give();
  });
  if (status) give();
  return status;
}

base::Status EntityState::flush(const Emit& emit) {
  if (touched_.empty()) return {};
  std::vector<std::string> packed;
  std::vector<std::int64_t> weights;
  const auto give = [&]() -> base::Status {
    std::vector<const char*> rows;
    for (const std::string& row : packed) rows.push_back(row.data());
    types::Batch piece;
    piece.rows = rows.size();
    piece.columns = row_layout_.gather(rows);
    piece.weights = weights;
    packed.clear();
    weights.clear();
    return emit(std::move(piece));
  };
  types::ColumnBuilder identities{types::Type(types::TypeId::kBytea)};
  for (const auto& [identity, touched] : touched_) identities.append_shared(identity);
  const std::vector<types::ColumnPtr> columns = {identities.finish()};
  const int key_column[] = {0};
  std::size_t at = 0;
  for (const auto& [identity, touched] : touched_) {
    std::string after(visible_row(state_.first(columns, key_column, at++, touched.hash)));
    if (after == touched.before) continue;
    if (!touched.before.empty()) {
      packed.push_back(touched.before);
      weights.push_back(-1);
    }
    if (!after.empty()) {
      packed.push_back(std::move(after));
      weights.push_back(1);
    }
    if (packed.size() >= kPieceRows) {
      if (auto done = give(); !done) return done;
    }
  }
  touched_.clear();
  touched_bytes_ = 0;
  return packed.empty() ? base::Status() : give();
}

}  // namespace offtake::engine
