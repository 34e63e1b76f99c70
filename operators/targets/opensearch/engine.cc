#include "operators/targets/intent/intent_target.h"
#include "operators/targets/opensearch/control_index.h"
#include "operators/targets/opensearch/document.h"
#include "operators/targets/opensearch/document_rows.h"
#include "operators/targets/opensearch/opensearch_target.h"
#include "operators/targets/protocol/image.h"
#include "operators/targets/protocol/table_layout.h"

namespace offtake::targets::opensearch {
namespace {

// Two fields a text column, and ours: what index.mapping.total_fields.limit lets in.
constexpr std::size_t kMaxFields = 990;

base::Result<std::string> column_type(const types::Type& type) {
  return field_type(type);
}

base::Result<types::ColumnPtr> check_text(const types::Field&, const types::ColumnPtr& column,
                                          protocol::Refusals& refused) {
  const auto texts = column->values<types::StringRef>();
  for (std::size_t row = 0; row < texts.size(); ++row) {
    if (column->is_null(row) || texts[row].size() <= kMaxKeywordBytes) continue;
    refused.push_back(
        {static_cast<std::uint32_t>(row),
         fmt::format("a text of {} bytes; a keyword takes up to {}", texts[row].size(), kMaxKeywordBytes)});
  }
  return protocol::without_refused(column, refused);
}

protocol::ColumnStep step_for(const types::Type& type) {
  if (type.id == types::TypeId::kText) return check_text;
  if (type.id == types::TypeId::kNumeric) return protocol::fit_numeric;
  return nullptr;
}

std::shared_ptr<const engine::Image> image(const std::vector<types::Field>& columns) {
  std::vector<protocol::ColumnStep> steps;
  for (const auto& column : columns) steps.push_back(step_for(column.type));
  return protocol::make_image(columns, std::move(steps));
}

std::shared_ptr<const engine::Image> table_image(const TableSpec& table) {
  return image(table.columns);
}

base::Status check_name(const std::string& name) {
  const auto refuse = [&](std::string_view why) -> base::Status {
    return base::terminal("NameReserved", fmt::format("the name {} {}", name, why))
        .with_hint("choose another name, or an alias in the SELECT list");
  };
  if (name.starts_with('_')) return refuse("begins with _, as the server's own fields do");
  if (name.find('.') != std::string::npos) return refuse("has a dot, which means a member of an object here");
  if (name.find_first_not_of(" \t\n") == std::string::npos) return refuse("is blank");
  return {};
}

base::Status check_table(const TableSpec& table) {
  std::size_t fields = 0;
  std::set<std::string> seen;
  for (const auto& column : table.columns) {
    if (auto good = check_name(column.name); !good) return good;
    fields += field_mapping(column.type).find("fields") != nullptr ? 2 : 1;
    if (seen.insert(column.name).second) continue;
    return base::terminal("NameTaken", fmt::format("two columns are named {}", column.name))
        .with_hint("give one of them an alias");
  }
  if (fields <= kMaxFields) return {};
  return base::terminal(
      "TooManyColumns",
      fmt::format("{} fields (two a text column); an index takes up to {}", fields, kMaxFields));
}

std::vector<TypeNote> type_notes() {
  const std::string searched = "; not searchable: ";
  return {
      {"boolean, integer, bigint", "boolean, integer, long", "as it is", ""},
      {"real, double precision", "float, double", "the number" + searched + "NaN and infinity, as text", ""},
      {"numeric(p,s)", "keyword", "exact decimal text, rounded to s digits", "more than p digits"},
      {"text", "keyword, and `.text` as text", "as it is", "over 32,766 bytes"},
      {"bytea", "binary", "base64", ""},
      {"uuid", "keyword", "8-4-4-4-12 lower-case digits", ""},
      {"date", "date", "2026-11-23" + searched + "years outside 0..9999, with a sign", ""},
      {"time", "keyword", "09:02:11.250000", ""},
      {"timestamp, timestamptz", "date_nanos",
       "2026-11-23T09:02:11.250000, with Z at the end if timestamptz" + searched + "outside 1970..2262", ""},
      {"interval", "keyword", "P1M2DT3.500000S", ""},
      {"array of boolean, number, text, uuid", "the element's", "JSON; long texts as the whole document only",
       ""},
      {"jsonb, record, map, other arrays", "object, not enabled", "JSON, in the document; not searchable",
       ""},
      {"NULL", "", "a member that is not there", ""},
      {"keys", "`_id`",
       "the values with a bar between them; NULL `\\N`, an empty text `\\e`; over 512 bytes `\\h` and the "
       "SHA-256",
       ""},
  };
}

base::Result<std::unique_ptr<Target>> open_target(const TargetConnection& connection, const TableSpec& table,
                                                  const std::string& product_uid) {
  if (connection.url.empty() || connection.schema.empty())
    return base::terminal("TargetMissing", "the job does not say where the target is");
  auto rest = std::make_shared<const Rest>(connection);
  return intent::make_target(
      table, product_uid, std::make_unique<ControlIndex>(rest, connection.schema),
      std::make_unique<DocumentRows>(rest, table, connection.schema, index_settings(connection.parameters)));
}

constexpr TargetEngine make_engine(std::string_view name) {
  return {.name = name,
          .traits = {.commit = CommitKind::kIntent,
                     .guarantee = Guarantee::kEffectivelyOnce,
                     .checks_keys_live = false,
                     .ledger_entries = 1'000},
          .column_type = column_type,
          .image = image,
          .check_name = check_name,
          .open = open_target,
          .table_image = table_image,
          .check_table = check_table,
          .type_notes = type_notes};
}

constexpr TargetEngine kOpenSearch = make_engine("opensearch");
constexpr TargetEngine kElasticsearch = make_engine("elasticsearch");

}  // namespace

const TargetEngine& engine() {
  return kOpenSearch;
}

const TargetEngine& elasticsearch_engine() {
  return kElasticsearch;
}

}  // namespace offtake::targets::opensearch
