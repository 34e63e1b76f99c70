#include "operators/engine/join.h"

#include <algorithm>

namespace offtake::engine {
namespace {

std::vector<types::Type> types_of(const std::vector<types::Field>& fields) {
  std::vector<types::Type> out;
  out.reserve(fields.size());
  for (const types::Field& field : fields) out.push_back(field.type);
  return out;
}

bool has_null(const types::Batch& piece, const std::vector<int>& keys, std::size_t row) {
  bool null = false;
  for (const int key : keys) null |= piece.columns[static_cast<std::size_t>(key)]->is_null(row);
  return null;
}

// The rows of the piece without a NULL in the key; all of them costs nothing.
types::Batch with_keys(const types::Batch& piece, const std::vector<int>& keys) {
  const bool all = std::none_of(keys.begin(), keys.end(), [&](int key) {
    return piece.columns[static_cast<std::size_t>(key)]->may_have_nulls();
  });
  if (all) return piece;
  std::vector<std::uint32_t> rows(piece.rows);
  std::size_t count = 0;
  for (std::uint32_t row = 0; row < piece.rows; ++row) {
    rows[count] = row;
    count += has_null(piece, keys, row) ? 0 : 1;
  }
  return piece.take(std::span(rows).first(count));
}

// Whether each row of a piece stands once, in order.
bool is_whole(const std::vector<std::uint32_t>& rows, std::size_t count) {
  if (rows.size() != count) return false;
  bool whole = true;
  for (std::uint32_t i = 0; i < count; ++i) whole &= rows[i] == i;
  return whole;
}

}  // namespace

Join::Join(plan::JoinKind kind, Side left, Side right, EvaluatorPtr residual, Runtime& runtime)
    : kind_(kind),
      left_input_(std::move(left.input)),
      right_input_(std::move(right.input)),
      left_(types_of(left.fields), left.keys, kind == plan::JoinKind::kLeft ? sizeof(std::int64_t) : 0),
      right_(types_of(right.fields), right.keys),
      fields_(left.fields),
      left_columns_(left.fields.size()),
      residual_(std::move(residual)),
      runtime_(runtime) {
  fields_.insert(fields_.end(), right.fields.begin(), right.fields.end());
}

std::int64_t& Join::matches_of(RowRef left_row) {
  return *reinterpret_cast<std::int64_t*>(left_.extra(left_row));
}

void Join::subscribe(Emit) {
  // Nothing of a join is final before both sides are there: inputs fill the arrangements.
  left_input_->subscribe([this](types::Batch&& piece) { return take_left_bulk(piece); });
  right_input_->subscribe([this](types::Batch&& piece) { return load(right_, piece); });
}

base::Status Join::insert(Arrangement& side, const types::Batch& piece, const std::vector<int>& keys,
                          const std::vector<std::uint64_t>& hashes) {
  for (std::size_t row = 0; row < piece.rows; ++row) {
    if (row + 16 < piece.rows) side.prefetch(hashes[row + 16]);
    if (has_null(piece, keys, row)) continue;
    auto added = side.add(piece.columns, row, hashes[row], piece.weight(row), runtime_.epoch);
    if (!added) return added.error();
  }
  return {};
}

base::Status Join::take_left_bulk(const types::Batch& piece) {
  if (is_left()) {
    std::vector<std::uint32_t> unmatched;
    for (std::uint32_t row = 0; row < piece.rows; ++row) {
      if (has_null(piece, left_.key(), row)) unmatched.push_back(row);
    }
    if (!unmatched.empty()) null_keys_.push_back(piece.take(unmatched));
  }
  return load(left_, piece);
}

base::Status Join::load(Arrangement& side, const types::Batch& piece) {
  const types::Batch rows = with_keys(piece, side.key());
  return side.load(rows, types::hash_rows(rows, side.key()), runtime_.epoch);
}

types::Batch Join::assemble(const types::Batch& piece, const Pairs& pairs, bool piece_is_left,
                            std::vector<std::uint32_t>& passed) {
  const Arrangement& other = piece_is_left ? right_ : left_;
  std::vector<const char*> packed;
  packed.reserve(pairs.refs.size());
  for (const RowRef ref : pairs.refs) packed.push_back(other.payload(ref));
  std::vector<types::ColumnPtr> gathered = other.layout().gather(packed);
  types::Batch out;
  out.rows = pairs.rows.size();
  out.weights = pairs.weights;
  out.columns.reserve(fields_.size());
  if (!piece_is_left) out.columns = std::move(gathered);
  const bool whole = is_whole(pairs.rows, piece.rows);
  for (const types::ColumnPtr& column : piece.columns) {
    out.columns.push_back(whole ? column : column->take(pairs.rows));
  }
  if (piece_is_left) out.columns.insert(out.columns.end(), gathered.begin(), gathered.end());
  passed.clear();
  if (residual_ == nullptr) {
    for (std::uint32_t i = 0; i < out.rows; ++i) passed.push_back(i);
    return out;
  }
  std::vector<expressions::RowError> errors;
  residual_->select(out, passed, errors);
  for (expressions::RowError& error : errors) {
    runtime_.errors.add("join", runtime_.errors.message_text(std::move(error.message), fields_), fields_, out,
                        error.row);
  }
  return passed.size() == out.rows ? out : out.take(passed);
}

base::Status Join::probe_right(const types::Batch& piece, const std::vector<std::uint64_t>& hashes,
                               std::vector<std::int64_t>& matches, const Emit& emit) {
  Pairs pairs;
  base::Status status;
  const auto give = [&] {
    std::vector<std::uint32_t> passed;
    types::Batch out = assemble(piece, pairs, true, passed);
    for (const std::uint32_t i : passed) {
      if (is_left()) matches[pairs.rows[i]] += right_.weight(pairs.refs[i]);
    }
    pairs.clear();
    if (out.rows > 0) status = emit(std::move(out));
  };
  std::vector<RowRef> firsts;
  right_.first_of_all(piece, left_.key(), hashes, firsts);
  for (std::uint32_t row = 0; row < piece.rows && status; ++row) {
    const std::int64_t weight = piece.weight(row);
    for (RowRef at = firsts[row]; at != 0; at = right_.next(at)) {
      pairs.add(row, at, weight * right_.weight(at));
      if (pairs.rows.size() < kPieceRows) continue;
      give();
      if (!status) break;
    }
  }
  if (status && !pairs.rows.empty()) give();
  return status;
}

base::Status Join::emit_unmatched(const types::Batch& piece, std::vector<std::uint32_t>&& rows,
                                  const Emit& emit) {
  if (rows.empty()) return {};
  types::Batch out = piece.take(rows);
  for (std::size_t i = left_columns_; i < fields_.size(); ++i) {
    out.columns.push_back(types::Column::nulls(fields_[i].type, out.rows));
  }
  return emit(std::move(out));
}

base::Status Join::step_left(const types::Batch& piece, const Emit& emit) {
  const std::vector<std::uint64_t> hashes = types::hash_rows(piece, left_.key());
  std::vector<std::int64_t> matches(is_left() ? piece.rows : 0, 0);
  if (auto done = probe_right(piece, hashes, matches, emit); !done) return done;
  std::vector<std::uint32_t> unmatched;
  for (std::uint32_t row = 0; row < piece.rows; ++row) {
    const bool null_key = has_null(piece, left_.key(), row);
    if (is_left() && (null_key || matches[row] <= 0)) unmatched.push_back(row);
    if (null_key) continue;
    auto added = left_.add(piece.columns, row, hashes[row], piece.weight(row), runtime_.epoch);
    if (!added) return added.error();
    if (is_left() && added->ref != 0 && added->before == 0) matches_of(added->ref) = matches[row];
  }
  return emit_unmatched(piece, std::move(unmatched), emit);
}

base::Status Join::step_right(const types::Batch& piece, const Emit& emit) {
  const std::vector<std::uint64_t> hashes = types::hash_rows(piece, right_.key());
  Pairs pairs;
  base::Status status;
  const auto give = [&] {
    std::vector<std::uint32_t> passed;
    types::Batch out = assemble(piece, pairs, false, passed);
    for (std::size_t i = 0; is_left() && i < passed.size(); ++i) {
      const RowRef left_row = pairs.refs[passed[i]];
      std::int64_t& matches = matches_of(left_row);
      const bool before = matches > 0;
      matches += piece.weight(pairs.rows[passed[i]]);
      if (before != (matches > 0)) flips_.push_back(left_row);
    }
    pairs.clear();
    if (out.rows > 0) status = emit(std::move(out));
  };
  std::vector<RowRef> firsts;
  left_.first_of_all(piece, right_.key(), hashes, firsts);
  for (std::uint32_t row = 0; row < piece.rows && status; ++row) {
    const std::int64_t weight = piece.weight(row);
    for (RowRef at = firsts[row]; at != 0; at = left_.next(at)) {
      pairs.add(row, at, weight * left_.weight(at));
      if (pairs.rows.size() < kPieceRows) continue;
      give();
      if (!status) break;
    }
  }
  if (status && !pairs.rows.empty()) give();
  if (!status) return status;
  return insert(right_, piece, right_.key(), hashes);
}

// A left row that flipped an odd number of times has changed sides; what it is now, its count says.
base::Status Join::settle_flips(const Emit& emit) {
  std::sort(flips_.begin(), flips_.end());
  std::vector<const char*> packed;
  std::vector<std::int64_t> weights;
  const auto give = [&]() -> base::Status {
    if (packed.empty()) return {};
    types::Batch out;
    out.rows = packed.size();
    out.columns = left_.layout().gather(packed);
    for (std::size_t i = left_columns_; i < fields_.size(); ++i) {
      out.columns.push_back(types::Column::nulls(fields_[i].type, out.rows));
    }
    out.weights = std::move(weights);
    packed.clear();
    weights.clear();
    return emit(std::move(out));
  };
  for (std::size_t i = 0; i < flips_.size();) {
    std::size_t end = i;
    while (end < flips_.size() && flips_[end] == flips_[i]) ++end;
    if ((end - i) % 2 == 1) {
      const std::int64_t weight = left_.weight(flips_[i]);
      packed.push_back(left_.payload(flips_[i]));
      weights.push_back(matches_of(flips_[i]) > 0 ? -weight : weight);
      if (packed.size() == kPieceRows) {
        if (auto done = give(); !done) return done;
      }
    }
    i = end;
  }
  flips_.clear();
  return give();
}

base::Status Join::finish(const Emit& emit) {
  auto done = left_input_->finish([this](types::Batch&& piece) { return take_left_bulk(piece); });
  if (!done) return done;
  done = right_input_->finish([this](types::Batch&& piece) { return load(right_, piece); });
  if (!done) return done;
  left_.finish_load();
  right_.finish_load();
  for (const types::Batch& piece : null_keys_) {
    std::vector<std::uint32_t> all(piece.rows);
    for (std::uint32_t row = 0; row < piece.rows; ++row) all[row] = row;
    if (done = emit_unmatched(piece, std::move(all), emit); !done) return done;
  }
  null_keys_ = {};
  std::vector<RowRef> refs;
  std::vector<std::uint64_t> hashes;
  const auto give = [&]() -> base::Status {
    types::Batch piece;
    piece.rows = refs.size();
    std::vector<const char*> packed;
    hashes.clear();
    for (const RowRef ref : refs) {
      packed.push_back(left_.payload(ref));
      piece.weights.push_back(left_.weight(ref));
      hashes.push_back(left_.index_hash(ref));
    }
    piece.columns = left_.layout().gather(packed);
    std::vector<std::int64_t> matches(is_left() ? piece.rows : 0, 0);
    auto probed = probe_right(piece, hashes, matches, emit);
    if (!probed || !is_left()) {
      refs.clear();
      return probed;
    }
    std::vector<std::uint32_t> unmatched;
    for (std::uint32_t row = 0; row < piece.rows; ++row) {
      matches_of(refs[row]) = matches[row];
      if (matches[row] <= 0) unmatched.push_back(row);
    }
    refs.clear();
    return emit_unmatched(piece, std::move(unmatched), emit);
  };
  left_.for_each([&](RowRef ref) {
    if (!done) return;
    refs.push_back(ref);
    if (refs.size() == kPieceRows) done = give();
  });
  if (done && !refs.empty()) done = give();
  return done;
}

base::Status Join::step(const Emit& emit) {
  auto done = left_input_->step([&](types::Batch&& piece) { return step_left(piece, emit); });
  if (!done) return done;
  done = right_input_->step([&](types::Batch&& piece) { return step_right(piece, emit); });
  if (!done || !is_left()) return done;
  return settle_flips(emit);
}

void Join::maintain() {
  left_input_->maintain();
  right_input_->maintain();
  left_.maintain();
  right_.maintain();
}

// The counts of matches lie beside the left rows, as plain numbers.
void Join::save(StateWriter& out) const {
  if (!null_keys_.empty() || !flips_.empty()) out.fail(base::internal("a join is saved within an epoch"));
  left_input_->save(out);
  right_input_->save(out);
  out.put(state_mark("JOIN"));
  left_.save(out);
  right_.save(out);
}

void Join::restore(StateReader& in) {
  left_input_->restore(in);
  right_input_->restore(in);
  in.expect(state_mark("JOIN"), "a join");
  left_.restore(in);
  right_.restore(in);
}

std::size_t Join::state_bytes() const {
  std::size_t bytes =
      left_input_->state_bytes() + right_input_->state_bytes() + left_.bytes() + right_.bytes();
  for (const types::Batch& piece : null_keys_) bytes += piece.bytes();
  return bytes;
}

}  // namespace offtake::engine
