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

base::Status EntityKeys::claim(std::string_view key, std::string_view identity, std::uint64_t epoch) {
  types::Batch row;
  row.rows = 1;
  row.columns = {bytes_column(key), bytes_column(identity)};
  if (identity == key) {
    const bool met =
        claims_.rows() > 0 && claims_.first(row.columns, kKey, 0, types::hash_rows(row, kKey)[0]) != 0;
    if (met) suspects_.emplace(key);
    return {};
  }
  auto added = claims_.add(row.columns, 0, types::hash_rows(row, kKey)[0], 1, epoch);
  if (!added) return added.error();
  // Rows that are new are the first of their key.
  if (claims_.next(added->ref) != 0 || own_(key)) suspects_.emplace(key);
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

}  // namespace offtake::engine
