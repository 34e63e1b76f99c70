// Ledger entries, commands and their outcomes as JSON: how targets keep them and workers speak of them.
// Errors: BadControlRow.
#pragma once
#include "base/json/value.h"
#include "operators/targets/ledger.h"

namespace offtake::targets {

json::Value to_json(const LedgerEntry& entry);
base::Result<LedgerEntry> ledger_entry_from_json(const json::Value& value);
json::Value to_json(const LedgerEntries& entries);  // an array, by id
base::Result<LedgerEntries> ledger_entries_from_json(const json::Value& value);
json::Value to_json(const LedgerChanges& changes);
base::Result<LedgerChanges> ledger_changes_from_json(const json::Value& value);
json::Value to_json(const LedgerCommand& command);
LedgerCommand ledger_command_from_json(const json::Value& value);
json::Value to_json(const LedgerOutcome& outcome);
LedgerOutcome ledger_outcome_from_json(const json::Value& value);

// One entry as text, canonical.
std::string entry_text(const LedgerEntry& entry);
base::Result<LedgerEntry> parse_entry(std::string_view text);

}  // namespace offtake::targets
