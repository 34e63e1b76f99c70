// How a revision's table is laid out: its name, its hidden columns, and which columns tell its rows apart.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "operators/targets/target.h"

namespace offtake::targets::protocol {

inline constexpr std::string_view kControlTable = "_offtake_control";
inline constexpr std::string_view kFillTable = "_offtake_fill";
inline constexpr std::string_view kLedgerTable = "_offtake_ledger";
inline constexpr std::string_view kReservedPrefix = "_offtake";

// "payments__r2". The public view is `name` itself.
std::string table_name(const std::string& name, int revision);
// Index names are unique in a schema, so revisions side by side need different ones: "by-email__r2".
std::string index_name(const std::string& name, int revision);

// "_offtake_key__r2", of what holds the key; begins so with every revision.
inline constexpr std::string_view kKeyName = "_offtake_key__r";
std::string key_name(int revision);

// For plan: "table payments__r2", its indexes, "view payments".
std::vector<std::string> what_is_made(const TableSpec& table);

// Hidden columns, after the visible ones: (partition, offset, ordinal), (hash, n), or none.
std::vector<types::Field> hidden_columns(const plan::Identity& identity);
// The columns of Changes::deletes, which are those that tell rows apart.
std::vector<types::Field> identity_columns(const TableSpec& table);
bool has_key(const plan::Identity& identity);

// KeyNotUnique (row): `values` are those of identity_columns; empty where they are not known. Classified ones
// are hidden.
base::Error key_not_unique(const TableSpec& table, const std::vector<std::string>& values);
// An engine's words about a row, without values where the table has classified columns.
base::Error without_values(base::Error error, const TableSpec& table);

// "a", with the quote doubled inside: the same in every SQL that is spoken here.
std::string quote_name(std::string_view name);
// "a", "b"
std::string quote_names(const std::vector<types::Field>& columns);

}  // namespace offtake::targets::protocol
