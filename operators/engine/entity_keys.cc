#include "operators/engine/entity_keys.h"

namespace offtake::engine {
namespace {

types::ColumnPtr bytes_column(std::string_view bytes) {
  types::ColumnBuilder builder{types::Type(types::TypeId::kBytea)};
  builder.append_text(bytes);
  return builder.finish();
}

constexpr int kKey[] = {0};

}  // namespace

std::string EntityKeys::key_of(std::span<const types::ColumnPtr> key, std::size_t row) {
  std::string out;
  for (const auto& column : key) types::append_canonical(*column, row, out);
  return out;
}

base::Status EntityKeys::claim(std::span<const std::string> keys,
                               std::span<const std::string_view> identities, std::uint64_t epoch) {
  types::ColumnBuilder key{types::Type(types::TypeId::kBytea)};
  types::ColumnBuilder identity{types::Type(types::TypeId::kBytea)};
  types::ColumnBuilder itself{types::Type(types::TypeId::kBytea)};  // keys of identities that spell them
  types::Batch others, own;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (keys[i].empty()) continue;
    if (keys[i] == identities[i]) {
      itself.append_text(keys[i]);
      ++own.rows;
      continue;
    }
    key.append_text(keys[i]);
    identity.append_text(identities[i]);
    ++others.rows;
  }
  if (others.rows > 0) {
    others.columns = {key.finish(), identity.finish()};
    const std::vector<std::uint64_t> hashes = types::hash_rows(others, kKey);
    for (std::size_t row = 0; row < others.rows; ++row) {
      auto added = claims_.add(others.columns, row, hashes[row], 1, epoch);
      if (!added) return added.error();
      const std::string_view name = others.columns[0]->text(row);
      // Rows that are new are the first of their key.
      if (claims_.next(added->ref) != 0 || own_(name)) suspects_.emplace(name);
    }
  }
  if (own.rows == 0 || claims_.rows() == 0) return {};
  own.columns = {itself.finish()};
  const std::vector<std::uint64_t> hashes = types::hash_rows(own, kKey);
  for (std::size_t row = 0; row < own.rows; ++row) {
    if (claims_.first(own.columns, kKey, row, hashes[row]) != 0) suspects_.emplace(own.columns[0]->text(row));
  }
  return {};
}

base::Status EntityKeys::release(std::string_view key, std::string_view identity, std::uint64_t epoch) {
  if (identity == key) return {};
  types::Batch row;
  row.rows = 1;
  row.columns = {bytes_column(key), bytes_column(identity)};
  auto gone = claims_.add(row.columns, 0, types::hash_rows(row, kKey)[0], -1, epoch);
  if (!gone) return gone.error();
  return {};
}

std::vector<std::string> EntityKeys::claimants(std::string_view key, std::size_t limit) const {
  std::vector<std::string> out;
  if (own_(key)) out.emplace_back(key);
  if (claims_.rows() == 0) return out;
  types::Batch row;
  row.rows = 1;
  row.columns = {bytes_column(key)};
  for (RowRef at = claims_.first(row.columns, kKey, 0, types::hash_rows(row, kKey)[0]);
       at != 0 && out.size() < limit; at = claims_.next(at)) {
    out.emplace_back(claims_.layout().text(claims_.payload(at), 1));
  }
  return out;
}

EntityKeys::Turned EntityKeys::settle() {
  Turned turned;
  for (auto key = violated_.begin(); key != violated_.end();) {
    if (claimants(*key, 2).size() > 1) {
      ++key;
      continue;
    }
    turned.healed.push_back(*key);
    key = violated_.erase(key);
  }
  for (const std::string& key : suspects_) {
    if (claimants(key, 2).size() > 1 && violated_.insert(key).second) turned.violated.push_back(key);
  }
  suspects_.clear();
  return turned;
}

void EntityKeys::save(StateWriter& out) const {
  if (!suspects_.empty()) out.fail(base::internal("keys are saved within an epoch"));
  claims_.save(out);
  out.put<std::uint64_t>(violated_.size());
  for (const std::string& key : violated_) out.text(key);
}

void EntityKeys::restore(StateReader& in) {
  claims_.restore(in);
  for (auto left = in.count(UINT64_MAX); left > 0 && in.charge(kKeyBytes); --left) {
    violated_.insert(violated_.end(), in.text());
  }
}

}  // namespace offtake::engine
