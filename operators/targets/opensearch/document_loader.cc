#include "operators/targets/opensearch/document_loader.h"

#include <numeric>

#include "operators/targets/opensearch/document.h"
#include "operators/targets/opensearch/names.h"
#include "operators/targets/protocol/raw_json.h"
#include "operators/targets/protocol/table_layout.h"
#include "schemas/types/jsonb.h"

namespace offtake::targets::opensearch {

DocumentLoader::DocumentLoader(std::shared_ptr<const Rest> rest, TableSpec table, std::string place,
                               const std::atomic<bool>& stop)
    : rest_(std::move(rest)), table_(std::move(table)), place_(std::move(place)), stop_(stop) {}

base::Status DocumentLoader::append(const engine::Changes& rows) {
  const bool keyed = protocol::has_key(table_.identity);
  const types::Batch hidden{rows.upsert_identity, {}, rows.upserts.rows};
  std::vector<int> hidden_columns(hidden.columns.size());
  std::iota(hidden_columns.begin(), hidden_columns.end(), 0);
  std::string source;
  for (std::size_t row = 0; row < rows.upserts.rows; ++row) {
    source.clear();
    append_document(table_.columns, rows.upserts, row, source);
    bulk_.add("create",
              keyed ? document_id(rows.upserts, table_.identity.key, row)
                    : document_id(hidden, hidden_columns, row),
              "", source);
    if (bulk_.bytes() < kBulkBytes) continue;
    if (auto sent = send(); !sent) return sent;
  }
  return {};
}

base::Status DocumentLoader::flush() {
  if (bulk_.items() > 0) {
    if (auto sent = send(); !sent) return sent;
  }
  return settle();
}

base::Status DocumentLoader::send() {
  if (auto settled = settle(); !settled) return settled;
  std::swap(bulk_, sent_);
  answer_ = std::async(std::launch::async, [this] { return sent_.send(*rest_, write_alias(place_), stop_); });
  return {};
}

base::Status DocumentLoader::settle() {
  if (!answer_.valid()) return {};
  auto failures = answer_.get();
  if (!failures) return place_error(std::move(failures).error());
  std::vector<std::size_t> there;
  std::vector<Bulk::Failure> others;
  for (auto& failure : *failures) {
    if (failure.refusal.status == 409) {
      there.push_back(failure.item);
    } else {
      others.push_back(std::move(failure));
    }
  }
  auto refused = refused_documents(*rest_, table_, place_, sent_, others);
  if (!refused) return std::move(refused).error();
  std::move(refused->begin(), refused->end(), std::back_inserter(refused_));
  if (!there.empty()) {
    if (auto same = compare(there); !same) return same;
  }
  sent_.clear();
  return {};
}

// Whether what is there is what was to be written: by this loader, or by one before it that was cut short.
base::Status DocumentLoader::compare(const std::vector<std::size_t>& items) {
  std::vector<std::string> ids;
  for (const std::size_t item : items) ids.push_back(sent_.id(item));
  auto stored = stored_documents(*rest_, place_, ids);
  if (!stored) return std::move(stored).error();
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::string_view mine = sent_.source(items[i]);
    if ((*stored)[i] == mine) continue;
    return protocol::key_not_unique(table_, key_values(mine));
  }
  return {};
}

std::vector<std::string> DocumentLoader::key_values(std::string_view source) const {
  DocumentReader reader(table_);
  if (!reader.add(source)) return {};
  const types::Batch row = reader.finish();
  std::vector<std::string> out;
  for (const int column : table_.identity.key) {
    out.push_back(types::value_text(*row.columns[static_cast<std::size_t>(column)], 0));
  }
  return out;
}

}  // namespace offtake::targets::opensearch
