#include "operators/targets/opensearch/refused_documents.h"

#include "operators/plan/classified.h"
#include "operators/targets/opensearch/document.h"
#include "operators/targets/protocol/raw_json.h"
#include "operators/targets/protocol/row_identity.h"
#include "operators/targets/protocol/table_layout.h"
#include "schemas/types/jsonb.h"

namespace offtake::targets::opensearch {
namespace {

// Of a row with all the columns of the table.
types::Batch key_of(const TableSpec& table, const types::Batch& row) {
  types::Batch out;
  out.rows = 1;
  for (const int column : table.identity.key)
    out.columns.push_back(row.columns[static_cast<std::size_t>(column)]);
  return out;
}

base::Result<types::Batch> read_row(const TableSpec& table, std::string_view source) {
  DocumentReader reader(table);
  if (auto read = reader.add(source); !read) return std::move(read).error();
  return reader.finish();
}

bool is_deleted(std::string_view source) {
  return protocol::member(source, kDeletedField).has_value();
}

}  // namespace

base::Error place_error(base::Error error) {
  if (error.code == "TargetMissing") error.code = std::string(intent::kPlaceGone);
  return error;
}

base::Result<std::vector<protocol::RefusedRow>> refused_documents(
    const Rest& rest, const TableSpec& table, const std::string& place, const Bulk& bulk,
    const std::vector<Bulk::Failure>& failures) {
  std::vector<protocol::RefusedRow> out;
  std::vector<std::string> ids;
  for (const auto& failure : failures) {
    if (failure.refusal.status == 409) {
      return base::terminal(std::string(intent::kSuperseded),
                            fmt::format("document {} has a newer version", bulk.id(failure.item)));
    }
  }
  for (const auto& failure : failures) {
    base::Error error = error_of(failure.refusal);
    const std::string_view source = bulk.source(failure.item);
    if (error.retry != base::Retry::kRow || !table.parks || is_deleted(source))
      return protocol::without_values(place_error(std::move(error)), table);
    auto row = read_row(table, source);
    if (!row) return std::move(row).error();
    protocol::RefusedRow refused;
    refused.id = bulk.id(failure.item);
    refused.key = protocol::shown_key(table, key_of(table, *row), 0, refused.id);
    refused.why = std::move(error);
    refused.why.message = plan::without_quoted(refused.why.message);
    types::add_to(refused.wanted, *row);
    refused.row = std::string(source);
    ids.push_back(refused.id);
    out.push_back(std::move(refused));
  }
  if (out.empty()) return out;
  auto stored = stored_documents(rest, place, ids);
  if (!stored) return std::move(stored).error();
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (!(*stored)[i]) continue;
    auto row = read_row(table, *(*stored)[i]);
    if (!row) return std::move(row).error();
    types::add_to(out[i].delivered, *row);
  }
  return out;
}

base::Result<std::vector<std::optional<std::string>>> stored_documents(const Rest& rest,
                                                                       const std::string& place,
                                                                       const std::vector<std::string>& ids) {
  std::string list;
  for (const auto& id : ids) {
    if (!list.empty()) list += ',';
    types::append_json_string(id, list);
  }
  auto answer = rest.send("POST", "/" + place + "/_mget", fmt::format(R"({{"ids":[{}]}})", list));
  if (!answer) return place_error(std::move(answer).error());
  const auto docs = protocol::member(answer->body, "docs");
  if (!docs) return base::transient("BadResponse", "an mget was answered without docs");
  std::vector<std::optional<std::string>> out;
  auto walked = protocol::each_element(*docs, [&](std::string_view found) -> base::Status {
    const auto source = protocol::member(found, "_source");
    const bool there = source && !is_deleted(*source);
    out.push_back(there ? std::optional<std::string>(*source) : std::nullopt);
    return {};
  });
  if (!walked) return std::move(walked).error();
  if (out.size() != ids.size())
    return base::transient("BadResponse", "an mget was answered with other documents");
  return out;
}

}  // namespace offtake::targets::opensearch
