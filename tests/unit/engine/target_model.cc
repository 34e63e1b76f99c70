#include "tests/unit/engine/target_model.h"

#include <doctest/doctest.h>

#include "tests/unit/engine/oracle.h"

namespace offtake::engine::testing {

bool TargetModel::keyed() const {
  return plan_.identity.kind == plan::Identity::Kind::kProvedKey ||
         plan_.identity.kind == plan::Identity::Kind::kWatchedKey;
}

std::string TargetModel::key_of(const types::Batch& rows, std::size_t row, bool key_columns_only) const {
  std::string out;
  if (key_columns_only || !keyed()) {
    for (const auto& column : rows.columns) types::append_canonical(*column, row, out);
  } else {
    types::append_canonical_row(rows, plan_.identity.key, row, out);
  }
  return out;
}

namespace {
std::vector<std::string> lines_of(const types::Batch& rows) {
  std::vector<std::string> out;
  for (std::size_t row = 0; row < rows.rows; ++row) out.push_back(text_of(rows, row));
  return out;
}
}  // namespace

void TargetModel::apply(const Changes& changes) {
  std::set<std::string> seen;
  const bool weighted = !changes.deletes.weights.empty() || !changes.upserts.weights.empty();
  std::size_t repeated = 0;
  std::size_t deleted_nothing = 0;
  std::size_t not_new = 0;
  std::vector<std::string> old, gone;
  for (std::size_t row = 0; row < changes.deletes.rows; ++row) {
    const std::string key = key_of(changes.deletes, row, true);
    repeated += seen.insert(key).second ? 0 : 1;
    gone.push_back(content_[key]);
    deleted_nothing += content_.erase(key) == 1 ? 0 : 1;
    hashes_.erase(key);
  }
  types::Batch identity;
  identity.columns = changes.upsert_identity;
  const std::vector<std::uint64_t> hashes = types::hash_rows(changes.upserts);
  for (std::size_t row = 0; row < changes.upserts.rows; ++row) {
    const std::string key = keyed() ? key_of(changes.upserts, row, false) : key_of(identity, row, true);
    repeated += seen.insert(key).second ? 0 : 1;
    not_new += content_.contains(key) == (row < changes.new_rows) ? 1 : 0;
    if (row >= changes.new_rows) old.push_back(content_[key]);
    content_[key] = text_of(changes.upserts, row);
    hashes_[key] = hashes[row];
    ++written_;
  }
  CHECK_FALSE(weighted);
  CHECK(repeated == 0);
  CHECK(deleted_nothing == 0);
  CHECK(not_new == 0);
  old.insert(old.end(), gone.begin(), gone.end());
  if (!old_rows_) old.clear();
  CHECK(lines_of(changes.old_rows) == old);
  checksum_.rows += changes.checksum.rows;
  checksum_.sum += changes.checksum.sum;
  types::Checksum expected;
  expected.rows = static_cast<std::int64_t>(content_.size());
  for (const auto& [key, hash] : hashes_) expected.sum += hash;
  CHECK(checksum_ == expected);
}

std::multiset<std::string> TargetModel::rows() const {
  std::multiset<std::string> out;
  for (const auto& [key, row] : content_) out.insert(row);
  return out;
}

}  // namespace offtake::engine::testing
