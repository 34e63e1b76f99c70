#include "operators/targets/protocol/row_identity.h"

#include <algorithm>
#include <numeric>

#include "base/crypto/crypto.h"
#include "operators/plan/classified.h"
#include "operators/targets/protocol/table_layout.h"

namespace offtake::targets::protocol {
namespace {

constexpr std::size_t kIdDigits = 32;

}  // namespace

types::Batch identity_of(const TableSpec& table, const engine::Changes& changes) {
  types::Batch out;
  out.rows = changes.upserts.rows;
  if (!has_key(table.identity)) {
    out.columns = changes.upsert_identity;
    return out;
  }
  for (const int column : table.identity.key)
    out.columns.push_back(changes.upserts.columns[static_cast<std::size_t>(column)]);
  return out;
}

std::string row_id(const types::Batch& identity, std::size_t row) {
  std::vector<int> every_column(identity.columns.size());
  std::iota(every_column.begin(), every_column.end(), 0);
  std::string canonical;
  types::append_canonical_row(identity, every_column, row, canonical);
  return crypto::sha256_hex(canonical).substr(0, kIdDigits);
}

std::vector<std::string> ids_of(const TableSpec& table, const engine::Changes& changes) {
  std::vector<std::string> out;
  const types::Batch identity = identity_of(table, changes);
  for (std::size_t row = 0; row < identity.rows; ++row) out.push_back(row_id(identity, row));
  for (std::size_t row = 0; row < changes.deletes.rows; ++row) out.push_back(row_id(changes.deletes, row));
  return out;
}

std::string shown_key(const TableSpec& table, const types::Batch& identity, std::size_t row,
                      const std::string& id) {
  if (table.identity.key.empty()) return id;
  const bool hidden = std::any_of(table.identity.key.begin(), table.identity.key.end(), [&](int column) {
    return table.classified.contains(table.columns[static_cast<std::size_t>(column)].name);
  });
  if (hidden) return std::string(plan::kHidden);
  std::string out;
  for (const auto& column : identity.columns) {
    if (!out.empty()) out += '|';
    out += types::value_text(*column, row);
  }
  return out;
}

}  // namespace offtake::targets::protocol
