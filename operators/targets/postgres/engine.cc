#include "operators/targets/postgres/binary_writer.h"
#include "operators/targets/postgres/postgres_target.h"
#include "operators/targets/postgres/value_limits.h"
#include "operators/targets/postgres/value_steps.h"
#include "operators/targets/protocol/image.h"
#include "operators/targets/protocol/table_layout.h"

namespace offtake::targets::postgres {
namespace {

// "__r" and seven digits behind the name of a table or index.
constexpr std::size_t kSuffixBytes = 10;
constexpr std::size_t kHiddenColumns = 3;
constexpr std::size_t kEntryHeaderBytes = 16;

constexpr std::string_view kSystemColumns[] = {"ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"};

base::Error too_long(std::string_view what, const std::string& name, std::size_t limit) {
  return base::terminal("NameTooLong", fmt::format("the {} {} has {} bytes; PostgreSQL takes up to {} here",
                                                   what, name, name.size(), limit))
      .with_hint("choose a shorter name, or an alias in the SELECT list");
}

base::Status check_name(const std::string& name) {
  if (name.size() > kMaxNameBytes) return too_long("name", name, kMaxNameBytes);
  const bool is_system =
      std::find(std::begin(kSystemColumns), std::end(kSystemColumns), name) != std::end(kSystemColumns);
  if (is_system || name.starts_with(protocol::kReservedPrefix) || name.starts_with("pg_")) {
    return base::terminal("NameReserved", fmt::format("the name {} is reserved", name))
        .with_hint("choose another name, or an alias in the SELECT list");
  }
  return {};
}

std::vector<protocol::ColumnStep> steps_of(const std::vector<types::Field>& columns) {
  std::vector<protocol::ColumnStep> out;
  for (const auto& column : columns) out.push_back(step_for(column.type));
  return out;
}

std::shared_ptr<const engine::Image> image(const std::vector<types::Field>& columns) {
  return protocol::make_image(columns, steps_of(columns));
}

std::shared_ptr<const engine::Image> table_image(const TableSpec& table) {
  protocol::KeyLimit limit;
  if (protocol::has_key(table.identity)) {
    limit.columns = table.identity.key;
    limit.bytes = kMaxKeyBytes - kEntryHeaderBytes;
    limit.refusal = fmt::format("the key has {{}} bytes, an index takes up to {}", limit.bytes);
  }
  return protocol::make_image(table.columns, steps_of(table.columns), std::move(limit));
}

base::Status check_table(const TableSpec& table) {
  if (auto good = check_name(table.name); !good) return good;
  if (table.name.size() > kMaxNameBytes - kSuffixBytes) {
    return too_long("table name", table.name, kMaxNameBytes - kSuffixBytes);
  }
  for (const auto& index : table.indexes) {
    if (index.name.size() > kMaxNameBytes - kSuffixBytes) {
      return too_long("index name", index.name, kMaxNameBytes - kSuffixBytes);
    }
  }
  if (table.columns.size() > kMaxColumns - kHiddenColumns) {
    return base::terminal("TooManyColumns", fmt::format("{} columns; PostgreSQL takes up to {}",
                                                        table.columns.size(), kMaxColumns - kHiddenColumns));
  }
  std::set<std::string> seen;
  for (const auto& column : table.columns) {
    if (auto good = check_name(column.name); !good) return good;
    if (auto type = column_type(column.type); !type) return std::move(type).error();
    if (!seen.insert(column.name).second) {
      return base::terminal("NameTaken", fmt::format("two columns are named {}", column.name))
          .with_hint("give one of them an alias");
    }
  }
  return {};
}

std::vector<TypeNote> type_notes() {
  const std::string instant = "before 4713-11-24 BC";
  return {
      {"boolean, integer, bigint, real, double precision", "the same", "as it is", ""},
      {"numeric(p,s)", "numeric(p,s)", "rounded to s digits", "more than p digits; p over 1,000"},
      {"numeric", "numeric", "as it is, with its scale",
       "over 131,072 digits before or 16,383 after the point"},
      {"text", "text", "as it is", "U+0000"},
      {"bytea, uuid, time, interval", "the same", "as it is", ""},
      {"date", "date", "as it is", instant + ", after 5874897-12-31"},
      {"timestamp, timestamptz", "the same", "as it is, in microseconds", instant},
      {"jsonb", "jsonb", "as it is", "U+0000"},
      {"array of scalars", "the element's type with []", "as it is", "U+0000"},
      {"record, map, array of these", "jsonb", "JSON", "U+0000"},
      {"keys", "PRIMARY KEY; UNIQUE NULLS NOT DISTINCT where a column may be NULL", "",
       "over 2,688 bytes together"},
  };
}

constexpr TargetEngine kEngine = {.name = "postgres",
                                  .traits = {.ledger_entries = 10'000},
                                  .column_type = column_type,
                                  .image = image,
                                  .check_name = check_name,
                                  .open = open_target,
                                  .table_image = table_image,
                                  .check_table = check_table,
                                  .type_notes = type_notes,
                                  .makes = protocol::what_is_made};

}  // namespace

const TargetEngine& engine() {
  return kEngine;
}

}  // namespace offtake::targets::postgres
