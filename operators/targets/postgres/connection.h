// The only face of libpq: one session with a PostgreSQL server. Used by the postgres target, by the external
// provisioner and by their tests.
//
// Owns its session; one thread calls it. Errors carry the retry class of their SQLSTATE (sqlstate.h); after a
// lost connection alive() is false and every call gives TargetUnreachable (transient).
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"

namespace offtake::targets::postgres {

struct ConnectionSettings {
  std::string host;
  int port = 5432;
  std::string database, user, password;
  std::string ssl_mode;  // libpq's words; empty: verify-full where there is a CA, else prefer
  std::string ca_pem;
  std::string application = "offtake";
  int connect_timeout_s = 5;
};

using Cell = std::optional<std::string>;  // PostgreSQL's text form; nullopt is NULL

struct Rows {
  std::vector<std::vector<Cell>> rows;
  std::int64_t affected = 0;
  bool empty() const { return rows.empty(); }
  const Cell& at(std::size_t row, std::size_t column) const { return rows[row][column]; }
  std::string text(std::size_t row, std::size_t column) const { return rows[row][column].value_or(""); }
};

class Connection {
 public:
  // Codes TargetUnreachable (transient), TargetAuthenticationFailed, TargetDatabaseMissing, TargetTlsFailed.
  static base::Result<std::unique_ptr<Connection>> open(const ConnectionSettings& settings);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  bool alive() const;
  bool in_transaction() const;
  int server_version() const;  // 150004
  int backend_pid() const;
  // With the pid, names this backend for ever: pids are used again.
  const std::string& backend_start() const { return backend_start_; }

  // Statements without parameters or result.
  base::Status execute(const std::string& sql);
  base::Result<Rows> query(const std::string& sql, const std::vector<Cell>& parameters = {});
  // The same, prepared once a session.
  base::Result<Rows> query_prepared(const std::string& sql, const std::vector<Cell>& parameters);
  // Like execute; calls `waiting` once when the statement has not ended after `patience_ms` (a lock, say).
  base::Status execute_watched(const std::string& sql, int patience_ms, const std::function<void()>& waiting);

  base::Status begin_copy_in(const std::string& sql);
  base::Status put_copy_data(std::string_view bytes);
  base::Status end_copy_in();
  // Gives each message of COPY … TO STDOUT to `take`.
  base::Status copy_out(const std::string& sql, const std::function<base::Status(std::string_view)>& take);

  // Cancels, from any thread and by a connection of its own, the statement that runs when it is called. May
  // outlive the session; then it does nothing.
  std::function<void()> canceller() const;

  // Ends an open transaction, if there is one and the session still lives. Never fails: an unreachable server
  // ends the transaction by itself.
  void roll_back();

  // The password as the server stores it (SCRAM), so that no statement and no server log holds it.
  base::Result<std::string> encrypt_password(const std::string& user, const std::string& password);

 private:
  struct Handle;
  explicit Connection(std::unique_ptr<Handle> handle);
  base::Error lost() const;

  std::unique_ptr<Handle> handle_;
  std::string backend_start_;
  std::unordered_map<std::string, std::string> prepared_;  // SQL -> statement name
};

// Rolls back at the end of its scope unless commit() succeeded.
class Transaction {
 public:
  explicit Transaction(Connection& connection) : connection_(connection) {}
  ~Transaction() {
    if (open_) connection_.roll_back();
  }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  base::Status begin(const std::string& mode = "") {
    auto begun = connection_.execute("BEGIN " + mode);
    open_ = begun.ok();
    return begun;
  }
  base::Status commit() {
    auto done = connection_.execute("COMMIT");
    open_ = !done.ok();
    return done;
  }

 private:
  Connection& connection_;
  bool open_ = false;
};

// 'text' as a literal, for statements that take no parameters (GRANT, ALTER ROLE, COMMENT).
std::string literal(std::string_view text);

}  // namespace offtake::targets::postgres
