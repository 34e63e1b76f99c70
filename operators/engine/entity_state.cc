#include "operators/engine/entity_state.h"

#include <algorithm>

#include "operators/plan/classified.h"
#include "schemas/types/canonical_text.h"

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

// Packed rows with weights, emitted some thousand at a time. REQUIRES: the rows stay where they are.
class ChangePieces {
 public:
  ChangePieces(const RowLayout& layout, const Emit& emit) : layout_(layout), emit_(emit) {}
  void add(std::string_view row, std::int64_t weight) {
    rows_.push_back(row.data());
    weights_.push_back(weight);
  }
  base::Status give_if_full() { return rows_.size() < kPieceRows ? base::Status() : give(); }
  base::Status give() {
    if (rows_.empty()) return {};
    types::Batch piece;
    piece.rows = rows_.size();
    piece.columns = layout_.gather(rows_);
    piece.weights = std::move(weights_);
    rows_.clear();
    weights_.clear();
    return emit_(std::move(piece));
  }

 private:
  const RowLayout& layout_;
  const Emit& emit_;
  std::vector<const char*> rows_;
  std::vector<std::int64_t> weights_;
};

}  // namespace

EntityState::EntityState(const plan::SourceUse& source)
    : source_(source),
      state_(state_types(), {static_cast<int>(kIdentity)}),
      row_layout_(visible_types(source.columns)),
      keys_(source.key, [this](std::string_view key) { return spells_itself(key); }) {}

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

std::string_view EntityState::visible_row(const Winner& best) const {
  return best.visible ? state_.layout().text(state_.payload(best.ref), kRow) : std::string_view();
}

EntityState::Winner EntityState::winner_of(std::string_view identity) const {
  types::ColumnBuilder builder{types::Type(types::TypeId::kBytea)};
  builder.append_text(identity);
  types::Batch one;
  one.rows = 1;
  one.columns = {builder.finish()};
  const int column[] = {0};
  return winner(state_.first(one.columns, column, 0, types::hash_rows(one, column)[0]));
}

std::vector<std::string> EntityState::keys_of(std::span<const std::string_view> rows) const {
  std::vector<const char*> packed;
  for (const std::string_view row : rows) {
    if (!row.empty()) packed.push_back(row.data());
  }
  std::vector<types::ColumnPtr> columns;
  for (const int column : keys_.columns()) {
    types::ColumnBuilder builder(row_layout_.types()[static_cast<std::size_t>(column)]);
    row_layout_.gather(packed, static_cast<std::size_t>(column), builder);
    columns.push_back(builder.finish());
  }
  std::vector<std::string> out(rows.size());
  std::size_t at = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!rows[i].empty()) out[i] = EntityKeys::key_of(columns, at++);
  }
  return out;
}

bool EntityState::spells_itself(std::string_view key) const {
  const std::string_view row = visible_row(winner_of(key));
  return !row.empty() && key_of(row) == key;
}

void EntityState::for_each_visible(const std::function<void(RowRef)>& visit) const {
  state_.for_each([&](RowRef ref) {
    // A key that spans partitions has several rows: its winner is given once, at the first of the chain.
    RowRef winning = ref;
    if (spans_) {
      if (state_.previous(ref) != 0) return;
      winning = winner(ref).ref;
    }
    if (state_.layout().value<std::uint8_t>(state_.payload(winning), kTombstone) == 0) visit(winning);
  });
}

base::Status EntityState::push(const SourceBatch& batch, bool bulk, std::uint64_t epoch) {
  const std::size_t rows = batch.rows.rows;
  if (identity_types_.empty()) identity_types_ = batch.identity_types;
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
        Touched touched{hashes[row], std::string(visible_row(winner(first)))};
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
  for_each_visible([&](RowRef winning) {
    if (!status) return;
    const std::string_view row = state_.layout().text(state_.payload(winning), kRow);
    if (!keys_.violated().empty() && keys_.is_violated(key_of(row))) return;
    rows.push_back(row.data());
    if (rows.size() == kPieceRows) give();
  });
  if (status) give();
  return status;
}

base::Status EntityState::end_bulk(std::uint64_t epoch) {
  if (!keys_.watches()) return {};
  std::vector<std::string_view> rows, identities;
  base::Status status;
  const auto claim = [&] {
    status = keys_.claim(keys_of(rows), identities, epoch);
    rows.clear();
    identities.clear();
  };
  for_each_visible([&](RowRef winning) {
    const char* record = state_.payload(winning);
    rows.push_back(state_.layout().text(record, kRow));
    identities.push_back(state_.layout().text(record, kIdentity));
    if (rows.size() == kPieceRows && status) claim();
  });
  if (status) claim();
  keys_.settle();
  return status;
}

base::Result<EntityKeys::Turned> EntityState::settle_keys(const std::vector<types::ColumnPtr>& identities,
                                                          std::uint64_t epoch) {
  std::vector<std::string_view> names, before, after;
  const auto change = [&]() -> base::Status {
    const std::vector<std::string> old_keys = keys_of(before);
    std::vector<std::string> new_keys = keys_of(after);
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (old_keys[i] == new_keys[i]) {
        new_keys[i].clear();  // claimed already
      } else if (!old_keys[i].empty()) {
        if (auto done = keys_.release(old_keys[i], names[i], epoch); !done) return done;
      }
    }
    auto claimed = keys_.claim(new_keys, names, epoch);
    names.clear();
    before.clear();
    after.clear();
    return claimed;
  };
  const int key_column[] = {0};
  std::size_t at = 0;
  for (const auto& [identity, touched] : touched_) {
    const std::string_view row =
        visible_row(winner(state_.first(identities, key_column, at++, touched.hash)));
    if (row == touched.before) continue;
    names.push_back(identity);
    before.push_back(touched.before);
    after.push_back(row);
    if (names.size() < kPieceRows) continue;
    if (auto done = change(); !done) return done.error();
  }
  if (auto done = change(); !done) return done.error();
  return keys_.settle();
}

base::Status EntityState::flush(const Emit& emit, std::uint64_t epoch) {
  if (touched_.empty()) return {};
  types::ColumnBuilder names{types::Type(types::TypeId::kBytea)};
  for (const auto& [identity, touched] : touched_) names.append_shared(identity);
  const std::vector<types::ColumnPtr> identities = {names.finish()};
  const std::set<std::string> violated_before = keys_.violated();
  EntityKeys::Turned turned;
  if (keys_.watches()) {
    auto settled = settle_keys(identities, epoch);
    if (!settled) return settled.error();
    turned = *std::move(settled);
  }
  // Rows of a key that is violated are not there.
  const auto shown = [&](std::string_view row, const std::set<std::string>& violated) {
    return !row.empty() && (violated.empty() || !violated.contains(key_of(row)));
  };
  ChangePieces pieces(row_layout_, emit);
  const int key_column[] = {0};
  std::size_t at = 0;
  for (const auto& [identity, touched] : touched_) {
    const std::string_view after =
        visible_row(winner(state_.first(identities, key_column, at++, touched.hash)));
    if (after == touched.before) continue;
    if (shown(touched.before, violated_before)) pieces.add(touched.before, -1);
    if (shown(after, keys_.violated())) pieces.add(after, 1);
    if (auto given = pieces.give_if_full(); !given) return given;
  }
  for (const auto* keys : {&turned.violated, &turned.healed}) {
    const std::int64_t weight = keys == &turned.violated ? -1 : 1;
    for (const std::string& key : *keys) {
      // Those that were touched have been given above.
      for (const std::string& identity : keys_.claimants(key, SIZE_MAX)) {
        const std::string_view row = visible_row(winner_of(identity));
        const auto known = touched_.find(identity);
        if (known != touched_.end() && known->second.before != row) continue;
        pieces.add(row, weight);
      }
      if (auto given = pieces.give_if_full(); !given) return given;
    }
  }
  if (auto given = pieces.give(); !given) return given;  // while the old rows are there
  touched_.clear();
  touched_bytes_ = 0;
  return {};
}

std::vector<KeyViolation> EntityState::key_violations(std::size_t limit) const {
  std::vector<KeyViolation> out;
  for (const std::string& key : keys_.violated()) {
    if (out.size() == limit) break;
    const std::vector<std::string> claimants = keys_.claimants(key, SIZE_MAX);
    std::vector<std::string> texts;
    for (const std::string& identity : claimants) texts.push_back(claimant_text(identity));
    std::sort(texts.begin(), texts.end());
    KeyViolation violation;
    violation.dataset = source_.dataset_namespace + "/" + source_.dataset;
    const std::string_view row = visible_row(winner_of(claimants.front()));
    const char* const packed[] = {row.data()};
    for (const int column : keys_.columns()) {
      const auto at = static_cast<std::size_t>(column);
      types::ColumnBuilder builder(row_layout_.types()[at]);
      row_layout_.gather(packed, at, builder);
      if (!violation.key.empty()) violation.key += ", ";
      const types::Field& field = source_.columns[at];
      violation.key += field.name + "=" +
                       (plan::is_classified(source_, field.name) ? std::string(plan::kHidden)
                                                                 : types::value_text(*builder.finish(), 0));
    }
    violation.first = texts[0];
    violation.second = texts[1];
    out.push_back(std::move(violation));
  }
  return out;
}

// The record key, and where its latest record lies.
std::string EntityState::claimant_text(std::string_view identity) const {
  const char* record = state_.payload(winner_of(identity).ref);
  // The record key shows what the declared key shows.
  const bool hidden = std::any_of(keys_.columns().begin(), keys_.columns().end(), [&](int column) {
    return plan::is_classified(source_, source_.columns[static_cast<std::size_t>(column)].name);
  });
  const std::string name = types::canonical_text(identity, identity_types_);
  return fmt::format("{} (partition {}, offset {})", hidden ? plan::kHidden : std::string_view(name),
                     state_.layout().value<std::int32_t>(record, kPartition),
                     state_.layout().value<std::int64_t>(record, kOffset));
}

void EntityState::save(StateWriter& out) const {
  if (!touched_.empty()) out.fail(base::internal("entities are saved within an epoch"));
  out.put(state_mark("ENTY"));
  out.put<std::uint8_t>(spans_ ? 1 : 0);
  out.put<std::uint64_t>(identity_types_.size());
  for (const types::Type& type : identity_types_) out.text(types::to_string(type));
  state_.save(out);
  keys_.save(out);
}

void EntityState::restore(StateReader& in) {
  in.expect(state_mark("ENTY"), "an entity dataset");
  spans_ = in.get<std::uint8_t>() != 0;
  for (auto left = in.count(UINT64_MAX); left > 0 && in.ok(); --left) {
    auto type = types::parse_type(in.text());
    if (type) identity_types_.push_back(*std::move(type));
    if (!type) in.damaged("a record key has a type that does not exist");
  }
  state_.restore(in);
  keys_.restore(in);
}

}  // namespace offtake::engine
