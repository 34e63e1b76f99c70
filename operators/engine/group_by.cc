#include "operators/engine/group_by.h"

namespace offtake::engine {
namespace {

// What lies before the aggregates' states.
struct GroupHead {
  std::int64_t rows;  // weights of its rows
  Spellings::Counts* spellings;
  std::uint64_t touched_epoch;  // the last epoch that changed it
};

std::vector<types::Type> types_at(const std::vector<types::Field>& fields, const std::vector<int>& columns) {
  std::vector<types::Type> out;
  for (const int column : columns) out.push_back(fields[static_cast<std::size_t>(column)].type);
  return out;
}

std::vector<int> first_numbers(std::size_t count) {
  std::vector<int> out(count);
  for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<int>(i);
  return out;
}

std::size_t extra_bytes(const std::vector<GroupBy::Call>& calls) {
  std::size_t bytes = sizeof(GroupHead);
  for (const GroupBy::Call& call : calls) bytes += call.accumulator->state_bytes();
  return bytes;
}

GroupHead& head_of(Arrangement& groups, RowRef group) {
  return *reinterpret_cast<GroupHead*>(groups.extra(group));
}
const GroupHead& head_of(const Arrangement& groups, RowRef group) {
  return *reinterpret_cast<const GroupHead*>(const_cast<Arrangement&>(groups).extra(group));
}

}  // namespace

GroupBy::GroupBy(OperatorPtr input, const std::vector<types::Field>& input_fields, std::vector<int> group,
                 std::vector<Call> calls, Runtime& runtime)
    : input_(std::move(input)),
      group_(std::move(group)),
      key_(first_numbers(group_.size())),
      calls_(std::move(calls)),
      groups_(types_at(input_fields, group_), key_, extra_bytes(calls_)),
      spellings_(types_at(input_fields, group_)),
      runtime_(runtime) {
  for (const int column : group_) key_fields_.push_back(input_fields[static_cast<std::size_t>(column)]);
  std::size_t offset = sizeof(GroupHead);
  for (const Call& call : calls_) {
    offsets_.push_back(offset);
    offset += call.accumulator->state_bytes();
  }
}

GroupBy::~GroupBy() {
  std::vector<RowRef> all;
  groups_.for_each([&](RowRef group) { all.push_back(group); });
  for (const RowRef group : all) drop(group);
}

GroupBy::Rows::Rows(const GroupBy& owner) {
  for (const types::Field& field : owner.key_fields_) builders.emplace_back(field.type);
  for (const Call& call : owner.calls_) builders.emplace_back(call.type);
}

types::Batch GroupBy::Rows::finish() {
  types::Batch out;
  out.rows = weights.size();
  out.weights = std::move(weights);
  weights.clear();
  for (types::ColumnBuilder& builder : builders) out.columns.push_back(builder.finish());
  return out;
}

bool GroupBy::present(RowRef group) const {
  return group_.empty() || head_of(groups_, group).rows != 0;
}

base::Status GroupBy::write(RowRef group, Rows& rows) const {
  const std::size_t keys = key_fields_.size();
  const std::size_t size = rows.weights.size();
  char* state = const_cast<Arrangement&>(groups_).extra(group);
  for (std::size_t i = 0; i < calls_.size(); ++i) {
    auto done = calls_[i].accumulator->write(state + offsets_[i], rows.builders[keys + i]);
    if (done) continue;
    for (std::size_t other = 0; other < i; ++other) rows.builders[keys + other].truncate(size);
    return done;
  }
  const std::string_view shown =
      spellings_.shown(head_of(groups_, group).spellings, groups_.packed(group), groups_.layout());
  const char* const packed[] = {shown.data()};
  for (std::size_t i = 0; i < keys; ++i) groups_.layout().gather(packed, i, rows.builders[i]);
  rows.weights.push_back(1);
  return {};
}

ErrorRow GroupBy::group_error(RowRef group, std::string message, std::int64_t weight) const {
  ErrorRow error;
  error.message = std::move(message);
  error.operation = "aggregate";
  const char* const packed[] = {groups_.payload(group)};
  error.row = runtime_.errors.row_text(key_fields_, groups_.layout().gather(packed), 0);
  error.weight = weight;
  return error;
}

void GroupBy::touch(RowRef group) {
  GroupHead& head = head_of(groups_, group);
  if (head.touched_epoch == runtime_.epoch) return;
  head.touched_epoch = runtime_.epoch;
  Touched& touched = touched_.emplace_back();
  touched.group = group;
  if (!present(group)) return;
  if (auto done = write(group, *before_); !done) touched.error = done.error().message;
}

base::Status GroupBy::apply(const types::Batch& piece, bool live) {
  const std::vector<std::uint64_t> hashes = types::hash_rows(piece, group_);
  std::vector<types::ColumnPtr> key;
  key.reserve(group_.size());
  for (const int column : group_) key.push_back(piece.columns[static_cast<std::size_t>(column)]);
  std::vector<char*> states(piece.rows);
  std::vector<RowRef> refs;
  groups_.first_of_all(piece, group_, hashes, refs);
  for (std::size_t row = 0; row < piece.rows; ++row) {
    // A group that was not there may have come with a row before.
    if (refs[row] == 0) refs[row] = groups_.first(key, key_, row, hashes[row]);
    if (refs[row] == 0) {
      auto added = groups_.add(key, row, hashes[row], 1, runtime_.epoch);
      if (!added) return added.error();
      refs[row] = added->ref;
    }
    if (live) touch(refs[row]);
    states[row] = groups_.extra(refs[row]);
  }
  std::string packed;
  for (std::size_t row = 0; row < piece.rows; ++row) {
    auto& head = *reinterpret_cast<GroupHead*>(states[row]);
    if (spellings_.possible()) {
      groups_.layout().pack(key, row, packed);
      spellings_.add(head.spellings, groups_.packed(refs[row]), head.rows, packed, piece.weight(row));
    }
    head.rows += piece.weight(row);
  }
  for (std::size_t i = 0; i < calls_.size(); ++i) calls_[i].accumulator->add(piece, states, offsets_[i]);
  return {};
}

void GroupBy::subscribe(Emit) {
  // No group is final before the input ends.
  input_->subscribe([this](types::Batch&& piece) { return apply(piece, false); });
}

base::Status GroupBy::finish(const Emit& emit) {
  if (auto done = input_->finish([this](types::Batch&& piece) { return apply(piece, false); }); !done)
    return done;
  if (group_.empty() && groups_.rows() == 0) {
    if (auto added = groups_.add({}, 0, 0, 1, runtime_.epoch); !added) return added.error();
  }
  Rows rows(*this);
  base::Status status;
  groups_.for_each([&](RowRef group) {
    if (!status || !present(group)) return;
    if (auto done = write(group, rows); !done) {
      runtime_.errors.add(group_error(group, done.error().message, 1));
    }
    if (rows.weights.size() == kPieceRows) status = emit(rows.finish());
  });
  if (status && !rows.weights.empty()) status = emit(rows.finish());
  return status;
}

base::Status GroupBy::step(const Emit& emit) {
  before_ = std::make_unique<Rows>(*this);
  touched_.clear();
  if (auto done = input_->step([this](types::Batch&& piece) { return apply(piece, true); }); !done)
    return done;
  if (touched_.empty()) return {};
  Rows after(*this);
  for (const Touched& touched : touched_) {
    if (!touched.error.empty()) runtime_.errors.add(group_error(touched.group, touched.error, -1));
    if (!present(touched.group)) continue;
    if (auto done = write(touched.group, after); !done) {
      runtime_.errors.add(group_error(touched.group, done.error().message, 1));
    }
  }
  types::Batch old = before_->finish();
  old.weights.assign(old.rows, -1);
  for (const Touched& touched : touched_) {
    if (!present(touched.group)) drop(touched.group);
  }
  if (old.rows > 0) {
    if (auto done = emit(std::move(old)); !done) return done;
  }
  types::Batch fresh = after.finish();
  return fresh.rows > 0 ? emit(std::move(fresh)) : base::Status();
}

void GroupBy::drop(RowRef group) {
  char* state = groups_.extra(group);
  for (std::size_t i = 0; i < calls_.size(); ++i) calls_[i].accumulator->destroy(state + offsets_[i]);
  spellings_.destroy(head_of(groups_, group).spellings);
  groups_.remove(group);
}

void GroupBy::maintain() {
  input_->maintain();
  groups_.maintain();
}

// The groups with what lies beside them as it is; then, group by group, what pointers there lead to.
void GroupBy::save(StateWriter& out) const {
  input_->save(out);
  out.put(state_mark("GRUP"));
  groups_.save(out);
  auto& groups = const_cast<Arrangement&>(groups_);
  groups_.for_each([&](RowRef group) {
    if (spellings_.possible()) Spellings::save(head_of(groups_, group).spellings, out);
    for (std::size_t i = 0; i < calls_.size(); ++i) {
      if (calls_[i].accumulator->on_heap())
        calls_[i].accumulator->save(groups.extra(group) + offsets_[i], out);
    }
  });
}

void GroupBy::restore(StateReader& in) {
  input_->restore(in);
  in.expect(state_mark("GRUP"), "an aggregate");
  groups_.restore(in);
  // First the old pointers go: what fails from here on leaves groups that can be destroyed.
  groups_.for_each([&](RowRef group) {
    head_of(groups_, group).spellings = nullptr;
    for (std::size_t i = 0; i < calls_.size(); ++i) {
      if (calls_[i].accumulator->on_heap()) store<void*>(groups_.extra(group) + offsets_[i], nullptr);
    }
  });
  groups_.for_each([&](RowRef group) {
    if (!in.ok()) return;
    if (spellings_.possible()) spellings_.restore(head_of(groups_, group).spellings, in);
    for (std::size_t i = 0; i < calls_.size(); ++i) {
      if (calls_[i].accumulator->on_heap())
        calls_[i].accumulator->restore(groups_.extra(group) + offsets_[i], in);
    }
  });
}

std::size_t GroupBy::state_bytes() const {
  std::size_t bytes = input_->state_bytes() + groups_.bytes() + spellings_.bytes();
  for (const Call& call : calls_) bytes += call.accumulator->heap_bytes();
  return bytes;
}

}  // namespace offtake::engine
