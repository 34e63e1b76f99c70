#include "operators/targets/protocol/table_layout.h"

#include <algorithm>

#include "operators/plan/classified.h"

namespace offtake::targets::protocol {

std::string table_name(const std::string& name, int revision) {
  return fmt::format("{}__r{}", name, revision);
}

std::string index_name(const std::string& name, int revision) {
  return fmt::format("{}__r{}", name, revision);
}

bool has_key(const plan::Identity& identity) {
  return identity.kind == plan::Identity::Kind::kProvedKey ||
         identity.kind == plan::Identity::Kind::kWatchedKey;
}

std::string key_name(int revision) {
  return fmt::format("{}{}", kKeyName, revision);
}

std::vector<std::string> what_is_made(const TableSpec& table) {
  std::vector<std::string> out{"table " + table_name(table.name, table.revision)};
  for (const auto& index : table.indexes) {
    out.push_back(
        fmt::format("index {} ({})", index_name(index.name, table.revision), fmt::join(index.columns, ", ")));
  }
  out.push_back("view " + table.name);
  return out;
}

std::vector<types::Field> hidden_columns(const plan::Identity& identity) {
  using types::TypeId;
  switch (identity.kind) {
    case plan::Identity::Kind::kPosition:
      return {{"_offtake_partition", TypeId::kInt4, false},
              {"_offtake_offset", TypeId::kInt8, false},
              {"_offtake_ordinal", TypeId::kInt4, false}};
    case plan::Identity::Kind::kBag:
      return {{"_offtake_hash", TypeId::kBytea, false}, {"_offtake_n", TypeId::kInt8, false}};
    case plan::Identity::Kind::kProvedKey:
    case plan::Identity::Kind::kWatchedKey:
      break;
  }
  return {};
}

std::vector<types::Field> identity_columns(const TableSpec& table) {
  if (!has_key(table.identity)) return hidden_columns(table.identity);
  std::vector<types::Field> out;
  for (const int column : table.identity.key) out.push_back(table.columns[static_cast<std::size_t>(column)]);
  return out;
}

base::Error key_not_unique(const TableSpec& table, const std::vector<std::string>& values) {
  std::string names, shown;
  const auto key = identity_columns(table);
  for (const auto& column : key) names += (names.empty() ? "" : ", ") + column.name;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const bool hidden = i < key.size() && table.classified.contains(key[i].name);
    if (i > 0) shown += ", ";
    shown += hidden ? plan::kHidden : std::string_view(values[i]);
  }
  return base::row_error("KeyNotUnique", fmt::format("key ({}){} is held by more than one row", names,
                                                     values.empty() ? "" : "=(" + shown + ")"))
      .with_hint("declare a key that is unique, or leave target.key out to keep every row");
}

base::Error without_values(base::Error error, const TableSpec& table) {
  if (table.classified.empty() || error.retry != base::Retry::kRow) return error;
  if (error.code == "KeyNotUnique") {
    const auto key = identity_columns(table);
    const bool hidden = std::any_of(key.begin(), key.end(), [&](const types::Field& column) {
      return table.classified.contains(column.name);
    });
    if (hidden)
      return key_not_unique(table, std::vector<std::string>(key.size(), std::string(plan::kHidden)));
  } else {
    error.message = plan::without_quoted(error.message);
  }
  // Details quote whole rows ("Failing row contains …", "COPY …, line 3, column …").
  error.detail.clear();
  return error;
}

std::string quote_name(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

std::string quote_names(const std::vector<types::Field>& columns) {
  std::string out;
  for (const auto& column : columns) {
    if (!out.empty()) out += ", ";
    out += quote_name(column.name);
  }
  return out;
}

}  // namespace offtake::targets::protocol
