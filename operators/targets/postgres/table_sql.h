// The statements about one revision's table, as text. Pure.
#pragma once
#include <string>
#include <vector>

#include "operators/targets/target.h"

namespace offtake::targets::postgres {

std::string table_of(const std::string& schema, const TableSpec& table);
std::string key_constraint(const TableSpec& table);  // its name
base::Result<std::string> create_table_sql(const std::string& schema, const TableSpec& table);
// PRIMARY KEY, or UNIQUE NULLS NOT DISTINCT where a key column may be NULL (GROUP BY has a NULL group).
std::string add_key_sql(const std::string& schema, const TableSpec& table);
std::vector<std::string> create_index_sql(const std::string& schema, const TableSpec& table);
std::string view_select_sql(const std::string& schema, const TableSpec& table);

std::string copy_in_sql(const std::string& schema, const TableSpec& table);
std::string copy_out_sql(const std::string& schema, const TableSpec& table);

// What an epoch changes is staged in two temporary tables of the session, then applied set by set.
std::string make_stages_sql(const std::string& schema, const TableSpec& table);
// Both empty the stages. Cleared: what was there is still scanned until the transaction ends. Truncated: it
// is not, at the price of a new file.
std::string clear_stages_sql(const TableSpec& table);
std::string truncate_stages_sql(const TableSpec& table);
std::string copy_upserts_sql(const TableSpec& table);
std::string copy_deletes_sql(const TableSpec& table);
std::string upsert_sql(const std::string& schema, const TableSpec& table);
// For the rest of the transaction: without statistics of the stages the planner may prefer to read whole
// tables.
std::string by_index_sql();
// Deletes the staged rows whose key columns are NULL exactly where `nulls` has a bit (NULL = NULL has no
// index; IS NULL has one). For keys without a NULL: 0.
std::string delete_sql(const std::string& schema, const TableSpec& table, std::uint64_t nulls);
// Reads the visible columns of the rows that delete_sql would take.
std::string copy_matching_sql(const std::string& schema, const TableSpec& table, std::uint64_t nulls);

// What is staged, a row a line as the text of a record; and such a text staged again ($1).
std::string staged_upserts_sql();
std::string staged_deletes_sql(const TableSpec& table);
std::string stage_upsert_text_sql();
std::string stage_delete_text_sql(const TableSpec& table);

}  // namespace offtake::targets::postgres
