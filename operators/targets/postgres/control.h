// The control rows of a product's schema: `_offtake_control`, `_offtake_fill`, `_offtake_ledger`. Used by the
// writer session inside its transactions, and by the external provisioner.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "operators/targets/postgres/connection.h"
#include "operators/targets/target.h"

namespace offtake::targets::postgres {

// "schema"."name"
std::string in_schema(const std::string& schema, std::string_view name);

// Makes the tables where they are not there yet. To be run by the role that will own them.
base::Status make_control_tables(Connection& connection, const std::string& schema);

// Ascending by revision; none where there is no control table (or no schema).
base::Result<std::vector<ControlRow>> read_controls(Connection& connection, const std::string& schema,
                                                    const std::string& product_uid);
enum class RowLock { kNone, kShare, kUpdate };
base::Result<std::optional<ControlRow>> read_control(Connection& connection, const std::string& schema,
                                                     const std::string& product_uid, int revision,
                                                     RowLock lock = RowLock::kNone);
// Writes the whole row, replacing what there was.
base::Status write_control(Connection& connection, const std::string& schema, const ControlRow& row);

// The revision's ledger. REQUIRES of writing: a transaction.
base::Status write_ledger(Connection& connection, const std::string& schema, const std::string& product_uid,
                          int revision, const LedgerChanges& changes);
base::Status forget_ledger(Connection& connection, const std::string& schema, const std::string& product_uid,
                           int revision);
base::Result<std::vector<LedgerEntry>> read_ledger(Connection& connection, const std::string& schema,
                                                   const std::string& product_uid, int revision);

// Sets the revision's phase to Fenced and its owner to none, making the row if there is none. Inside the
// caller's transaction.
base::Status fence_revision(Connection& connection, const std::string& schema, const std::string& product_uid,
                            const std::string& installation, int revision);
// Drops a fenced revision's table and rows. Code RevisionNotFenced. Inside the caller's transaction.
base::Status drop_revision(Connection& connection, const std::string& schema, const std::string& product_uid,
                           const std::string& name, int revision);

// A session of the server that outlives pids being used again.
struct Backend {
  std::int64_t pid = 0;
  std::string start;
};
// Of the revision: its writer's and its loaders'.
base::Result<std::vector<Backend>> recorded_backends(Connection& connection, const std::string& schema,
                                                     const std::string& product_uid, int revision);
// Ends exactly that session, if it still is, and waits until it is gone. The caller's own is left alone.
base::Status terminate_backend(Connection& connection, const Backend& backend);

}  // namespace offtake::targets::postgres
