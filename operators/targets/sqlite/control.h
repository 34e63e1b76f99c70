// The control rows of a product's file: `_offtake_control`, `_offtake_fill`, `_offtake_ledger`. Used by the
// writer session inside its transactions, and by the local provisioner.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/sqlite/database.h"
#include "operators/targets/target.h"

namespace offtake::targets::sqlite {

namespace db = offtake::sqlite;

base::Status make_control_tables(db::Database& database);  // where they are not there yet
// Ascending by revision; none where there is no control table.
base::Result<std::vector<ControlRow>> read_controls(db::Database& database, const std::string& product_uid);
base::Result<std::optional<ControlRow>> read_control(db::Database& database, const std::string& product_uid,
                                                     int revision);
// Writes the whole row, replacing what there was.
base::Status write_control(db::Database& database, const ControlRow& row);

// The revision's ledger. REQUIRES of writing: a transaction.
base::Status write_ledger(db::Database& database, const std::string& product_uid, int revision,
                          const LedgerChanges& changes);
base::Result<std::vector<LedgerEntry>> read_ledger(db::Database& database, const std::string& product_uid,
                                                   int revision);

// Sets the revision's phase to Fenced and its owner to none, making the row if there is none. One
// transaction.
base::Status fence_revision(db::Database& database, const std::string& product_uid,
                            const std::string& installation, int revision);
// Drops a fenced revision's table and rows. Code RevisionNotFenced. One transaction.
base::Status drop_revision(db::Database& database, const std::string& product_uid, const std::string& name,
                           int revision);

// Runs a query and gives its first column as text.
base::Result<std::vector<std::string>> first_column(db::Database& database, std::string_view sql);

}  // namespace offtake::targets::sqlite
